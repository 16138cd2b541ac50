"""No placeholder is left in a leaf.

`seedbed new` writes `TODO:` where a person must write. A teacher would imitate it, and the model would learn to
answer with it.

Fails:

    question: "TODO: a question a user would ask"

Passes:

    question: What is a spring tide?

To fix it: write what is asked for, or remove the seed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import PLACEHOLDER_SIGNS, all_texts, holds_any, is_placeholder, shown
from seedbed.taxonomy.leaf import LeafFile, Span

CODE = "SB301"
SEVERITY = Severity.ERROR

_LEFT_IN_LINE = re.compile(r"TODO\b.*")


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at every text of the leaf, and at its attribution."""
    for path, text in all_texts(leaf) if holds_any(leaf, PLACEHOLDER_SIGNS) else ():
        if path and is_placeholder(text):
            message = f"the placeholder {shown(text)} is still here; a teacher would imitate it"
            help = "write what it asks for, or remove the seed"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.span(path), message, path, text[:80], help)
    where, attribution = around.tree.attribution(leaf.path)
    if attribution is None or "TODO" not in attribution:
        return
    for number, line in enumerate(attribution.splitlines(), start=1):
        match = _LEFT_IN_LINE.search(line)
        if match is not None:
            span = Span(number, match.start() + 1, number, match.end() + 1)
            message = "a placeholder is still in the attribution"
            help = "write what it asks for; for a leaf of your own, your name and the licence you give"
            yield Finding(CODE, SEVERITY, where, span, message, (), line[:80], help)
