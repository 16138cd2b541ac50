"""The files that say how text becomes tokens, and the digest over them. Needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

TOKENIZER_FILES = (
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*",
    "merges.txt",
    "*.model",
    "chat_template*",
)


def tokenizer_digest(folder: Path) -> str:
    """40 hex digits over the files that say how text becomes tokens, the chat template included."""
    return files_digest(folder, TOKENIZER_FILES)


def files_digest(folder: Path, patterns: Sequence[str]) -> str:
    """40 hex digits over names, sizes and contents of the files in `folder` that `patterns` fit."""
    digest = hashlib.sha256()
    for path in present_files(folder, patterns):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:40]


def present_files(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """The files in `folder` that one of `patterns` fits, sorted."""
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
