"""A release as GGUF, for llama.cpp and what is built on it, by llama.cpp's own converter."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from seedbed.errors import TrainingError, UsageError

CONVERTER = "convert_hf_to_gguf.py"
TYPES = ("f32", "f16", "bf16", "q8_0", "auto")
_SHOWN = 6  # last lines of what the converter said, when it fails


def find_converter(named: Path | None, environment: Mapping[str, str]) -> Path:
    """The converter that was named, or that of `LLAMA_CPP` (a checkout of llama.cpp), or one on the path.

    Raises UsageError when there is none: it comes with llama.cpp's source and is in no package of its own.
    """
    checkout = environment.get("LLAMA_CPP")
    on_path = shutil.which(CONVERTER, path=environment.get("PATH"))
    places = [named, Path(checkout) / CONVERTER if checkout else None, Path(on_path) if on_path else None]
    for place in places:
        if place is not None and place.is_file():
            return place
        if place is not None and place is named:
            raise UsageError(f"there is no {place}", hint=f"name llama.cpp's {CONVERTER}")
    raise UsageError(
        f"llama.cpp's {CONVERTER} is not here",
        hint=f"clone llama.cpp and set LLAMA_CPP to its folder, or name it: --converter PATH/{CONVERTER}",
    )


def write_gguf(folder: Path, destination: Path, converter: Path, *, outtype: str) -> str:
    """Convert the model in `folder` to `destination`, whole or not at all; returns the file's SHA-256.

    Raises TrainingError with the converter's last words when it refuses: it knows the architectures and tokenizers of
    published models, not every one that can be made.
    """
    building = destination.with_name(f".{destination.name}.building")
    command = [sys.executable, str(converter), str(folder), "--outfile", str(building), "--outtype", outtype]
    try:
        said = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if said.returncode != 0 or not building.is_file():
            last = "\n".join(said.stdout.strip().splitlines()[-_SHOWN:])
            raise TrainingError(
                f"{converter.name} did not convert {folder.name} (exit {said.returncode}):\n{last}",
                hint=_hint(said.stdout),
            )
        with building.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        building.replace(destination)
    finally:
        building.unlink(missing_ok=True)
    return digest


def _hint(said: str) -> str:
    missing = re.search(r"^ModuleNotFoundError: No module named '([\w.]+)'", said, re.MULTILINE)
    if missing:
        return f"the converter needs {missing[1]}: pip install {missing[1].split('.')[0]}"
    if "pre-tokenizer was not recognized" in said:
        return "llama.cpp knows the tokenizers of published models; another one has to be added to its converter first"
    return "update llama.cpp; an architecture or tokenizer that it does not know has to be added to it first"
