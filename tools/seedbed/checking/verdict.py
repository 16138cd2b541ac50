"""Findings of a change against its base: introduced, already there, or healed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

from seedbed.checking.finding import Finding, Severity, Status

_DISTINCTIVE = 12
"""Characters from which a value tells one text of a taxonomy from another."""


_LISTS = frozenset({"SB111", "SB301"})
"""Rules whose findings name several things of one place, each by a word of their value."""


class Verdict(StrEnum):
    """What a check says of one leaf."""

    PASS = "pass"  # nothing that needs anyone
    WARN = "warn"  # warnings, or errors that were there before
    FAIL = "fail"  # an error that the change introduces
    REMOVED = "removed"  # the change removes the leaf, and with it its findings


def compare(
    head: Iterable[Finding], base: Iterable[Finding], *, renamed: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """The findings at head, each with its status, and those of the base that are gone, as healed.

    `renamed` maps a path at the base to its path at head, so that a moved leaf does not introduce its old faults.
    Findings are the same when their fingerprints are, else when they differ in the position within a list alone (a seed
    that was put in front of others does not make their faults new), else when the same text has the fault in another
    file of the change (a seed that moved), else when one names a part of what the other did (a leaf that lacked three
    keys and lacks one). Of n equal ones, as many as the base had were there already.
    """
    moved = renamed or {}
    gone = [replace(finding, path=moved.get(finding.path, finding.path)) for finding in base]
    gone.sort(key=_place)
    new = sorted(head, key=_place)
    known: list[Finding] = []
    for sameness in (_exactly, _but_for_position, _but_for_file):
        new, gone, matched = _match(new, gone, sameness)
        known += matched
    new, gone, matched = _match_lists(new, gone)
    known += matched
    judged = [replace(finding, status=Status.INTRODUCED) for finding in new]
    judged += [replace(finding, status=Status.ALREADY_THERE) for finding in known]
    judged += [replace(finding, status=Status.HEALED) for finding in gone]
    return tuple(sorted(judged, key=_place))


def _match(
    new: list[Finding], gone: list[Finding], sameness: Callable[[Finding], Hashable | None]
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """What is left of `new` and of `gone`, and those of `new` that have an equal in `gone`, one for one."""
    left = Counter(key for finding in gone if (key := sameness(finding)) is not None)
    still_new: list[Finding] = []
    known: list[Finding] = []
    spent: Counter[Hashable] = Counter()
    for finding in new:
        key = sameness(finding)
        if key is not None and left[key] > spent[key]:
            spent[key] += 1
            known.append(finding)
        else:
            still_new.append(finding)
    still_gone: list[Finding] = []
    for finding in gone:
        key = sameness(finding)
        if key is not None and spent[key] > 0:
            spent[key] -= 1
        else:
            still_gone.append(finding)
    return still_new, still_gone, known


def _match_lists(
    new: list[Finding], gone: list[Finding]
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """As `_match`, for findings that name no more words than one of the base did at the same place."""
    still_new: list[Finding] = []
    known: list[Finding] = []
    still_gone = list(gone)
    for finding in new:
        before = next((old for old in still_gone if _names_part_of(finding, old)), None)
        if before is None:
            still_new.append(finding)
        else:
            still_gone.remove(before)
            known.append(finding)
    return still_new, still_gone, known


def _names_part_of(finding: Finding, old: Finding) -> bool:
    same = (finding.code, finding.path, finding.yaml_path) == (old.code, old.path, old.yaml_path)
    return same and finding.code in _LISTS and set(finding.value.split()) < set(old.value.split())


def _place(finding: Finding) -> tuple[object, ...]:
    """A sort key that leaves nothing to the order in which findings came."""
    return (finding.order, finding.status, finding.severity, finding.message, repr(finding.yaml_path))


def _exactly(finding: Finding) -> Hashable:
    return finding.fingerprint


def _but_for_position(finding: Finding) -> Hashable:
    place = tuple(part for part in finding.yaml_path if isinstance(part, str))
    return (finding.code, finding.path, place, finding.value)


def _but_for_file(finding: Finding) -> Hashable | None:
    if finding.yaml_path[:1] != ("seed_examples",) or len(finding.value) < _DISTINCTIVE:
        return None
    return (finding.code, finding.yaml_path[-1], finding.value)


def fails(finding: Finding) -> bool:
    """Whether this finding alone makes a check fail."""
    return finding.status is Status.INTRODUCED and finding.severity is Severity.ERROR


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """The verdict on a leaf that has these findings."""
    present = [finding for finding in findings if finding.status is not Status.HEALED]
    if any(fails(finding) for finding in present):
        return Verdict.FAIL
    if any(finding.severity is not Severity.HINT for finding in present):
        return Verdict.WARN
    return Verdict.PASS
