"""Fingerprints for formats that take two equal ones for one finding."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from seedbed.checking.finding import Finding


def with_unique_fingerprints(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Each finding with its fingerprint; of n equal ones the second and later get one made from their number.

    The first keeps its own, so that a finding does not change its name when another one like it comes or goes.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        fingerprint = finding.fingerprint
        repeated = seen[fingerprint]
        seen[fingerprint] += 1
        if repeated:
            fingerprint = hashlib.sha256(f"{fingerprint}\0{repeated}".encode()).hexdigest()[:32]
        yield finding, fingerprint
