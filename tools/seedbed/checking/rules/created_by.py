"""`created_by` is the account of a person on the forge.

Reviewers ask that person, and the model card credits them. A full name, an e-mail address or a word such as `me` leads
to nobody.

Warns:

    created_by: Jane Doe <jane@example.org>

Passes:

    created_by: janedoe

To fix it: write the account name, without `@`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Fix, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import is_placeholder, shown
from seedbed.taxonomy.leaf import LeafFile, YamlPath

CODE = "SB213"
SEVERITY = Severity.WARNING

_ACCOUNT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[-_.](?=[A-Za-z0-9_-]|\Z)){0,62}(?:\[bot\])?")
"""Account names of GitHub (39 characters, `-`), managed GitHub accounts (`_`) and GitLab (`.`)."""
_NOBODY = frozenset(
    "me myself you someone somebody anonymous unknown none user username your-username your_username yourname author "
    "your-github-username github-username githubusername your_github_username test todo tbd xxx".split()
)
PATH: YamlPath = ("created_by",)


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the form of the name; what the reader already said of it is not said again."""
    name = leaf.data.get("created_by") if leaf.data is not None else None
    if not isinstance(name, str) or not name.strip() or is_placeholder(name):
        return
    if any(fault.yaml_path == PATH for fault in leaf.faults):
        return
    name = name.strip()
    if _ACCOUNT.fullmatch(name) is not None and name.lower() not in _NOBODY:
        return
    message = (
        f"{shown(name)} is not the name of an account; reviewers and the model card need to name a person"
    )
    fix = None
    if _ACCOUNT.fullmatch(name.removeprefix("@")) is not None and name.startswith("@"):
        fix = Fix(leaf.span(PATH), name.removeprefix("@"), safe=True)
    help = "write the account on the forge, without `@`"
    yield Finding(CODE, SEVERITY, leaf.path, leaf.span(PATH), message, PATH, name[:80], help, fix)
