"""Where things stand in a text: character offsets to lines and columns, and how a piece of text is shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from seedbed.taxonomy.leaf import Span, YamlPath


class Places:
    """Offsets of one text as lines and columns. Only `\\n` ends a line, so a `\\r` before it is that line's last character."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def line_start(self, offset: int) -> int:
        """The offset of the first character of the line that holds `offset`."""
        return self._starts[bisect_right(self._starts, offset) - 1]

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`."""
        line = bisect_right(self._starts, start)
        end_line = bisect_right(self._starts, end)
        return Span(line, start - self._starts[line - 1] + 1, end_line, end - self._starts[end_line - 1] + 1)

    def offsets(self, span: Span) -> tuple[int, int]:
        """The offsets that `span` stands for; the reverse of `span`."""
        start = self._starts[span.line - 1] + span.column - 1
        return start, self._starts[span.end_line - 1] + span.end_column - 1


class Spans(Mapping[YamlPath, Span]):
    """Where the values of one text stand, by path; worked out when asked for, which of a sound leaf are hardly any."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._offsets: dict[YamlPath, tuple[int, int]] = {}

    def note(self, path: YamlPath, start: int, end: int) -> None:
        """Remember `text[start:end]` as the place of `path`, unless it has one."""
        self._offsets.setdefault(path, (start, end))

    def __getitem__(self, path: YamlPath) -> Span:
        return self._places.span(*self._offsets[path])

    def __contains__(self, path: object) -> bool:
        return path in self._offsets

    def __iter__(self) -> Iterator[YamlPath]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)


def shown(text: str, *, limit: int = 40) -> str:
    """`text` on one line in backticks, cut to `limit` characters, for use in a message."""
    line = " ".join(text.split())
    return f"`{line if len(line) <= limit else line[: limit - 1] + '…'}`"


def place_name(path: YamlPath) -> str:
    """A YAML path as people say it: ``the `answer` of seed example 3``."""
    parts: list[str] = []
    for index, step in enumerate(path):
        if isinstance(step, str):
            if index + 1 == len(path) or isinstance(path[index + 1], str):
                parts.append(f"`{step}`")
        else:
            listed = path[index - 1] if index else ""
            noun = {"seed_examples": "seed example", "questions_and_answers": "question"}.get(
                str(listed), f"item of `{listed}`"
            )
            parts.append(f"{noun} {step + 1}")
    return " of ".join(reversed(parts)) or "the leaf"
