"""A seed fits into the teacher's context window.

The teacher is shown whole seeds with its instructions and needs room to answer. A seed that fills the window by itself is
cut or refused, and the leaf yields nothing. Tokens are estimated from letters and words, since tokenizers differ: texts in
scripts other than Latin take more tokens than their words suggest.

Warns: a seed of about 3,500 tokens for a teacher that reads and writes 4,096 (`[teacher] max_model_len`).

Passes: a seed of half a window

To fix it: shorten the context or split the seed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.rules.too_long import too_long_parts
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import seeds
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB312"
SEVERITY = Severity.WARNING
KEPT_FREE = 0.25  # of the window, for instructions and the answer

_WIDE = "[\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_OTHER = "[^\x00-\u024f]"


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Estimate the tokens of each whole seed; of a part that is too long by itself SB307 speaks."""
    room = int(around.window * (1 - KEPT_FREE))
    for path, seed in seeds(leaf):
        texts = list(_texts(seed))
        if sum(map(len, texts)) + len(texts) <= room:
            continue  # no sign takes more than a token
        tokens = sum(map(estimated_tokens, texts))
        if tokens > room and not any(part[:2] == path for part in too_long_parts(leaf)):
            message = f"this seed takes about {tokens:,} tokens; a teacher's window of {around.window:,} leaves it {room:,}"
            where = (*path, "context") if "context" in seed else (*path, next(iter(seed), ""))
            help = "shorten its longest text, or split the seed"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(where), message, path, "seed", help)


def estimated_tokens(text: str) -> int:
    """About how many tokens a common tokenizer makes of `text`: four Latin letters or three quarters of a word each,
    half a sign of other alphabets, one sign of Chinese, Japanese, Korean or Thai."""
    wide = len(re.findall(_WIDE, text))
    other = len(re.findall(_OTHER, text)) - wide
    latin = len(text) - wide - other
    return round(
        max(latin / 4, len(text.split()) * 4 / 3 if not wide and not other else 0) + wide + other / 2
    )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
