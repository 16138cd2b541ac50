"""A leaf lies under one of the three branches.

`knowledge`, `foundational_skills` and `compositional_skills` decide how samples are made and when they are taught. A
leaf elsewhere, or in a branch without a folder of its own, has no name that generation could read it by.

Fails: `taxonomy/skills/poems/qna.yaml`, `taxonomy/compositional_skills/qna.yaml`, and a new
`compositional_skills/poems/qna.yaml` where the branches stand under `taxonomy/`

Passes: `taxonomy/compositional_skills/poems/qna.yaml`

To fix it: move the leaf's folder under the branch of its kind.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import BRANCHES, LeafFile, Span
from seedbed.taxonomy.leaf_files import FILE_NAME, is_qna
from seedbed.taxonomy.repository import Difference

CODE = "SB206"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the first folder of the leaf's name."""
    first, *others = leaf.name.split("/")
    if first in BRANCHES and (others or not leaf.path.endswith(f"/{FILE_NAME}")):
        return
    if first in BRANCHES:
        message = (
            f"the leaf lies in the branch `{first}` itself; the folder of a leaf is its name, and it has none"
        )
        help = f"move it into a folder of its own, such as `{first}/topic/{FILE_NAME}`"
        yield Finding(CODE, SEVERITY, leaf.path, start_of(leaf), message, value=first, help=help)
        return
    near = difflib.get_close_matches(first.lower(), BRANCHES, n=1)
    guess = f"; did you mean `{near[0]}`?" if near else ""
    message = f"`{first}` is none of the three branches{guess}"
    help = f"move the leaf under {', '.join(f'`{branch}`' for branch in BRANCHES)}"
    if first == ".":
        message = "the leaf lies at the taxonomy's root, in none of the three branches"
    elif any(part in BRANCHES for part in others):
        below = next(index for index, part in enumerate(others, start=1) if part in BRANCHES)
        help += f"; if `{'/'.join([first, *others][:below])}` holds the branches, set it as `[taxonomy] root`"
    yield Finding(CODE, SEVERITY, leaf.path, start_of(leaf), message, value=first, help=help)


def beside_the_taxonomy(differences: Iterable[Difference], root: str) -> Iterator[Finding]:
    """New leaves in a branch that stands beside the taxonomy's `root`, where nothing ever looks for one."""
    for before, after in differences:
        if before is None and after is not None and is_qna(after.path):
            message = f"this leaf lies outside of `{root}/`, so it is neither checked nor taught"
            help = f"move its folder to `{root}/{after.path.rpartition('/')[0]}`"
            yield Finding(CODE, SEVERITY, after.path, Span(1, 1, 1, 1), message, value=root, help=help)
