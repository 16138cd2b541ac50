"""All seeds of a skill have a context, or none has.

A grounded skill works on a text that it is given; a freeform skill is not given one. They go through different
generation streams, and a leaf that mixes them is taken as freeform: its contexts would be lost.

Warns: four seeds with `context` and one without.

Passes: five seeds with `context`.

To fix it: give every seed a context, or put the text into the question.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import seeds
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB306"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Point at the fewer: the seeds without a context, or those with one."""
    all_seeds = [(path, seed) for path, seed in seeds(leaf) if "questions_and_answers" not in seed]
    without = [path for path, seed in all_seeds if "context" not in seed]
    given = [path for path, seed in all_seeds if "context" in seed]
    if not without or not given or (leaf.data is not None and "document" in leaf.data):
        return
    fewer, what = (without, "no context") if len(without) <= len(given) else (given, "a context")
    others = len(all_seeds) - len(fewer)
    for path in fewer:
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            leaf.key_span((*path, "context" if what == "a context" else "question")),
            f"this seed has {what}, unlike {others} other{'s' if others > 1 else ''}; a leaf that mixes them is taken "
            "as freeform and its contexts are not used",
            path,
            what,
            "give every seed a context, or put the text into the question",
        )
