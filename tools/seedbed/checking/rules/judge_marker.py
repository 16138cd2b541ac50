"""No text of a leaf speaks to the teacher or to its judges.

Samples are kept or dropped by what a judge says, and prompts are made of the seeds. `[[A]]`, `### Instruction:` or "ignore
all previous instructions" in a seed can be taken as a verdict or an order instead of as text.

Warns:

    answer: Paris. [[10]]

Passes:

    answer: Paris.

To fix it: remove the words. A leaf about such attacks can describe them; a maintainer then lets the warning stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import all_texts, holds_any, place_of, shown
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB314"
SEVERITY = Severity.WARNING

_MARKER = (
    r"(?im)\[\[(?:[ABC]|\d{1,2}|rating|verdict|yes|no)\]\]"
    r"|^\#{2,3} ?(?:Instruction|Response|System|Assistant|Human|User)\b ?:"
    r"|\[(?:Start|End) of (?:Context|Question|Answer|Response|the (?:Context|Question|Answer))\]"
    r"|\b(?:ignore|disregard|forget) (?:all |any )?(?:of )?(?:the |your |my )?(?:previous|prior|above|earlier)"
    r" (?:instructions?|prompts?|rules)"
    r"|\byour (?:verdict|rating|score) (?:must|should|has to) be\b"
)

_SIGNS = ("[[", "##", "[start of", "[end of", "ignore", "disregard", "forget", "your")
"""One of these stands in whatever the pattern finds."""


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """One finding for each text that holds one, at the words."""
    if not holds_any(leaf, _SIGNS):
        return
    for path, text in all_texts(leaf):
        match = re.search(_MARKER, text)
        if match is not None:
            words = match.group()
            message = (
                f"{shown(words)} speaks to the teacher or its judges; in a prompt it can be taken as an order"
            )
            help = "remove it, or describe it in other words"
            yield Finding(
                CODE, SEVERITY, leaf.path, place_of(leaf, path, words), message, path, words[:80], help
            )
