"""Seeds are short enough to be shown to a teacher together.

A context has at most 500 words, a question with its answer at most 250, a whole seed at most 2,300 (InstructLab taxonomy
guide). Several seeds share one prompt; longer ones push each other out of the teacher's context and slow every request.

Warns: an answer of 600 words.

Passes: the same said in 200, or split into two seeds.

To fix it: shorten the text, or split the seed.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import Exchange, exchanges, seeds
from seedbed.taxonomy.leaf import LeafFile, YamlPath

CODE = "SB307"
SEVERITY = Severity.WARNING
CONTEXT_WORDS = 500
EXCHANGE_WORDS = 250
SEED_WORDS = 2300


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Count words between spaces; of a whole seed when none of its parts is too long by itself."""
    told = set()
    for finding in _parts(leaf):
        told.add(finding.yaml_path[:2])
        yield finding
    totals: dict[YamlPath, int] = {}
    for exchange in exchanges(leaf):
        seed_path = exchange.yaml_path[:2]
        totals.setdefault(seed_path, len((exchange.context or "").split()))
        totals[seed_path] += _words(exchange)
    for path, words in totals.items():
        if words > SEED_WORDS and path not in told:
            message = f"this seed has {words:,} words in all; more than {SEED_WORDS:,} leave a prompt no room for others"
            help = "split it: the same context can stand in two seeds with other questions"
            yield Finding(
                CODE, SEVERITY, leaf.path, leaf.key_span((*path, "context")), message, path, "seed", help
            )


def _words(exchange: Exchange) -> int:
    return len((exchange.question or "").split()) + len((exchange.answer or "").split())


def _parts(leaf: LeafFile) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, seed in seeds(leaf):
        context = seed.get("context")
        if isinstance(context, str) and context in seen:
            continue  # the same passage with other questions was told where it stands first
        seen.add(str(context))
        if isinstance(context, str) and (words := len(context.split())) > CONTEXT_WORDS:
            where = (*path, "context")
            message = (
                f"the context has {words} words; more than {CONTEXT_WORDS} crowd out other seeds in a prompt"
            )
            help = "keep the part that the questions need"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(where), message, where, "context", help)
    for exchange in exchanges(leaf):
        words = _words(exchange)
        if words > EXCHANGE_WORDS:
            where = exchange.answer_path if exchange.answer else exchange.question_path
            message = (
                f"question and answer have {words} words; more than {EXCHANGE_WORDS} crowd out other seeds"
            )
            help = "shorten them, or split the seed"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(where), message, where, "exchange", help)
