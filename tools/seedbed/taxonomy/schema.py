"""The JSON Schemas of a leaf, applied, and their errors said in plain words.

A schema is the same file that editors use (`schema/leaf.v3.skill.schema.json` …). What jsonschema says of an error is
never shown: it echoes input of any length and does not say what to do.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from seedbed.bundled_files import bundled_file
from seedbed.taxonomy.conformance import Conforms, conforms_to
from seedbed.taxonomy.leaf import Fault, Span, YamlPath
from seedbed.taxonomy.places import place_name, shown
from seedbed.taxonomy.yaml_faults import fill_in

SCHEMA_FAULT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "missing_key": "a key that must be there is not, or is misspelt",
        "unknown_key": "a key that the format does not have",
        "wrong_type": "a value of another type than the format asks for",
        "empty_value": "a key without a value",
        "too_few": "a list with fewer items than the format asks for",
        "repeated_item": "the same item twice in a list that may hold it once",
    }
)
"""Every kind of fault that a schema can find, and what it means."""

_SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "author": "created_by",
        "creator": "created_by",
        "description": "task_description",
        "task": "task_description",
        "examples": "seed_examples",
        "seeds": "seed_examples",
        "instruction": "question",
        "prompt": "question",
        "input": "context",
        "output": "answer",
        "response": "answer",
        "qna": "questions_and_answers",
        "document": "context",
        "outline": "document_outline",
        "url": "repo",
        "sha": "commit",
        "files": "patterns",
    }
)
"""Words that people write for a key of the format."""

_PARTNERS: Mapping[str, str] = MappingProxyType({"commit": "repo", "repo": "commit"})
"""Keys that stand together or not at all."""

_ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "attribution": "authors, links and licences belong in attribution.txt beside the leaf; remove it here",
        "source": "links and licences belong in attribution.txt beside the leaf; remove it here",
        "license": "the licence belongs in attribution.txt beside the leaf; remove it here",
        "category": "the folders above the leaf say what it is about; remove it here",
    }
)
"""Keys of older forms of a leaf, and where what they said belongs now."""

_TYPES: Mapping[str, str] = MappingProxyType(
    {"string": "text", "array": "a list", "object": "a mapping of keys and values"}
)


def validate(
    data: Mapping[str, Any],
    *,
    branch: str,
    version: int,
    key_spans: Mapping[YamlPath, Span] = MappingProxyType({}),
    value_spans: Mapping[YamlPath, Span] = MappingProxyType({}),
) -> tuple[Fault, ...]:
    """What the schema of `version` (1, 2 or 3) finds in `data`, a leaf of `branch` (its kind of schema: `knowledge`
    has its own, every other branch is a skill). The spans say where each key and value stands."""
    schema = schema_name(branch, version)
    if _conforms(schema)(data):
        return ()
    translate = _Translator(data, key_spans, value_spans)
    return tuple(translate.faults(_validator(schema).iter_errors(data)))


def schema_name(branch: str, version: int) -> str:
    """The file in `schema/` that describes a leaf of this branch and version."""
    return f"leaf.v{version}.{'knowledge' if branch == 'knowledge' else 'skill'}.schema.json"


@cache
def _schema(name: str) -> Mapping[str, Any]:
    return MappingProxyType(json.loads(bundled_file(f"schema/{name}").read_text(encoding="utf-8")))


@cache
def _conforms(name: str) -> Conforms:
    return conforms_to(_schema(name))


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(dict(_schema(name)))


class _Translator:
    """Schema errors of one leaf, as faults with a place and words."""

    def __init__(
        self,
        data: Mapping[str, Any],
        key_spans: Mapping[YamlPath, Span],
        value_spans: Mapping[YamlPath, Span],
    ) -> None:
        self._data = data
        self._key_spans = key_spans
        self._value_spans = value_spans

    def faults(self, errors: Iterable[Any]) -> Iterator[Fault]:
        """Errors about keys are taken together per mapping, so that a misspelt key is one fault, not two."""
        missing: dict[YamlPath, list[str]] = {}
        unknown: dict[YamlPath, tuple[list[str], list[str]]] = {}
        for error in errors:
            path: YamlPath = tuple(error.absolute_path)
            if error.validator == "required":
                missing[path] = [key for key in error.validator_value if key not in error.instance]
            elif error.validator == "dependentRequired":
                needed = {
                    key
                    for owner, keys in error.validator_value.items()
                    if owner in error.instance
                    for key in keys
                }
                missing[path] = sorted({*missing.get(path, ()), *(needed - set(error.instance))})
            elif error.validator == "additionalProperties":
                known = list(error.schema["properties"])
                unknown[path] = ([key for key in error.instance if key not in known], known)
            else:
                yield self._value_fault(error.validator, error.validator_value, error.instance, path)
        for path in sorted({*missing, *unknown}, key=str):
            extra, known = unknown.get(path, ([], []))
            yield from self._key_faults(path, missing.get(path, []), extra, known)

    def _key_faults(
        self, path: YamlPath, missing: list[str], unknown: list[str], known: list[str]
    ) -> Iterator[Fault]:
        left = list(missing)
        for key in unknown:
            meant = likely_key(key, left) or likely_key(
                key, [word for word in known if word not in self._at(path)]
            )
            if meant in left:
                left.remove(meant)
                yield self._misspelt(path, key, meant)
            else:
                yield self._unknown(path, key, meant, known)
        paired = [key for key in left if _PARTNERS.get(key) in self._at(path)]
        needed = [key for key in left if key not in paired]
        if needed:
            yield self._missing(path, needed)
        for key in paired:
            yield self._unpaired(path, key)

    def _misspelt(self, path: YamlPath, key: str, meant: str) -> Fault:
        return Fault(
            "missing_key",
            f"{place_name(path)} has {shown(key)} but no `{meant}`, which must be there; did you mean `{meant}`?",
            self._key_span((*path, key)),
            (*path, key),
            value=key[:80],
            help=f"rename the key to `{meant}`",
            replacement=meant,
            safe=_bare(key) == _bare(meant),
        )

    def _unknown(self, path: YamlPath, key: str, meant: str | None, known: list[str]) -> Fault:
        listed = ", ".join(f"`{word}`" for word in known)
        return Fault(
            "unknown_key",
            f"{place_name(path)} cannot have the key {shown(key)}"
            + (f"; did you mean `{meant}`?" if meant else ""),
            self._key_span((*path, key)),
            (*path, key),
            value=key[:80],
            help=_ELSEWHERE.get(_bare(key), f"keys it can have: {listed}"),
            replacement=meant,
        )

    def _missing(self, path: YamlPath, keys: list[str]) -> Fault:
        named = [f"no `{key}`" for key in keys]
        listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
        message = f"{place_name(path)} has {listed}, which must be there"
        return self._absent(path, message, keys)

    def _unpaired(self, path: YamlPath, key: str) -> Fault:
        name, partner = place_name(path), _PARTNERS[key]
        message = f"{name} has no `{key}`, which goes with its `{partner}`: both, or neither"
        return self._absent(path, message, [key])

    def _absent(self, path: YamlPath, message: str, keys: list[str]) -> Fault:
        where = " to it" if path else " at the top level"
        return Fault(
            "missing_key",
            message,
            self._owner_span(path),
            path,
            value=" ".join(keys),
            help=f"add {', '.join(f'`{key}: …`' for key in keys)}{where}",
        )

    def _value_fault(self, validator: str, wanted: Any, found: object, path: YamlPath) -> Fault:
        name = place_name(path)
        if validator == "minLength" or (found == "" and validator == "type"):
            span = self._key_span(path) if isinstance(path[-1], str) else self._value_span(path)
            return Fault(
                "empty_value",
                f"{name} has no value",
                span,
                path,
                help=fill_in(path),
            )
        span = self._value_span(path)
        if validator == "type":
            expected = _TYPES.get(wanted, str(wanted))
            message = f"{name} is {_type_of(found)}; expected {expected}"
            value = found[:80] if isinstance(found, str) else _type_of(found)
            return Fault(
                "wrong_type",
                message,
                self._first_line(span),
                path,
                value=value,
                help=_type_help(wanted, found),
            )
        if validator == "minItems":
            assert isinstance(found, list)
            message = f"{name} holds {len(found)}; expected at least {wanted}, so that the teacher sees how they vary"
            owner = self._key_span(path)
            return Fault(
                "too_few", message, owner, path, value=str(len(found)), help=f"add {wanted - len(found)} more"
            )
        if validator == "uniqueItems":
            message = f"{name} holds the same item twice"
            return Fault("repeated_item", message, self._key_span(path), path, help="keep one of them")
        raise AssertionError(f"no words for the schema keyword {validator!r}")

    def _at(self, path: YamlPath) -> Mapping[str, Any]:
        value: Any = self._data
        for step in path:
            value = value[step]
        assert isinstance(value, Mapping)
        return value

    def _owner_span(self, path: YamlPath) -> Span:
        """Where a mapping is pointed at: the key that owns it, or its first key."""
        if path and isinstance(path[-1], str):
            return self._key_span(path)
        first = next(iter(self._at(path)), None)
        return self._value_span(path) if first is None else self._key_span((*path, first))

    def _key_span(self, path: YamlPath) -> Span:
        return self._key_spans.get(path) or self._value_span(path)

    def _value_span(self, path: YamlPath) -> Span:
        for length in range(len(path), -1, -1):
            if path[:length] in self._value_spans:
                return self._value_spans[path[:length]]
        return Span(1, 1, 1, 1)

    def _first_line(self, span: Span) -> Span:
        """A long value is pointed at where it begins; its key, if it has one, says the rest."""
        return (
            span if span.line == span.end_line else Span(span.line, span.column, span.line, span.column + 1)
        )


def likely_key(written: str, candidates: Iterable[str]) -> str | None:
    """The key that was probably meant: equal but for case and dashes, a common synonym, or a near spelling."""
    choices = {_bare(candidate): candidate for candidate in candidates}
    bare = _bare(written)
    if bare in choices:
        return choices[bare]
    if (synonym := _SYNONYMS.get(bare)) is not None and _bare(synonym) in choices:
        return synonym
    near = difflib.get_close_matches(bare[:64], choices, n=1, cutoff=0.7)
    return choices[near[0]] if near else None


def _bare(key: str) -> str:
    return key.strip().lower().replace("-", "_").replace(" ", "_")


def _type_of(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping of keys and values"
    if isinstance(value, list):
        return "a list"
    return (
        "a number"
        if isinstance(value, int)
        else f"the text {shown(value)}"
        if isinstance(value, str)
        else "nothing"
    )


def _type_help(wanted: str, found: object) -> str:
    if wanted == "string" and isinstance(found, Mapping):
        return "text with `: ` in it needs quotes, or a block: `|` and the text indented on the lines below"
    if wanted == "string":
        return "write one text: quote it if it begins with `[` or `- `, or use a block: `|` and indented lines below"
    if wanted == "array":
        return "write one item per line, each after `- `"
    return "write `key: value` lines, indented under it"
