"""Seeds are worded so that the model may repeat them to anybody.

A model answers in the tone that it was shown. Some leaves need coarse words, such as one about moderation: this is a
hint, and `[check] profanity` in `seedbed.toml` lists the words.

Hints: a coarse word in an answer

Passes: the same in words that suit everybody

To fix it: reword it, or let the hint stand where the word is the subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import all_texts, holds_any, place_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB317"
SEVERITY = Severity.HINT

WORDS = tuple(
    "arsehole asshole bastard bitch bollocks bullshit cunt dickhead fuck motherfucker shit shithead slut twat wanker "
    "whore".split()
)


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """One finding for each text that holds such a word, at the first one."""
    listed = around.settings.profanity
    words = WORDS if listed is None else listed
    if not holds_any(leaf, map(str.casefold, words)):
        return
    for path, text in all_texts(leaf):
        match = _pattern(words).search(text)
        if match is not None:
            found = match.group()
            message = "a coarse word; a model answers in the tone that it was shown"
            help = "reword it, or let the hint stand where the word is the subject"
            yield Finding(
                CODE, SEVERITY, leaf.path, place_of(leaf, path, found), message, path, found[:80], help
            )


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words and their common endings, so that Scunthorpe is a town."""
    choices = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"\b(?:{choices})(?:s|ed|er|ers|ing|y)?\b", re.IGNORECASE)
