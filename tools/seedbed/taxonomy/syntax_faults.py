"""What a YAML parser's complaint most likely means, in words that help the person who wrote the file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seedbed.taxonomy.escape_faults import escape_trouble
from seedbed.taxonomy.leaf import Fault
from seedbed.taxonomy.places import Places, shown
from seedbed.taxonomy.plain_values import quoted

_KEY_LINE = re.compile(r"[ ]*(?:- +)*(?P<key>[\w-]+):[ ]+(?P<value>\S.*)")
_NO_SPACE = re.compile(r"[ ]*(?:- +)*[A-Za-z_][\w-]*:(?=[^\s:/])")
_NO_SPACE_AFTER_DASH = re.compile(r"[ ]*-(?=[A-Za-z_][\w-]*:(?: |\Z))")
_BLOCK_HEADER = re.compile(r"[ ]*(?:- +)*(?P<key>[\w-]+):[ ]+[|>][-+0-9]*[ ]*(?:#.*)?\Z")
_KEY_START = re.compile(r"[ ]*(?:- +)*(?P<key>[A-Za-z_][\w-]*):(?:[ ]|\Z)")
_TOP_KEY = re.compile(r"[A-Za-z_][\w-]*:(?:\s|\Z)")


@dataclass(frozen=True, slots=True)
class SyntaxTrouble:
    """What the parser said: its two phrases and the offsets where the problem and its context stand."""

    context: str
    problem: str
    at: int
    context_at: int | None


def explain_syntax(text: str, places: Places, trouble: SyntaxTrouble) -> Fault:
    """One `syntax` or `directive` fault for the trouble, with its likely cause and, where known, the mending text."""
    return _Explainer(text, places, trouble).fault()


class _Explainer:
    def __init__(self, text: str, places: Places, trouble: SyntaxTrouble) -> None:
        self._text = text
        self._places = places
        self._trouble = trouble
        self._at = min(trouble.at, len(text))

    def fault(self) -> Fault:
        problem, context = self._trouble.problem, self._trouble.context
        if "directive" in context or "directive" in problem:
            return self._directive()
        start, _, line = self._line(self._at)
        if (tab := line.find("\t", 0, len(line) - len(line.lstrip()))) >= 0:
            return self._tab(start + tab)
        if "cannot start any token" in problem:
            return self._bad_start()
        if "mapping values are not allowed" in problem:
            return self._second_colon()
        if "quoted scalar" in context:
            return self._quote(problem)
        if "could not find expected ':'" in problem:
            return self._no_colon()
        if "flow" in context:
            return self._flow()
        return self._structure()

    def _make(self, message: str, start: int, end: int, help: str, replacement: str | None = None) -> Fault:
        return Fault(
            "syntax",
            message,
            self._places.span(start, min(max(start, end), len(self._text))),
            value=self._text[start:end][:80],
            help=help,
            replacement=replacement,
        )

    def _line(self, offset: int) -> tuple[int, int, str]:
        """Start and end offset of the line that holds `offset`, and its text without the line break."""
        start = self._places.line_start(min(offset, len(self._text)))
        end = self._text.find("\n", start)
        end = len(self._text) if end < 0 else end
        line = self._text[start:end].removesuffix("\r")
        return start, start + len(line), line

    def _previous_line(self, offset: int) -> tuple[int, int, str]:
        """The last line with text on it before the one that holds `offset`."""
        start, end, line = self._line(offset)
        while start > 0:
            start, end, line = self._line(start - 1)
            if line.strip():
                break
        return start, end, line

    def _directive(self) -> Fault:
        start, end, _ = self._line(
            self._trouble.context_at if self._trouble.context_at is not None else self._at
        )
        message = "a directive (`%…`) changes how YAML is read; a leaf may have none"
        return Fault(
            "directive",
            message,
            self._places.span(start, end),
            value=self._text[start:end][:80],
            help="remove the line",
        )

    def _bad_start(self) -> Fault:
        start, end, line = self._line(self._at)
        character = self._text[self._at : self._at + 1]
        if character == "\t":
            return self._tab(self._at)
        if (escaped := self._escaped_block(start, end, line)) is not None:
            return escaped
        value = self._text[self._at : end].rstrip()
        named = "a backtick" if character == "`" else shown(character)
        message = f"an unquoted value cannot begin with {named}"
        return self._make(message, self._at, self._at + 1, f"quote the value: {shown(quoted(value))}")

    def _tab(self, at: int) -> Fault:
        stop = at
        while self._text[stop : stop + 1] == "\t":
            stop += 1
        message = "a tab is used to indent; YAML indents with spaces only"
        return self._make(message, at, stop, "use two spaces for each level", "  " * (stop - at))

    def _second_colon(self) -> Fault:
        start, _, line = self._line(self._at)
        key = _KEY_LINE.match(line.rstrip())
        if key is not None and start + key.start("value") < self._at:
            value_start, value_end = start + key.start("value"), start + key.end("value")
            message = f"`: ` inside the unquoted value of `{key['key']}` looks like a second key"
            help = "quote the value, or put it in a block: `|` and the text indented on the next line"
            return self._make(message, value_start, value_end, help, quoted(key["value"]))
        previous_start, _, previous = self._previous_line(self._at)
        if (mended := self._space_missing(previous_start, previous)) is not None:
            return mended
        first = start + _indent(line)
        message = (
            f"this key is indented deeper than the line above allows: {shown(previous)} has a value already"
        )
        return self._make(message, first, max(self._at, first + 1), "align the key with its neighbours")

    def _space_missing(self, start: int, line: str) -> Fault | None:
        """The fault of a line such as `version:3` or `-question: …`; of several in a row the first one is shown."""
        if not _lacks_space(line):
            return None
        while start > 0:
            above_start, _, above = self._previous_line(start)
            if above_start == start or not _lacks_space(above):
                break
            start, line = above_start, above
        after_dash, after_colon = _NO_SPACE_AFTER_DASH.match(line), _NO_SPACE.match(line)
        if after_dash is not None:
            at = start + after_dash.end()
            message = "there is no space after the `-`, so it does not begin a list item"
            return self._make(message, at - 1, at, "write a space after it, or remove it")
        assert after_colon is not None
        at = start + after_colon.end()
        message = (
            f"there is no space after the colon of {shown(line[: after_colon.end()])}, so it is not a key"
        )
        return self._make(message, at - 1, at, "write a space after the colon", ": ")

    def _escaped_block(self, start: int, end: int, line: str) -> Fault | None:
        """The fault of a line that was meant for the `|` text above it but is not indented as deep."""
        indent = _indent(line)
        above_start, deeper = start, 0
        while above_start > 0:
            above_start, _, above = self._line(above_start - 1)
            if not above.strip():
                continue
            header = _BLOCK_HEADER.match(above)
            if header is None and _indent(above) > indent:
                deeper = _indent(above)
                continue
            if header is None or _KEY_LINE.match(line) or _TOP_KEY.match(line.lstrip()):
                return None
            needed = max(deeper, header.start("key") + 2)
            message = f"this line is not part of the text of `{header['key']}`, which must be indented by {needed} spaces"
            help = f"indent every line of the text by at least {needed} spaces"
            return self._make(message, start + indent, end, help)
        return None

    def _quote(self, problem: str) -> Fault:
        opened = self._trouble.context_at if self._trouble.context_at is not None else self._at
        if "escape" in problem or "did not find expected hex" in problem:
            found = escape_trouble(self._text, self._at)
            return self._make(found.message, found.start, found.end, found.help, found.replacement)
        mark = self._text[opened : opened + 1]
        _, end, _ = self._line(opened)
        written = self._text[opened:end].rstrip()
        if len(written) > 3 and mark == "'" and written.endswith("''") and written[-3] != "'":
            message = (
                "this quoted value never ends: the `''` at the end of its line is an apostrophe within it"
            )
            help = "end the value with a single `'`"
            return self._make(message, opened, opened + len(written), help, written[:-1])
        message = f"the quote {shown(mark)} that opens here is never closed"
        help = "close it at the end of the value; inside single quotes write an apostrophe twice (`''`)"
        return self._make(message, opened, opened + 1, help)

    def _no_colon(self) -> Fault:
        here = self._trouble.context_at if self._trouble.context_at is not None else self._at
        start, end, line = self._line(here)
        for mended in (self._space_missing(start, line), self._escaped_block(start, end, line)):
            if mended is not None:
                return mended
        first = start + _indent(line)
        message = "this line is neither `key: value` nor part of the text above it"
        help = "if it belongs to the text above, indent it deeper than that text's key; if it begins a list item, add `- `"
        return self._make(message, first, end, help)

    def _flow(self) -> Fault:
        opened = self._trouble.context_at if self._trouble.context_at is not None else self._at
        mark = self._text[opened : opened + 1]
        if mark in "[{" and mark:
            message = f"{shown(mark)} opens a list or mapping in brackets, and what follows does not fit one"
            help = f"quote the value if {shown(mark)} is meant as text; else close the bracket"
            return self._make(message, opened, opened + 1, help)
        start, end, _ = self._line(self._at)
        return self._make(
            "brackets open and close unevenly here", start, end, "quote the value if they are text"
        )

    def _structure(self) -> Fault:
        """A block that does not go on as it began: nearly always indentation, or text behind a closing quote."""
        start, end, line = self._line(self._at)
        before = self._text[start : self._at].rstrip()
        if before and before[-1] in "'\"":
            message = "text follows the closing quote"
            mark = before[-1]
            written = "twice (`''`)" if mark == "'" else 'as `\\"`'
            help = f"inside {shown(mark)} quotes write that mark {written}, or put the text in a block (`|`)"
            return self._make(message, self._at, end, help)
        first = start + _indent(line)
        previous_start, _, previous = self._previous_line(self._at)
        for mended in (
            self._space_missing(start, line),
            self._space_missing(previous_start, previous),
            self._escaped_block(start, end, line),
        ):
            if mended is not None:
                return mended
        if line.lstrip().startswith("- "):
            message = f"this list item does not line up with the items above it (after {shown(previous)})"
            return self._make(message, first, first + 1, "give all `- ` of a list the same indentation")
        if _TOP_KEY.match(line.lstrip()):
            neighbour = self._crooked_neighbour(start, _indent(line))
            message = f"this key does not line up with {neighbour or f'the lines above it (after {shown(previous)})'}"
            return self._make(message, first, end, "give all keys of a mapping the same indentation")
        message = f"this line does not fit the block above it (after {shown(previous)})"
        help = "text of a value must be indented deeper than its key"
        return self._make(message, first, end, help)

    def _crooked_neighbour(self, start: int, column: int) -> str | None:
        """The nearest key above that begins in nearly, but not quite, the same column."""
        while start > 0:
            start, _, line = self._line(start - 1)
            key = _KEY_START.match(line)
            if key is not None and 0 < abs(key.start("key") - column) <= 2:
                place = self._places.span(start + key.start("key"), start + key.end("key"))
                return f"`{key['key']}` on line {place.line}: that begins in column {place.column}, this in {column + 1}"
        return None


def _lacks_space(line: str) -> bool:
    return _NO_SPACE_AFTER_DASH.match(line) is not None or _NO_SPACE.match(line) is not None


def _indent(line: str) -> int:
    """How many spaces a line begins with."""
    return len(line) - len(line.lstrip(" "))
