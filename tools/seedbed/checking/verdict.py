"""Findings of a change against its base: introduced, already there, or healed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

from seedbed.checking.finding import Finding, Severity, Status


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
    Findings are the same when their fingerprints are; of n equal ones, as many as the base had were there already.
    """
    moved = renamed or {}
    before = [replace(finding, path=moved.get(finding.path, finding.path)) for finding in base]
    left = Counter(finding.fingerprint for finding in before)
    judged: list[Finding] = []
    for finding in sorted(head, key=lambda finding: finding.order):
        known = left[finding.fingerprint] > 0
        left[finding.fingerprint] -= known
        judged.append(replace(finding, status=Status.ALREADY_THERE if known else Status.INTRODUCED))
    for finding in sorted(before, key=lambda finding: finding.order, reverse=True):
        if left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
            judged.append(replace(finding, status=Status.HEALED))
    return tuple(sorted(judged, key=lambda finding: (finding.order, finding.status)))


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
