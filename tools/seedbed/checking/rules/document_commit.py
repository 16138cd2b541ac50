"""Documents of another repository are pinned by a full commit id.

A branch or tag moves: the documents that were reviewed would not be those that are taught. 40 hexadecimal digits name
one state for ever.

Fails:

    document:
      repo: https://example.org/sea/tides.git
      commit: main
      patterns: [tides.md]

Passes:

      commit: 0123456789abcdef0123456789abcdef01234567

To fix it: `git ls-remote REPO` prints the id to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import document_of, shown
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB401"
SEVERITY = Severity.ERROR
_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_PATH = ("document", "commit")


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the shape of the commit; whether it exists is not asked of the network here."""
    commit = document_of(leaf).get("commit")
    if isinstance(commit, str) and commit and not _COMMIT.fullmatch(commit):
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            leaf.span(_PATH),
            f"{shown(commit)} is not a full commit id; expected 40 hexadecimal digits, which never move",
            _PATH,
            commit[:80],
            "`git ls-remote REPO` prints the id to write",
        )
