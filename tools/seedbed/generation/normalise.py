"""When two texts say the same, to the letter that matters."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_WORDS = re.compile(r"\w+")
_TRAILING = " .!;:\u3002"


def normalised(text: str) -> str:
    """`text` for comparison: NFKC, case folded, spaces made one, without a closing full stop or the like."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(_TRAILING)


def words(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, normalised, in order."""
    return tuple(_WORDS.findall(normalised(text)))


def share_of_digest(text: str, *, purpose: str) -> float:
    """A number in [0, 1) that depends on the normalised text and the purpose alone, spread evenly over texts."""
    digest = hashlib.sha256(f"{purpose}\0{normalised(text)}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
