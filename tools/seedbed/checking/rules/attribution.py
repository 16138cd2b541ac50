"""A leaf has an `attribution.txt` beside it that says whose work it draws on.

A released model answers for what it was taught: every leaf's sources and licence go into the model card. Without them
the leaf cannot be released.

Fails: a folder with `qna.yaml` alone, or with an empty `attribution.txt`

Passes: `attribution.txt` with

    Title of work: Tides for beginners
    Link to work: https://example.org/tides
    License of the work: CC-BY-4.0
    Creator names: A. Sailor

To fix it: write the file; `seedbed new` makes one to fill in.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile, Span
from seedbed.taxonomy.leaf_files import parent
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES
from seedbed.taxonomy.repository import TreeFile

CODE = "SB211"
SEVERITY = Severity.ERROR
HELP = "write `Title of work:`, `Link to work:`, `License of the work:` and `Creator names:`, one per line"


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look for the file beside the leaf, and for any text in it."""
    path, text = around.tree.attribution(leaf.path)
    if text is None:
        there = next((file for file in around.tree.around(leaf.path) if file.path == path), None)
        if there is not None and there.is_regular:
            yield _too_large(path, there.size)
        if there is not None:
            return  # a link or a submodule is SB204's to refuse
        meant = _meant(path, around.tree.around(leaf.path))
        message = "there is no `attribution.txt` beside this leaf; a release must name its sources and their licence"
        help = f"add `{path}`: {HELP}" if meant is None else f"rename `{meant}` to `{path}`"
        yield Finding(CODE, SEVERITY, leaf.path, start_of(leaf), message, help=help)
    elif not text.strip():
        message = "the attribution is empty; a release must name its sources and their licence"
        yield Finding(CODE, SEVERITY, path, Span(1, 1, 1, 1), message, help=HELP)


def _meant(path: str, around: Iterable[TreeFile]) -> str | None:
    """A file in the leaf's own folder whose name is nearly the right one."""
    folder, _, wanted = path.rpartition("/")
    near = {file.path.rpartition("/")[2].lower(): file.path for file in around if parent(file.path) == folder}
    names = difflib.get_close_matches(wanted, near, n=1, cutoff=0.75)
    return near[names[0]] if names else None


def _too_large(path: str, size: int) -> Finding:
    message = f"the attribution has {size:,} bytes; at most {MAXIMUM_BYTES:,} (256 KiB) are read"
    help = "keep the titles, links, licences and names; texts of licences belong into files of their own"
    return Finding(CODE, SEVERITY, path, Span(1, 1, 1, 1), message, value="size", help=help)
