"""PDF and HTML as Markdown: converted by a capped process of its own, once for each document."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from seedbed.documents import confined_converter
from seedbed.errors import MissingExtraError, UsageError

VERSION = 2
"""Of our part of a conversion; raised when the same document and parser give another text, or samples of it another
provenance."""
SECONDS = 90.0  # by the clock, for one document
_OUTPUT = 12 * confined_converter.CHARACTERS  # bytes of JSON: a character takes twelve at most
_KINDS = {".pdf": "pdf", ".html": "html", ".htm": "html"}
_PARSERS = {"pdf": ("pypdf",), "html": ("markdownify", "lxml")}

CONVERTED_SUFFIXES = tuple(_KINDS)


@dataclass(frozen=True, slots=True)
class Converted:
    """Markdown, what made it, and for paged documents the line (from 1) on which each page begins."""

    text: str
    parser: str
    pages: tuple[int, ...] = ()


def is_converted(path: str) -> bool:
    """Whether a document of this name is converted rather than read as it is."""
    return path.lower().endswith(CONVERTED_SUFFIXES)


def parser_of(path: str) -> str:
    """What would convert a document of this name, with its version, such as `pypdf 7.1.0, step 2`.

    Raises MissingExtraError where it is not installed.
    """
    found = []
    for name in _PARSERS[_kind(path)]:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError as error:
            raise MissingExtraError(f"the document {path}", "documents", name) from error
    return f"{', '.join(found)}, step {VERSION}"


def convert_document(path: str, raw: bytes, *, cache: Path | None, seconds: float = SECONDS) -> Converted:
    """The document as Markdown; `cache` keeps what was converted, by content and parser.

    Raises UsageError when it is refused, broken, or over a limit, and MissingExtraError without the extra.
    """
    parser = parser_of(path)
    kept = cache / f"{hashlib.sha256(parser.encode() + raw).hexdigest()}.json" if cache else None
    known = _kept(kept, parser) if kept else None
    if known is not None:
        return known
    answer = _run(path, raw, seconds)
    if "refused" in answer:
        raise UsageError(f"the document {path} {answer['refused']}", hint=answer["hint"])
    converted = Converted(answer["text"], parser, tuple(answer["pages"]))
    if kept is not None:
        _keep(kept, converted)
    return converted


def _kind(path: str) -> str:
    return next(kind for suffix, kind in _KINDS.items() if path.lower().endswith(suffix))


def _run(path: str, raw: bytes, seconds: float) -> dict[str, Any]:
    script = confined_converter.__file__
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", "-X", "utf8", script, _kind(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
        cwd="/",
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    over = threading.Event()

    def stop() -> None:
        over.set()
        process.kill()

    timer = threading.Timer(seconds, stop)
    feeding = threading.Thread(target=_feed, args=(process.stdin, raw), daemon=True)
    timer.start()
    feeding.start()
    try:
        told = process.stdout.read(_OUTPUT + 1)
    finally:
        process.kill()
        process.wait()
        timer.cancel()
        feeding.join()
        process.stdout.close()
    if over.is_set():
        raise UsageError(
            f"the document {path} could not be converted within {seconds:g} s",
            hint="split it, or cite a Markdown file",
        )
    try:
        answer: dict[str, Any] = json.loads(told)
    except ValueError as error:
        raise UsageError(
            f"the document {path} could not be converted within {confined_converter.SECONDS} s of processor time and "
            f"{confined_converter.MEMORY >> 20} MiB",
            hint="split it, or cite a Markdown file",
        ) from error
    return answer


def _feed(pipe: IO[bytes], raw: bytes) -> None:
    with suppress(OSError), pipe:  # a process that ended early says why in its answer
        pipe.write(raw)


def _kept(file: Path, parser: str) -> Converted | None:
    try:
        fields = json.loads(file.read_text(encoding="ascii"))
        return Converted(fields["text"], parser, tuple(fields["pages"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent or torn: it is converted again


def _keep(file: Path, converted: Converted) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    with suppress(OSError):  # a cache that cannot be written costs time, nothing else
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(
            json.dumps({"text": converted.text, "pages": converted.pages}), encoding="ascii", newline="\n"
        )
        temporary.replace(file)
