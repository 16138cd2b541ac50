"""No placeholder is left in a leaf.

`seedbed new` writes `TODO:` where a person must write. A teacher would imitate it, and the model would learn to
answer with it. However many there are, each file of the leaf has one finding, which names their lines.

Fails:

    question: "TODO: a question a user would ask"

Passes:

    question: What is a spring tide?

To fix it: write what is asked for, or remove the seed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import PLACEHOLDER_SIGNS, all_texts, holds_any, is_placeholder, shown
from seedbed.taxonomy.leaf import LeafFile, Span

CODE = "SB301"
SEVERITY = Severity.ERROR

_LEFT_IN_LINE = re.compile(r"TODO\b.*")


_NAMED = 8  # lines, or runs of lines
_PLACES = 200  # that one finding speaks of: more than any template has

_ASKED = "write what it asks for, or remove the seed"
_ASKED_OF_ALL = "write what each asks for, or remove the seed"
_OF_ATTRIBUTION = "write what it asks for; for a leaf of your own, your name and the licence you give"


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at every text of the leaf, and at its attribution."""
    left = [
        (leaf.span(path), text)
        for path, text in (all_texts(leaf) if holds_any(leaf, PLACEHOLDER_SIGNS) else ())
        if path and is_placeholder(text)
    ]
    if len(left) == 1:
        message = f"the placeholder {shown(left[0][1])} is still here; a teacher would imitate it"
        yield _finding(leaf.path, left, message, _ASKED)
    elif left:
        message = f"{len(left)} placeholders are still here, in {_lines(left)}; a teacher would imitate them"
        yield _finding(leaf.path, left, message, _ASKED_OF_ALL)
    where, attribution = around.tree.attribution(leaf.path)
    left = list(_in_lines(attribution or ""))
    if left:
        several = f"{len(left)} placeholders are still in the attribution, in {_lines(left)}"
        message = "a placeholder is still in the attribution" if len(left) == 1 else several
        yield _finding(where, left, message, _OF_ATTRIBUTION)


_Placeholder = tuple[Span, str]


def _in_lines(text: str) -> Iterator[_Placeholder]:
    for number, line in enumerate(text.splitlines() if "TODO" in text else (), start=1):
        match = _LEFT_IN_LINE.search(line)
        if match is not None:
            yield Span(number, match.start() + 1, number, match.end() + 1), match[0]


def _finding(path: str, left: Sequence[_Placeholder], message: str, help: str) -> Finding:
    """One for all of them: it points at the first, and the others are places that it speaks of."""
    (first, _), *others = left
    related = tuple(Related(path, span, "") for span, _ in others[:_PLACES])
    return Finding(CODE, SEVERITY, path, first, message, (), _words(left), help, related=related)


def _words(left: Sequence[_Placeholder]) -> str:
    """A word for each, by which those that a change adds are told from those that were there before it."""
    seen: Counter[str] = Counter()
    words = []
    for _, text in left:
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        seen[digest] += 1
        words.append(f"{digest}-{seen[digest]}")
    return " ".join(sorted(words))


def _lines(left: Sequence[_Placeholder]) -> str:
    """Their lines in words, such as `lines 3, 4 and 6 to 15`."""
    runs: list[tuple[int, int]] = []
    for number in sorted({span.line for span, _ in left}):
        start = runs.pop()[0] if runs and runs[-1][1] == number - 1 else number
        runs.append((start, number))
    said = []
    for start, end in runs:
        said += (
            [f"{start} to {end}"] if end > start + 1 else [f"{number}" for number in range(start, end + 1)]
        )
    if len(said) > _NAMED:
        said[_NAMED - 1 :] = ["others"]
    if len(said) == 1:
        return f"line{'s' if ' ' in said[0] else ''} {said[0]}"
    return f"lines {', '.join(said[:-1])} and {said[-1]}"
