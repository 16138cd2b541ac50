"""No key or password stands in a leaf.

What is in git is public, and a model repeats what it was taught. Forms that providers give their keys are recognised, and
random values behind a word such as `password` or `token`. The value is shown in no report.

Fails: an access key of a cloud provider, a private key in PEM form, a token of a forge

Passes: `AKIAIOSFODNN7EXAMPLE`, `<your-token>`, `${TOKEN}`

To fix it: replace it by a placeholder such as `<your-token>`, and revoke the key at once: it may have been read.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile, Span

CODE = "SB315"
SEVERITY = Severity.ERROR

_FORMS: tuple[tuple[str, str], ...] = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,251}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
    ("a GitLab token", r"\bgl(?:pat|dt|rt|ft)-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Slack webhook", r"https://hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}"),
    ("an OpenAI or Anthropic key", r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("a Hugging Face token", r"\bhf_[A-Za-z]{30,}\b"),
    ("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{20,}\b"),
    ("a package registry's token", r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgEI[A-Za-z0-9_-]{50,}"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}"),
    ("a signed web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----"),
)
_NAMED = (
    r"(?i)(?:pass(?:word|wd|phrase)|secret|token|api[_ -]?key|access[_ -]?key|private[_ -]?key|credentials?)"
    r"[\"']?\s{0,2}(?:[:=]|=>)\s{0,2}[\"']?(?P<value>[A-Za-z0-9+/=_.~-]{16,})"
)
_SIGNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "gh": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        "gl": ("glpat-", "gldt-", "glrt-", "glft-"),
        "sk": ("sk-", "sk_live_"),
        "hub_pat": ("github_pat_",),
        "key": tuple(
            f"{word}{joint}key" for word in ("api", "access", "private") for joint in ("", "_", "-", " ")
        ),
        "pass": ("password", "passwd", "passphrase"),
        **{
            sign: (sign,)
            for sign in (
                *(
                    "akia",
                    "asia",
                    "xox",
                    "hooks.slack.com",
                    "aiza",
                    "hf_",
                    "rk_live_",
                    "npm_",
                    "pypi-",
                    "sg.",
                    "eyj",
                ),
                *("-----begin", "secret", "token", "credential"),
            )
        },
    }
)
"""What stands, without case, in whatever a pattern finds: a piece of it, and where that is there, the whole signs."""
LEAST_BITS = 3.6
"""Shannon entropy of a named value's signs, in bits each, from which it is likely random; English words have about 3."""
_SHOWN_AS_EXAMPLE = r"(?i)example|x{4,}|sample|placeholder|your|dummy|fake|1234567|abcdef"


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at each line of the leaf and of its attribution; neither message nor value holds what was found."""
    yield from _in_file(leaf.path, leaf.text)
    path, attribution = around.tree.attribution(leaf.path)
    yield from _in_file(path, attribution or "")


def _in_file(path: str, text: str) -> Iterator[Finding]:
    signs = _signs_in(text)
    if not signs:
        return  # a search for plain words is many times quicker than one for a pattern
    for number, line in enumerate(text.split("\n"), start=1):
        folded = line.casefold()
        if not any(sign in folded for sign in signs):
            continue
        for what, start, end in _secrets(line):
            yield Finding(
                CODE,
                SEVERITY,
                path,
                Span(number, start + 1, number, end + 1),
                f"this looks like {what}; what is in git is public, and a model repeats what it was taught",
                value=hashlib.blake2b(line[start:end].encode("utf-8", "replace"), digest_size=8).hexdigest(),
                help="write a placeholder such as `<your-token>` instead, and revoke it: it may have been read",
                secret=True,
            )


@lru_cache(maxsize=16)  # most leaves share a few attributions
def _signs_in(text: str) -> tuple[str, ...]:
    whole = text.casefold()
    return tuple(sign for piece, signs in _SIGNS.items() if piece in whole for sign in signs if sign in whole)


def _secrets(line: str) -> Iterator[tuple[str, int, int]]:
    """What each secret of the line is, and where; the first form that fits a place names it."""
    taken: list[tuple[int, int]] = []
    for what, form in _FORMS:
        for match in re.finditer(form, line):
            if not re.search(_SHOWN_AS_EXAMPLE, match.group()):
                taken.append(match.span())
                yield what, *match.span()
    for match in re.finditer(_NAMED, line):
        start, end = match.span("value")
        if not any(start < other_end and other < end for other, other_end in taken) and _random(
            match["value"]
        ):
            yield "a password or key", start, end


def _random(value: str) -> bool:
    mixed = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    if not mixed or re.search(_SHOWN_AS_EXAMPLE, value):
        return False
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) >= LEAST_BITS
