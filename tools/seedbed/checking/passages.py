"""The passage of a document that is most like a text, as a reviewer would look for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seedbed.taxonomy.leaf import Span

LEAST_SIMILARITY = 0.3
MOST_WORDS = 50_000
"""Words of a document that are searched; a seed's passage beyond them is not shown, only missed in the message."""


LINE_START = 0.15
"""What the beginning of a line counts for, as a share of the words: people copy from there."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a text of a document stands, and the share of words that it has in common with another, 0…1."""

    path: str
    span: Span
    similarity: float


def nearest_passage(words: Sequence[str], texts: Iterable[tuple[str, str]]) -> Passage | None:
    """The window of as many words in one of `texts` (path, text) with most of `words`; None where none has a third."""
    best: Passage | None = None
    for path, text in texts:
        found = _nearest(words, path, text)
        if found is not None and (best is None or found.similarity > best.similarity):
            best = found
    return best if best is not None and best.similarity >= LEAST_SIMILARITY else None


def _nearest(words: Sequence[str], path: str, text: str) -> Passage | None:
    """Slide a window word by word, keeping count of what it shares with `words`."""
    places = list(re.finditer(r"\w+", text))[:MOST_WORDS]
    width = min(len(words), len(places))
    if not width:
        return None
    document = [place.group().casefold() for place in places]
    missing = Counter(words)
    shared = best_shared = best_start = 0
    best_score = 0.0
    for end, word in enumerate(document):
        shared += missing[word] > 0
        missing[word] -= 1
        if end >= width:
            old = document[end - width]
            missing[old] += 1
            shared -= missing[old] > 0
        start = max(0, end - width + 1)
        score = shared + LINE_START * len(words) * _begins_line(text, places[start].start())
        if score > best_score:
            best_score, best_shared, best_start = score, shared, start
    first, last = places[best_start], places[min(best_start + width, len(places)) - 1]
    return Passage(path, _span(text, first.start(), last.end()), best_shared / len(words))


def _begins_line(text: str, start: int) -> bool:
    return not re.search(r"\w", text[text.rfind("\n", 0, start) + 1 : start])


def _span(text: str, start: int, end: int) -> Span:
    line, end_line = text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1
    return Span(line, start - text.rfind("\n", 0, start), end_line, end - text.rfind("\n", 0, end))
