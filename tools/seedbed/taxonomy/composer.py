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

from seedbed.taxonomy import yaml_faults
from seedbed.taxonomy.characters import character_fault, unwanted_in_value
from seedbed.taxonomy.leaf import Fault, Span, YamlPath
from seedbed.taxonomy.places import Places, Spans
from seedbed.taxonomy.plain_values import reading_of
from seedbed.taxonomy.yaml_faults import MAXIMUM_DEPTH, MAXIMUM_NODES

MAXIMUM_FAULTS = 20
"""A file gets no more faults than this for its YAML: the rest would not help anyone."""

_WORD = re.compile(r"\S*")
_VERSION = ("version",)
_NUMBER = re.compile("[0-9]{1,6}")


class RefusedError(Exception):
    """Reading stops here; the faults say why."""


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being filled."""

    path: YamlPath
    start: int
    end: int
    items: dict[str, Any] | list[Any]
    key: str | None = None  # of a mapping: the key whose value comes next
    first_places: dict[str, int] = field(default_factory=dict)  # of a mapping: key in NFC → its offset
    fresh_key: bool = True  # False when the key stood before and its value is set aside


@dataclass(slots=True)
class Composed:
    """What the events gave."""

    key_spans: Spans
    value_spans: Spans
    data: object = None
    faults: list[Fault] = field(default_factory=list)


class Composer:
    """Builds dicts, lists and strings from parser events, with the place of each, and refuses what a leaf may not hold.

    `text` has been searched for unwanted characters already, so only an escape can bring one into a value.
    """

    def __init__(self, text: str, places: Places) -> None:
        self._text = text
        self._places = places
        self._composed = Composed(Spans(places), Spans(places))
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
        """Take in all events; raises RefusedError where reading on would be of no use."""
        faults, handlers = self._composed.faults, self._HANDLERS
        for event in events:
            handler = handlers.get(type(event).__name__)
            if handler is not None:
                handler(self, event)
            if len(faults) >= MAXIMUM_FAULTS:
                raise RefusedError
        if self._documents == 0 or self._composed.data == "":
            self.refuse(yaml_faults.empty(self._places.span(0, 0)))
        elif self._usable and not isinstance(self._composed.data, dict):
            span = self._composed.value_spans[()]
            first = Span(span.line, span.column, span.line, span.column + 1)
            self.refuse(yaml_faults.not_a_mapping(self._composed.data, first))

    def _document_start(self, event: Any) -> None:
        self._documents += 1
        start, end = event.start_mark.index, event.end_mark.index
        if event.version or event.tags:
            first_line = self._text[start:end].split("\n", 1)[0].rstrip()
            span = self._places.span(start, start + len(first_line))
            self.refuse(yaml_faults.directive(first_line, span))
            raise RefusedError
        if self._documents > 1:
            self.refuse(yaml_faults.several_documents(self._text[start:end], self._places.span(start, end)))
            raise RefusedError

    def _next_path(self) -> YamlPath:
        """Where the next value goes."""
        if not self._frames:
            return ()
        frame = self._frames[-1]
        if isinstance(frame.items, list):
            return (*frame.path, len(frame.items))
        return frame.path if frame.key is None else (*frame.path, frame.key)

    def _count(self, start: int) -> None:
        self._nodes += 1
        if self._nodes > MAXIMUM_NODES:
            self.refuse(yaml_faults.too_many_nodes(self._next_path(), self._places.span(start, start)))
            raise RefusedError

    def _properties(self, event: Any, start: int) -> None:
        """Refuse what may stand before a value: an anchor or a tag."""
        word = _WORD.match(self._text, start)
        end = word.end() if word is not None else start
        found, path, span = self._text[start:end], self._next_path(), self._places.span(start, end)
        if event.anchor is not None:
            self._refuse_once(yaml_faults.anchor(str(event.anchor), found, path, span))
        else:
            self._refuse_once(yaml_faults.tag(found, path, span))

    def _refuse_once(self, fault: Fault) -> None:
        """The first of a kind says it all; a file with one alias tends to have many."""
        self._usable = False
        if all(known.kind != fault.kind for known in self._composed.faults):
            self._composed.faults.append(fault)

    def _refuse_alias(self, fault: Fault) -> None:
        """Of an anchor, its aliases and the merge keys that take them in, the first says it all."""
        faults = self._composed.faults
        if any(known.kind == "anchor" for known in faults):
            self._usable = False
            faults[:] = [known for known in faults if not _is_merge_key(known, fault.yaml_path)]
        elif any(_is_merge_key(known, fault.yaml_path) for known in faults):
            self._usable = False
        else:
            self._refuse_once(fault)

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self._count(start)
        found, path, span = self._text[start:end], self._next_path(), self._places.span(start, end)
        self._refuse_alias(yaml_faults.alias(str(event.anchor), found, path, span))
        if self._expects_key():
            raise RefusedError
        self._place("", path, start, end)

    def _expects_key(self) -> bool:
        frames = self._frames
        return bool(frames) and frames[-1].key is None and type(frames[-1].items) is dict

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self._count(start)
        bare = event.anchor is None and event.tag is None
        if not bare:
            self._properties(event, start)
        value, style = event.value, event.style
        plain, escaped = not style, False
        if style == '"':
            escaped = self._text.find("\\", start, end) >= 0
        elif style == "|" or style == ">":
            end = self._end_of_block(start, end)
        if self._expects_key():
            self._take_key(value, plain and bare, escaped, start, end)
            return
        path = self._next_path()
        if not plain:
            if escaped and (unwanted := unwanted_in_value(value)) is not None:
                self._composed.faults.append(character_fault(unwanted, self._places.span(start, end), path))
            self._place(value, path, start, end)
            return
        self._place(self._plain(value, bare, path, start, end), path, start, end)

    def _plain(self, value: str, bare: bool, path: YamlPath, start: int, end: int) -> str | int:
        """The value of a scalar without quotes: text, but for the version."""
        if path and value == "" and bare:
            span = self._composed.key_spans.get(path) or self._places.span(start, start)
            self._composed.faults.append(yaml_faults.empty_value(path, span))
        elif bare and path and path[0] != "version" and (reading := reading_of(value)) is not None:
            span = self._places.span(start, end)
            self._composed.faults.append(yaml_faults.plain_value(value, reading, path, span))
        return int(value) if path == _VERSION and _NUMBER.fullmatch(value) else value

    def _end_of_block(self, start: int, end: int) -> int:
        """Where the last line with text on it ends; the parser counts the line breaks after it too."""
        text = self._text[start:end]
        line_break = text.find("\n", len(text.rstrip()))
        return end if line_break < 0 else start + len(text[:line_break].removesuffix("\r"))

    def _take_key(self, key: str, plain: bool, escaped: bool, start: int, end: int) -> None:
        frame = self._frames[-1]
        path = (*frame.path, key)
        reading = (
            "empty" if not key else reading_of(key) if plain else ("a merge key" if key == "<<" else None)
        )
        if escaped and (unwanted := unwanted_in_value(key)) is not None:
            self._composed.faults.append(character_fault(unwanted, self._places.span(start, end), path))
        elif reading is not None:
            span = self._places.span(start, end)
            self._composed.faults.append(yaml_faults.key_type(key, reading, path, span))
        folded = key if key.isascii() else unicodedata.normalize("NFC", key)
        first = frame.first_places.setdefault(folded, start)
        frame.fresh_key = first == start
        if frame.fresh_key:
            self._composed.key_spans.note(path, start, end)
        else:
            first_line = self._places.span(first, first).line
            fault = yaml_faults.duplicate_key(key, first_line, path, self._places.span(start, end))
            self._composed.faults.append(fault)
        frame.key = key

    def _place(self, value: object, path: YamlPath, start: int, end: int) -> None:
        """Put a finished value where it belongs."""
        if not self._frames:
            self._composed.data = value
            self._composed.value_spans.note((), start, end)
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
        self._composed.value_spans.note(path, start, end)

    def _container_start(self, event: Any, items: dict[str, Any] | list[Any]) -> None:
        start = event.start_mark.index
        self._count(start)
        if event.anchor is not None or event.tag is not None:
            self._properties(event, start)
        path = self._next_path()
        if self._expects_key():
            found, span = self._text[start : start + 1], self._places.span(start, start + 1)
            self.refuse(yaml_faults.container_as_key(found, path, span))
            raise RefusedError
        if len(self._frames) >= MAXIMUM_DEPTH:
            found, span = self._text[start : start + 1], self._places.span(start, start + 1)
            self.refuse(yaml_faults.too_deep(found, path, span))
            raise RefusedError
        self._frames.append(_Frame(path, start, start, items))

    def _container_end(self, event: Any) -> None:
        frame = self._frames.pop()
        start, end = event.start_mark.index, event.end_mark.index
        last = end if end > start else frame.end  # a block ends without a sign of its own
        self._place(frame.items, frame.path, frame.start, last)

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


def _is_merge_key(fault: Fault, path: YamlPath) -> bool:
    """Whether `fault` is about the merge key `<<` at `path`."""
    return fault.kind == "key_type" and fault.value == "<<" and fault.yaml_path == path
