"""Which form a leaf's data is to be judged by: its version, and whether it is knowledge or a skill."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from seedbed.taxonomy.leaf import BRANCHES, Fault, Span, YamlPath
from seedbed.taxonomy.places import shown
from seedbed.taxonomy.schema import SCHEMA_FAULT_KINDS, validate

VERSIONS = (1, 2, 3)
"""Versions of the InstructLab leaf format; a leaf that names none is of version 1."""

FORM_FAULT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        **SCHEMA_FAULT_KINDS,
        "version": "a version that does not exist, or not the one whose shape the leaf has",
        "wrong_branch": "a skill under `knowledge`, or knowledge under a skills branch",
    }
)
"""Every kind of fault that the form of a leaf can have, and what it means."""


def judge_form(
    data: Mapping[str, Any],
    *,
    name: str,
    key_spans: Mapping[YamlPath, Span],
    value_spans: Mapping[YamlPath, Span],
) -> tuple[int | None, tuple[Fault, ...]]:
    """The version that the leaf is of (None when it names one that does not exist), and the faults of its form.

    A leaf of an unknown version is judged by the newest, so that its other faults are not hidden behind this one.
    """
    place = _Places(key_spans, value_spans)
    version, version_fault = _version(data, place)
    branch, branch_fault = _branch(data, name, place)
    faults = [fault for fault in (version_fault, branch_fault) if fault is not None]
    judged_by = version or VERSIONS[-1]
    checked = {**data, "version": judged_by}
    faults.extend(
        validate(checked, branch=branch, version=judged_by, key_spans=key_spans, value_spans=value_spans)
    )
    return version, tuple(faults)


class _Places:
    def __init__(self, key_spans: Mapping[YamlPath, Span], value_spans: Mapping[YamlPath, Span]) -> None:
        self._key_spans = key_spans
        self._value_spans = value_spans

    def value(self, path: YamlPath) -> Span:
        return self._value_spans.get(path) or self.key(path)

    def key(self, path: YamlPath) -> Span:
        return self._key_spans.get(path) or self._value_spans.get((), Span(1, 1, 1, 1))

    def first_key(self, data: Mapping[str, Any]) -> Span:
        return self.key((next(iter(data), ""),))


def _version(data: Mapping[str, Any], place: _Places) -> tuple[int | None, Fault | None]:
    written = data.get("version")
    if written is None:
        if not _has_pairs(data):
            return 1, None
        message = "the leaf names no version, and so counts as version 1, but `questions_and_answers` exists from version 3"
        span = place.first_key(data)
        insertion = Span(span.line, span.column, span.line, span.column)
        help = "add `version: 3` as its first line"
        return 3, Fault("version", message, insertion, (), help=help, replacement="version: 3\n", safe=False)
    path = ("version",)
    if isinstance(written, int):
        if written not in VERSIONS:
            message = f"version {written} does not exist; versions are 1, 2 and 3"
            return None, Fault(
                "version", message, place.value(path), path, value=str(written), help="use `version: 3`"
            )
        if written < 3 and _has_pairs(data):
            message = f"the leaf says version {written}, but `questions_and_answers` exists from version 3"
            help = "use `version: 3`"
            return 3, Fault("version", message, place.value(path), path, str(written), help, "3", safe=True)
        return written, None
    if isinstance(written, str) and written.strip() in {"1", "2", "3"}:
        number = written.strip()
        message = f"the version is the text {shown(written)}; expected the number {number}, without quotes"
        help = f"write `version: {number}`"
        return int(number), Fault(
            "wrong_type", message, place.value(path), path, written, help, number, safe=True
        )
    if written == "":
        return None, Fault(
            "version", "`version` has no value", place.key(path), path, help="use `version: 3`"
        )
    found = shown(written) if isinstance(written, str) else "a list or mapping"
    message = f"the version is {found}; expected one of the numbers 1, 2 and 3"
    value = written[:80] if isinstance(written, str) else ""
    return None, Fault("version", message, place.value(path), path, value=value, help="use `version: 3`")


def _branch(data: Mapping[str, Any], name: str, place: _Places) -> tuple[str, Fault | None]:
    """The branch whose schema applies: that of the folder, unless the leaf plainly has the other's shape."""
    folder = name.split("/", 1)[0]
    knowledge = _has_pairs(data) or any(key in data for key in ("document", "document_outline", "domain"))
    if folder not in BRANCHES:
        return "knowledge" if knowledge else "compositional_skills", None
    if folder == "knowledge" and not knowledge and "seed_examples" in data:
        message = (
            "the leaf lies under `knowledge` but has the shape of a skill: no `document`, `domain` or outline"
        )
        help = "cite documents, or move the leaf to `compositional_skills` or `foundational_skills`"
        return "compositional_skills", Fault("wrong_branch", message, place.first_key(data), (), folder, help)
    if folder != "knowledge" and (_has_pairs(data) or isinstance(data.get("document"), dict)):
        message = f"the leaf lies under `{folder}` but has the shape of knowledge: it cites documents"
        key = next(
            (word for word in ("document", "document_outline", "domain") if word in data), "seed_examples"
        )
        help = "move the leaf to `knowledge`, or remove what belongs to knowledge"
        return "knowledge", Fault("wrong_branch", message, place.key((key,)), (), folder, help)
    return folder, None


def _has_pairs(data: Mapping[str, Any]) -> bool:
    """Whether any seed is written as version 3 knowledge: several pairs under one context."""
    seeds = data.get("seed_examples")
    return isinstance(seeds, list) and any(
        isinstance(seed, dict) and "questions_and_answers" in seed for seed in seeds
    )
