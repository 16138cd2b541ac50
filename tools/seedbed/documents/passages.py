"""Markdown cut into passages: stretches short enough for one prompt, whole in themselves, each with its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from seedbed.documents.blocks import Block, blocks_of
from seedbed.taxonomy.leaf import Span

MAXIMUM_WORDS = 300
SHORT = 8  # words below which a section gives no question of its own: a title with its date or its authors
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document. `text` is exactly what `span` covers, heading lines included; `heading` is the path of
    headings above its first words, outermost first."""

    text: str
    heading: tuple[str, ...]
    span: Span
    heading_characters: int  # how much of `text` the heading lines at its beginning take

    @property
    def body(self) -> str:
        """The text below the heading lines, without blank lines around it; "" for a heading that has nothing below."""
        return self.text[self.heading_characters :].strip()


def split_passages(text: str, *, maximum_words: int = MAXIMUM_WORDS) -> tuple[Passage, ...]:
    """The passages of a Markdown document, in order; together they cover all of it that is not blank.

    A passage never crosses a heading of level 1 or 2, and one of a deeper level only where everything fits; but a section
    of fewer than SHORT words goes to what follows it, unless that is under a higher heading. Paragraphs, lists, tables
    and code stay whole where they fit into `maximum_words`; a longer one is cut between lines, and a longer line between
    sentences, then between words.
    """
    if maximum_words < 1:
        raise ValueError(f"maximum_words is {maximum_words}; at least 1 was expected")
    lines = _line_starts(text)
    return tuple(
        Passage(text[start:end], heading, _span(lines, start, end), behind_heading - start)
        for start, end, heading, behind_heading in _stretches(text, maximum_words)
    )


@dataclass(slots=True)
class _Stretch:
    """A passage in the making: offsets, words so far, how many of them stand in no heading, and where its leading
    headings end."""

    start: int
    end: int
    words: int
    body_words: int
    heading: tuple[str, ...]
    level: int  # of the last of its leading headings; 0 without one
    behind_heading: int

    @property
    def has_body(self) -> bool:
        return self.end > self.behind_heading

    def add(self, piece: Block, words: int) -> None:
        self.end = piece.end
        self.words += words
        self.body_words += 0 if piece.level else words


def _stretches(text: str, maximum_words: int) -> Iterator[tuple[int, int, tuple[str, ...], int]]:
    """Start, end, heading path and end of the leading headings of every passage."""
    open_headings: dict[int, str] = {}
    current: _Stretch | None = None
    sections = [
        [piece for block in section for piece in _pieces(text, block, maximum_words)]
        for section in _sections(text)
    ]
    for number, pieces in enumerate(sections):
        for index, piece in enumerate(pieces):
            if piece.level:
                open_headings = {
                    level: title for level, title in open_headings.items() if level < piece.level
                }
                open_headings[piece.level] = piece.title
            path = tuple(open_headings[level] for level in sorted(open_headings) if open_headings[level])
            if (
                current is not None
                and current.has_body
                and not _joins(text, current, pieces[index:], maximum_words)
                and not _takes_in(text, current, _coming(sections, number, index), maximum_words)
            ):
                yield current.start, current.end, current.heading, current.behind_heading
                current = None
            if current is None:
                current = _Stretch(piece.start, piece.start, 0, 0, path, 0, piece.start)
            if piece.level and not current.has_body:
                current.heading, current.level, current.behind_heading = path, piece.level, piece.end
            current.add(piece, _word_count(text, piece))
    if current is not None:
        yield current.start, current.end, current.heading, current.behind_heading


def _sections(text: str) -> Iterator[list[Block]]:
    """The blocks, a new list at every heading."""
    section: list[Block] = []
    for block in blocks_of(text):
        if block.level and section:
            yield section
            section = []
        section.append(block)
    if section:
        yield section


def _joins(text: str, current: _Stretch, rest: Sequence[Block], maximum_words: int) -> bool:
    """Whether the first of `rest` goes into the current passage. A heading does only with all that stands below it,
    so that it is never the last line of a passage."""
    first = rest[0]
    if first.level in (1, 2):
        return False
    coming = rest if first.level else rest[:1]
    return current.words + sum(_word_count(text, piece) for piece in coming) <= maximum_words


def _coming(sections: Sequence[Sequence[Block]], number: int, index: int) -> Iterator[Block]:
    yield from sections[number][index:]
    for later in range(number + 1, len(sections)):
        yield from sections[later]


def _takes_in(text: str, current: _Stretch, coming: Iterable[Block], maximum_words: int) -> bool:
    """Whether a section that is too short to stand alone goes on with the headings that come and the first text below
    them."""
    if current.body_words >= SHORT:
        return False
    words = current.words
    for piece in coming:
        if piece.level and piece.level < current.level:
            return False
        words += _word_count(text, piece)
        if words > maximum_words or not piece.level:
            return words <= maximum_words
    return False


def _pieces(text: str, block: Block, maximum_words: int) -> Iterator[Block]:
    """The block, or where it is too long its lines, sentences or words in runs that fit."""
    if block.level or _word_count(text, block) <= maximum_words:
        yield block
        return
    start = end = block.start
    words = 0
    for atom_start, atom_end in _atoms(text, block.start, block.end, maximum_words):
        count = len(text[atom_start:atom_end].split())
        if words and words + count > maximum_words:
            yield Block(start, end)
            start, words = atom_start, 0
        end, words = atom_end, words + count
    yield Block(start, end)


def _atoms(text: str, start: int, end: int, maximum_words: int) -> Iterator[tuple[int, int]]:
    """Lines; a line that is too long in sentences; a sentence that is too long in words."""
    for line in _spans_between(re.compile("\n"), text, start, end):
        if len(text[slice(*line)].split()) <= maximum_words:
            yield line
            continue
        for sentence in _spans_between(_SENTENCE_END, text, *line):
            if len(text[slice(*sentence)].split()) <= maximum_words:
                yield sentence
            else:
                yield from _spans_between(re.compile(r"\s+"), text, *sentence)


def _spans_between(separator: re.Pattern[str], text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches of `text[start:end]` that `separator` parts, without those that are blank."""
    at = start
    for match in separator.finditer(text, start, end):
        cut = match.start() + len(match[0].rstrip())  # a closing quotation mark stays with its sentence
        if text[at:cut].strip():
            yield at, cut
        at = match.end()
    if text[at:end].strip():
        yield at, end


def _word_count(text: str, block: Block) -> int:
    return len(text[block.start : block.end].split())


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _span(lines: Sequence[int], start: int, end: int) -> Span:
    first, last = bisect_right(lines, start) - 1, bisect_right(lines, end) - 1
    return Span(first + 1, start - lines[first] + 1, last + 1, end - lines[last] + 1)
