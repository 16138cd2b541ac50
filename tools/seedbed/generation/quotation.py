"""Whether a quotation stands in a text: to the word, but not to the kind of quotation mark, dash or blank."""

from __future__ import annotations

import re
import unicodedata

FEWEST_WORDS = 3
"""A quotation of fewer words bears nothing, unless the text has no more itself: `the` stands in every passage."""

_MARKS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u02bc\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad", "-"),
    }
)
_BLANKS = re.compile(r"\s+")
_DASHES = re.compile(r"\s*-[\s-]*")
_WORD = re.compile(r"\w+")
_EDGES = " '\"."


def quoted_form(text: str) -> str:
    """`text` as quotations are compared: NFKC, one kind of quotation mark and dash, single blanks, none around a dash.

    Case, words, numbers and all other signs stay as they are.
    """
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS)).translate(_MARKS)
    return _BLANKS.sub(" ", _DASHES.sub("-", plain)).strip()


def stands_in(quote: str, text: str) -> bool:
    """Whether `quote`, without quotation marks around it, stands in `text` at the borders of words.

    A quotation of fewer than three words counts only if it is the whole text.
    """
    wanted, whole = quoted_form(quote).strip(_EDGES), quoted_form(text)
    if not wanted:
        return False
    if len(_WORD.findall(wanted)) < FEWEST_WORDS and wanted != whole.strip(_EDGES):
        return False
    start = whole.find(wanted)
    while start >= 0:
        if _is_border(whole, start) and _is_border(whole, start + len(wanted)):
            return True
        start = whole.find(wanted, start + 1)
    return False


def _is_border(text: str, place: int) -> bool:
    """Whether no word runs across `place`."""
    if place in (0, len(text)):
        return True
    return not (_WORD.match(text[place - 1]) and _WORD.match(text[place]))
