"""From the events of a YAML parser to dicts, lists and text, with the place of each; what a leaf may not hold is refused.

Nothing here knows which parser the events come from: an event has a class name, marks, and for a scalar its value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from seedbed.taxonomy.leaf import Fault, Span, YamlPath
from seedbed.taxonomy.places import Places, place_name, shown
from seedbed.taxonomy.plain_values import is_null, quoted, reading_of

MAXIMUM_DEPTH = 12
MAXIMUM_NODES = 20_000
MAXIMUM_FAULTS = 20
"""A file gets no more faults than this for its YAML: the rest would not help anyone."""

UNWANTED = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
"""Controls, noncharacters, lone surrogates, and the separators that YAML 1.1 takes for line breaks and 1.2 does not."""


_WORD = re.compile(r"\S*")


def _unwanted_in(value: str) -> str | None:
    """The first unwanted character of a value, where even a carriage return before a line break was asked for."""
    found = UNWANTED.search(value.replace("\r", "\r "))
    return found.group()[0] if found is not None else None


def character_fault(character: str, span: Span, yaml_path: YamlPath) -> Fault:
    called = unicodedata.name(character, "")
    return Fault(
        "control_character",
        f"the character U+{ord(character):04X}{' ' + called if called else ''} cannot stand in a leaf: readers, "
        "terminals and tokenizers disagree on it",
        span,
        yaml_path,
        value=f"U+{ord(character):04X}",
        help="remove it, or write what it stands for in words",
    )


class RefusedError(Exception):
    """Reading stops here; the faults say why."""


@dataclass
class _Frame:
    """A mapping or list that is being filled."""

    path: YamlPath
    start: int
    end: int
    items: dict[str, Any] | list[Any]
    key: str | None = None  # of a mapping: the key whose value comes next
    first_lines: dict[str, int] = field(default_factory=dict)  # of a mapping: key in NFC → line
    fresh_key: bool = True  # False when the key stood before and its value is set aside


@dataclass
class Composed:
    """What the events gave."""

    data: object = None
    faults: list[Fault] = field(default_factory=list)
    key_spans: dict[YamlPath, Span] = field(default_factory=dict)
    value_spans: dict[YamlPath, Span] = field(default_factory=dict)


class Composer:
    """Builds dicts, lists and strings from parser events, with the place of each, and refuses what a leaf may not hold."""

    def __init__(self, text: str, places: Places) -> None:
        self._text = text
        self._places = places
        self._composed = Composed()
        self._frames: list[_Frame] = []
        self._nodes = 0
        self._documents = 0
        self._usable = True

    def result(self) -> Composed:
        if not self._usable:
            self._composed.data = None
        return self._composed

    def refuse(self, fault: Fault) -> None:
        """Note a fault that leaves no data."""
        self._usable = False
        self._composed.faults.append(fault)

    def forget_empty_values(self) -> None:
        """Before a syntax error a key may seem empty whose value is the very thing that could not be read."""
        self._composed.faults = [fault for fault in self._composed.faults if fault.kind != "empty_value"]

    def run(self, events: Iterable[Any]) -> None:
        for event in events:
            handler = self._HANDLERS.get(type(event).__name__)
            if handler is not None:
                handler(self, event)
            if len(self._composed.faults) >= MAXIMUM_FAULTS:
                raise RefusedError
        if self._documents == 0 or self._composed.data == "":
            self._refuse_empty()
        elif self._usable and not isinstance(self._composed.data, dict):
            self._refuse_other_than_mapping()

    def _refuse_empty(self) -> None:
        self.refuse(
            Fault(
                "empty",
                "the file holds nothing; a leaf needs at least a task description and seed examples",
                self._places.span(0, 0),
                help="`seedbed new` writes one to start from; to remove a leaf, delete its file",
            )
        )

    def _refuse_other_than_mapping(self) -> None:
        span = self._composed.value_spans[()]
        if isinstance(self._composed.data, list):
            message = "the leaf is a list; expected a mapping, with the list under `seed_examples:`"
            help = "put `version: 3`, `created_by`, `task_description` and `seed_examples:` above it"
        else:
            message = "the leaf is one text; expected `key: value` lines"
            help = "`seedbed new` writes a leaf to start from"
        self.refuse(
            Fault(
                "not_a_mapping", message, Span(span.line, span.column, span.line, span.column + 1), help=help
            )
        )

    def _document_start(self, event: Any) -> None:
        self._documents += 1
        start, end = event.start_mark.index, event.end_mark.index
        if event.version or event.tags:
            message = "a directive (`%…`) changes how YAML is read; a leaf may have none"
            first_line = start + len(self._text[start:end].split("\n", 1)[0].rstrip())
            self._refuse_here("directive", message, start, first_line, "remove the line")
            raise RefusedError
        if self._documents > 1:
            message = "a second document begins here; a leaf is one document"
            self._refuse_here(
                "several_documents", message, start, end, "make it a leaf of its own, or remove `---`"
            )
            raise RefusedError

    def _refuse_here(self, kind: str, message: str, start: int, end: int, help: str | None = None) -> None:
        self.refuse(
            Fault(
                kind,
                message,
                self._places.span(start, max(start, end)),
                self._next_path(),
                value=self._text[start:end][:80],
                help=help,
            )
        )

    def _next_path(self) -> YamlPath:
        """Where the next value goes."""
        if not self._frames:
            return ()
        frame = self._frames[-1]
        if isinstance(frame.items, list):
            return (*frame.path, len(frame.items))
        return frame.path if frame.key is None else (*frame.path, frame.key)

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAXIMUM_NODES:
            start = event.start_mark.index
            self._refuse_here(
                "nodes", f"more than {MAXIMUM_NODES:,} values; a leaf has a few dozen", start, start
            )
            raise RefusedError

    def _properties(self, event: Any) -> None:
        """Refuse what may stand before a value: an anchor or a tag."""
        if event.anchor is None and event.tag is None:
            return
        start = event.start_mark.index
        word = _WORD.match(self._text, start)
        end = word.end() if word is not None else start
        if event.anchor is not None:
            named = shown("&" + str(event.anchor))
            message = f"the anchor {named} names a value for reuse; a leaf says everything in full"
            help = "quote the value if it is meant to begin with `&`"
            self._refuse_once("anchor", message, start, end, help)
        else:
            message = "a tag (`!…`) asks the reader for another type; every value of a leaf is text"
            self._refuse_once("tag", message, start, end, "quote the value if it is meant to begin with `!`")

    def _refuse_once(self, kind: str, message: str, start: int, end: int, help: str) -> None:
        """The first of a kind says it all; a file with one alias tends to have many."""
        self._usable = False
        if all(fault.kind != kind for fault in self._composed.faults):
            self._refuse_here(kind, message, start, end, help)

    def _alias(self, event: Any) -> None:
        self._count(event)
        start, end = event.start_mark.index, event.end_mark.index
        named = shown("*" + str(event.anchor))
        message = f"the alias {named} repeats a value from elsewhere; a leaf says everything in full"
        self._refuse_once(
            "alias", message, start, end, "write the text out, or quote it if `*` is part of it"
        )
        if self._expects_key():
            raise RefusedError
        self._place("", start, end)

    def _expects_key(self) -> bool:
        return (
            bool(self._frames) and isinstance(self._frames[-1].items, dict) and self._frames[-1].key is None
        )

    def _scalar(self, event: Any) -> None:
        self._count(event)
        self._properties(event)
        start, end = event.start_mark.index, event.end_mark.index
        if event.style in ("|", ">"):
            end = self._end_of_block(start, end)
        plain = event.style is None or event.style == ""
        if self._expects_key():
            self._take_key(event.value, plain, start, end)
            return
        path = self._next_path()
        unwanted = _unwanted_in(event.value)
        if unwanted is not None:
            self._composed.faults.append(character_fault(unwanted, self._places.span(start, end), path))
        if plain and path and event.value == "" and event.anchor is None and event.tag is None:
            self._note_empty(path, start)
        elif plain and path != ("version",):
            self._look_at_plain(event.value, path, start, end)
        number = plain and path == ("version",) and re.fullmatch("[0-9]{1,6}", event.value)
        self._place(int(event.value) if number else event.value, start, end)

    def _end_of_block(self, start: int, end: int) -> int:
        """Where the last line with text on it ends; the parser counts the line breaks after it too."""
        text = self._text[start:end]
        line_break = text.find("\n", len(text.rstrip()))
        return end if line_break < 0 else start + len(text[:line_break].removesuffix("\r"))

    def _note_empty(self, path: YamlPath, start: int) -> None:
        """YAML readers make nothing (null) of a key without a value, where the format wants text or a list."""
        span = self._composed.key_spans.get(path) or self._places.span(start, start)
        help = "write a value, or remove the key if it may be left out"
        self._composed.faults.append(
            Fault("empty_value", f"{place_name(path)} has no value", span, path, help=help)
        )

    def _look_at_plain(self, value: str, path: YamlPath, start: int, end: int) -> None:
        reading = reading_of(value)
        if reading is None or not path:
            return
        null = is_null(value)
        self._composed.faults.append(
            Fault(
                "plain_value",
                f"{shown(value)} without quotes is {reading} to YAML readers, not text",
                self._places.span(start, end),
                path,
                value=value[:80],
                help="write a value, remove the key if it may be left out, or quote the word"
                if null
                else f"quote it: {quoted(value)}",
                replacement=quoted(value),
                safe=not null,
            )
        )

    def _take_key(self, key: str, plain: bool, start: int, end: int) -> None:
        frame = self._frames[-1]
        assert isinstance(frame.items, dict)
        path = (*frame.path, key)
        span = self._places.span(start, end)
        reading = (
            "empty" if not key else reading_of(key) if plain else ("a merge key" if key == "<<" else None)
        )
        unwanted = _unwanted_in(key)
        if unwanted is not None:
            self._composed.faults.append(character_fault(unwanted, span, path))
        elif reading is not None:
            message = (
                f"the key {shown(key)} is {reading}, not text; a leaf's keys are words such as `question`"
            )
            help = "quote it if it is meant as a word; else remove it"
            self._composed.faults.append(Fault("key_type", message, span, path, value=key[:80], help=help))
        folded = unicodedata.normalize("NFC", key)
        frame.fresh_key = folded not in frame.first_lines
        if frame.fresh_key:
            frame.first_lines[folded] = span.line
            self._composed.key_spans.setdefault(path, span)
        else:
            message = (
                f"the key {shown(key)} stands twice in this mapping, first on line {frame.first_lines[folded]}; "
                "most readers silently keep only one of the two"
            )
            help = "a list item may lack its `- `; else keep one of the two"
            self._composed.faults.append(
                Fault("duplicate_key", message, span, path, value=key[:80], help=help)
            )
        frame.key = key

    def _place(self, value: object, start: int, end: int) -> None:
        """Put a finished value, or a container that is about to be filled, where it belongs."""
        path = self._next_path()
        if not self._frames:
            self._composed.data = value
            self._composed.value_spans[()] = self._places.span(start, end)
            return
        frame = self._frames[-1]
        frame.end = max(frame.end, end)
        if isinstance(frame.items, list):
            frame.items.append(value)
        else:
            assert frame.key is not None
            if frame.fresh_key:
                frame.items[frame.key] = value
            frame.key = None
        self._composed.value_spans.setdefault(path, self._places.span(start, end))

    def _container_start(self, event: Any, items: dict[str, Any] | list[Any]) -> None:
        self._count(event)
        self._properties(event)
        start = event.start_mark.index
        if self._expects_key():
            message = "a list or mapping stands where a key belongs; keys are words such as `question`"
            help = "quote the text if it is meant to begin with `[`, `{` or `? `"
            self._refuse_here("key_type", message, start, start + 1, help)
            raise RefusedError
        if len(self._frames) >= MAXIMUM_DEPTH:
            message = f"nesting deeper than {MAXIMUM_DEPTH} levels; a leaf needs five"
            self._refuse_here(
                "depth", message, start, start + 1, "quote the value if its brackets or dashes are text"
            )
            raise RefusedError
        path = self._next_path()
        self._frames.append(_Frame(path, start, start, items))

    def _container_end(self, event: Any) -> None:
        frame = self._frames.pop()
        start, end = event.start_mark.index, event.end_mark.index
        last = end if end > start else frame.end  # a block ends without a sign of its own
        self._place(frame.items, frame.start, last)

    _HANDLERS: Mapping[str, Any] = MappingProxyType(
        {
            "DocumentStartEvent": _document_start,
            "AliasEvent": _alias,
            "ScalarEvent": _scalar,
            "MappingStartEvent": lambda self, event: self._container_start(event, {}),
            "SequenceStartEvent": lambda self, event: self._container_start(event, []),
            "MappingEndEvent": _container_end,
            "SequenceEndEvent": _container_end,
        }
    )
