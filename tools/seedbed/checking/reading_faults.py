"""From what the reader refused to findings."""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Fix, Severity
from seedbed.taxonomy.leaf import Fault, LeafFile


def findings_of(leaf: LeafFile, kinds: frozenset[str], code: str, severity: Severity) -> Iterator[Finding]:
    """One finding for each of the reader's faults whose kind is among `kinds`."""
    for fault in leaf.faults:
        if fault.kind in kinds:
            yield _finding(leaf, fault, code, severity)


def _finding(leaf: LeafFile, fault: Fault, code: str, severity: Severity) -> Finding:
    fix = None if fault.replacement is None else Fix(fault.span, fault.replacement, fault.safe)
    return Finding(
        code,
        severity,
        leaf.path,
        fault.span,
        fault.message,
        yaml_path=fault.yaml_path,
        value=fault.value,
        help=fault.help,
        fix=fix,
    )
