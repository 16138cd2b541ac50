"""Marks around text that others wrote: what stands between them cannot close them, and so cannot speak outside of them.

A mark is 128 bits of a digest over the enclosed text itself. A text that holds its own mark would be a fixed point of
SHA-256; one that holds the mark of *another* text, which a teacher may have seen and repeated, has it broken first.
"""

from __future__ import annotations

import hashlib

MARK_DIGITS = 32  # hexadecimal


def mark_of(*texts: str) -> str:
    """The mark of some texts that are enclosed together: the same for the same texts, in every process."""
    joined = "\0".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:MARK_DIGITS]


def enclosed_document(text: str | None) -> str:
    """A document between two lines with its mark; "" for none.

    The mark depends on the document alone, so that all requests about it begin with the same words and a server's
    prefix cache reads them once.
    """
    if text is None:
        return ""
    mark = mark_of("document", text)
    return f"=== document {mark} ===\n{text}\n=== end of document {mark} ==="


def without_mark(text: str, document: str | None) -> str:
    """`text` with the mark of a document broken in two where it stands in it."""
    if document is None:
        return text
    mark = mark_of("document", document)
    half = MARK_DIGITS // 2
    return text.replace(mark, f"{mark[:half]} {mark[half:]}")
