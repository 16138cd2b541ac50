"""GGUF by a converter that somebody else keeps: how it is found, called, and what becomes of its failures."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from seedbed.errors import TrainingError, UsageError
from seedbed_training.releasing.gguf import CONVERTER, find_converter, write_gguf

CONVERTS = "import sys; open(sys.argv[sys.argv.index('--outfile') + 1], 'wb').write(b'GGUF' + sys.argv[-1].encode())\n"
REFUSES = "import sys; print('BPE pre-tokenizer was not recognized'); sys.exit(1)\n"


def converter(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / CONVERTER
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_where_it_is_looked_for(tmp_path: Path) -> None:
    named = converter(tmp_path / "named", CONVERTS)
    checkout = converter(tmp_path / "checkout", CONVERTS)
    on_path = converter(tmp_path / "bin", CONVERTS)
    everywhere = {"LLAMA_CPP": str(checkout.parent), "PATH": str(on_path.parent)}
    assert find_converter(named, everywhere) == named
    assert find_converter(None, everywhere) == checkout
    assert find_converter(None, {"PATH": str(on_path.parent)}) == on_path
    with pytest.raises(UsageError, match="is not here") as error:
        find_converter(None, {"PATH": ""})
    assert "LLAMA_CPP" in (error.value.hint or "")
    with pytest.raises(UsageError, match="there is no"):
        find_converter(tmp_path / "absent.py", everywhere)


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    destination = tmp_path / "release-1-f16.gguf"
    digest = write_gguf(tmp_path, destination, converter(tmp_path / "c", CONVERTS), outtype="f16")
    assert destination.read_bytes() == b"GGUFf16"
    assert digest == hashlib.sha256(b"GGUFf16").hexdigest()


def test_a_refusal_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="BPE pre-tokenizer was not recognized"):
        write_gguf(tmp_path, tmp_path / "x.gguf", converter(tmp_path / "c", REFUSES), outtype="f16")
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_a_library_that_the_converter_lacks_is_named(tmp_path: Path) -> None:
    lacks = converter(tmp_path / "c", "import sentencepieces_of_nobody.processor\n")
    with pytest.raises(TrainingError) as error:
        write_gguf(tmp_path, tmp_path / "x.gguf", lacks, outtype="f16")
    assert (
        error.value.hint
        == "the converter needs sentencepieces_of_nobody: pip install sentencepieces_of_nobody"
    )


def test_a_converter_that_speaks_no_utf8_is_heard(tmp_path: Path) -> None:
    """As when it prints a path of another encoding."""
    odd = converter(tmp_path / "c", "import sys\nsys.stdout.buffer.write(b'caf\\xe9')\nsys.exit(1)\n")
    with pytest.raises(TrainingError, match="caf\ufffd"):
        write_gguf(tmp_path, tmp_path / "x.gguf", odd, outtype="f16")
