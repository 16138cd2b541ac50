"""Bytes of a `qna.yaml` in, a leaf or its faults out. Whatever the bytes are, nothing is raised.

The events of the YAML parser are looked at before anything is built from them, so that aliases, deep nesting and tags
never get the chance to cost time or memory. Scalars stay text; only `version` becomes a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from seedbed.taxonomy.build_leaf import build_leaf
from seedbed.taxonomy.characters import character_fault, unwanted_at
from seedbed.taxonomy.composer import Composed, Composer, RefusedError
from seedbed.taxonomy.encodings import is_binary, wide_encoding
from seedbed.taxonomy.form import FORM_FAULT_KINDS, judge_form
from seedbed.taxonomy.leaf import Fault, LeafFile, Span
from seedbed.taxonomy.places import Places

MAXIMUM_BYTES = 256 * 1024
READING_FAULT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "size": "the file is larger than 256 KiB",
        "encoding": "the bytes are not UTF-8, or begin with a byte order mark",
        "control_character": "a character that no text needs: a control character, a line separator, half a surrogate",
        "syntax": "the file is not YAML",
        "empty": "the file holds nothing",
        "not_a_mapping": "the file holds something other than `key: value` lines",
        "alias": "an alias (`*name`)",
        "anchor": "an anchor (`&name`)",
        "tag": "a tag (`!name`)",
        "directive": "a directive (`%YAML`, `%TAG`)",
        "several_documents": "a second document after `---`",
        "depth": "nesting deeper than 12 levels",
        "nodes": "more than 20,000 values",
        "duplicate_key": "the same key twice in one mapping",
        "key_type": "a key that is not text, or the merge key `<<`",
        "plain_value": "an unquoted word that some YAML reader takes for something other than text",
    }
)
"""Every kind of fault that reading can find, and what it means."""

FAULT_KINDS: Mapping[str, str] = MappingProxyType({**READING_FAULT_KINDS, **FORM_FAULT_KINDS})
"""Every kind of fault that `read_leaf` can give, and what it means."""


_KEY_FAULTS = frozenset({"key_type", "duplicate_key", "control_character"})
"""Faults of reading that can stand at a key; nothing more is to be said of such a key."""


def read_leaf(raw: bytes, *, path: str, name: str, blob: str) -> LeafFile:
    """Read the bytes of one `qna.yaml`.

    `path` is the file's posix path in the repository, `name` the leaf's name, `blob` the file's git blob id. The
    result always comes back: with `leaf` when the file is one, else with the faults that say why it is not.
    """
    if len(raw) > MAXIMUM_BYTES:
        return LeafFile(path, name, blob, text="", faults=(_size_fault(len(raw)),))
    text, places, fault = _decode(raw)
    if fault is not None:
        return LeafFile(path, name, blob, text=text, faults=(fault,))
    composed = _compose(text, places)
    data = composed.data
    version: int | None = None
    form_faults: tuple[Fault, ...] = ()
    if isinstance(data, dict):
        version, form_faults = judge_form(
            data, name=name, key_spans=composed.key_spans, value_spans=composed.value_spans
        )
    faults = _without_echoes(composed.faults, form_faults)
    leaf = None
    if isinstance(data, dict) and version is not None and not any(_forbids(fault) for fault in faults):
        leaf = build_leaf({**data, "version": version}, name=name, blob=blob)
    return LeafFile(
        path,
        name,
        blob,
        text,
        data=MappingProxyType(data) if isinstance(data, dict) else None,
        leaf=leaf,
        faults=faults,
        key_spans=composed.key_spans,
        value_spans=composed.value_spans,
    )


def _forbids(fault: Fault) -> bool:
    """Whether there can be no leaf. An unquoted `no` or `42` is to be mended, but its text is certain."""
    return not (fault.kind == "plain_value" and fault.safe)


def _without_echoes(reading: list[Fault], form: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """One fault, one report: what reading and the form both say of a key or of a value is said once.

    Of two, the one that is left out never is the only one that forbids a leaf.
    """
    keys = {fault.yaml_path for fault in reading if fault.kind in _KEY_FAULTS}
    values = {fault.yaml_path for fault in reading if _forbids(fault)} - {()}
    kept = [
        fault
        for fault in form
        if fault.yaml_path not in (keys if fault.kind in ("missing_key", "unknown_key") else keys | values)
    ]
    of_no_use = {fault.yaml_path for fault in kept if fault.kind not in ("missing_key", "wrong_branch")} - {
        ()
    }
    left = [
        fault
        for fault in reading
        if fault.kind not in ("plain_value", "empty_value") or fault.yaml_path not in of_no_use
    ]
    return tuple(sorted([*left, *kept], key=lambda fault: (fault.span, fault.kind)))


def _size_fault(size: int) -> Fault:
    return Fault(
        "size",
        f"the file has {size:,} bytes; a leaf may have {MAXIMUM_BYTES:,} (256 KiB)",
        Span(1, 1, 1, 1),
        value=str(size),
        help="split the leaf, or move long texts into documents that a knowledge leaf cites",
    )


def _decode(raw: bytes) -> tuple[str, Places, Fault | None]:
    """The text, and the first thing that keeps it from being plain UTF-8 text."""
    if (unread := _not_text(raw)) is not None:
        return "", Places(""), unread
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", "replace")
        places = Places(text)
        at = len(raw[: error.start].decode("utf-8"))
        return (
            text,
            places,
            Fault(
                "encoding",
                f"byte 0x{raw[error.start]:02x} is not UTF-8; the file seems to be in another encoding, "
                "such as Windows-1252",
                places.span(at, at + 1),
                value=f"0x{raw[error.start]:02x}",
                help="save the file as UTF-8 without a byte order mark",
            ),
        )
    places = Places(text)
    if text.startswith("\ufeff"):
        return (
            text,
            places,
            Fault(
                "encoding",
                "the file begins with a byte order mark, which becomes part of the first key for many readers",
                places.span(0, 1),
                value="U+FEFF",
                help="save the file as UTF-8 without a byte order mark",
                replacement="",
                safe=True,
            ),
        )
    if (unwanted := unwanted_at(text)) is not None:
        return text, places, character_fault(text[unwanted], places.span(unwanted, unwanted + 1), ())
    return text, places, None


def _not_text(raw: bytes) -> Fault | None:
    """The fault of a file of which no line could be shown."""
    wide = wide_encoding(raw) if b"\0" in raw or raw[:1] in (b"\xff", b"\xfe") else None
    if wide is not None:
        message = f"the file is in {wide}, not UTF-8"
        help = "save the file as UTF-8 without a byte order mark"
    elif is_binary(raw):
        message = "this is not a text file, but bytes such as those of a picture, an archive or a program"
        help = "a leaf is UTF-8 text; was another file saved under this name?"
    else:
        return None
    return Fault("encoding", message, Span(1, 1, 1, 1), value=wide or "binary", help=help)


def _compose(text: str, places: Places) -> Composed:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    composer = Composer(text, places)
    try:
        composer.run(_events(text))
    except RefusedError:
        pass
    except MarkedYAMLError as error:
        from seedbed.taxonomy.syntax_faults import SyntaxTrouble, explain_syntax

        composer.forget_empty_values()
        trouble = SyntaxTrouble(
            error.context or "",
            error.problem or "",
            error.problem_mark.index if error.problem_mark else 0,
            error.context_mark.index if error.context_mark else None,
        )
        composer.refuse(explain_syntax(text, places, trouble))
    except (YAMLError, ValueError, RecursionError, MemoryError) as error:
        composer.refuse(
            Fault(
                "syntax", f"the YAML reader cannot read this file ({type(error).__name__})", places.span(0, 0)
            )
        )
    return composer.result()


def _events(text: str) -> Iterator[Any]:
    """The events of the C parser itself: ruamel's own front end builds a class and searches for plug-ins at each call."""
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]

    parser = CParser(text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    finally:
        parser.dispose()
