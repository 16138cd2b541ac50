"""How much of its prompts a recipe lets a server's prefix cache reuse, found without a server.

Two prompts share a cache from their first token to the first one that differs, in whole blocks (vLLM, automatic prefix
caching). So what stands first must be what most requests have in common: the system message, the document, then the
task. This is measured on what one attempt would ask, with a seed in place of the teacher's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from seedbed.generation import freeform, grounded, knowledge
from seedbed.generation.answering import answer_request, draw_exemplars
from seedbed.generation.judging import PAIR_SCORES, YES_NO, criterion_name, verdict_request
from seedbed.generation.recipe import JudgingMode
from seedbed.generation.task import Draft, Task
from seedbed.taxonomy.leaf import Kind
from seedbed.teacher.teacher import Request

BLOCK_TOKENS = 16  # vLLM's default block
_TOKEN = re.compile(
    r"\w+|[^\w\s]"
)  # words and signs: close to what tokenizers of English make, and needs none


@dataclass(frozen=True, slots=True)
class PrefixShare:
    """Tokens of a kind of request, and those that an earlier request had begun with."""

    tokens: int = 0
    shared: int = 0

    @property
    def share(self) -> float:
        """0…1."""
        return self.shared / self.tokens if self.tokens else 0.0


def shared_prefixes(requests: Iterable[tuple[str, Request]]) -> Mapping[str, PrefixShare]:
    """By label what a cache that forgets nothing would reuse of the requests, asked in this order."""
    seen: set[int] = set()
    shares: dict[str, PrefixShare] = {}
    for label, request in requests:
        tokens = prompt_tokens(request)
        chain, shared, hit = 0, 0, True
        for start in range(0, len(tokens) - BLOCK_TOKENS + 1, BLOCK_TOKENS):
            chain = hash((chain, *tokens[start : start + BLOCK_TOKENS]))
            hit = hit and chain in seen
            shared += BLOCK_TOKENS if hit else 0
            seen.add(chain)
        before = shares.get(label, PrefixShare())
        shares[label] = PrefixShare(before.tokens + len(tokens), before.shared + shared)
    return shares


def prompt_tokens(request: Request) -> tuple[str, ...]:
    """The words and signs of a prompt, a role before each message."""
    return tuple(
        token
        for message in request.messages
        for token in (f"<{message.role}>", *_TOKEN.findall(message.content))
    )


def rehearsed_requests(task: Task, attempt: int) -> Iterator[tuple[str, Request]]:
    """What one attempt asks if all goes well, with a training seed for the question, context and answer that it gets."""
    exemplars = task.exemplars()
    seed = exemplars[attempt % len(exemplars)]
    context = task.passage.text if task.passage else seed.context
    draft = Draft(seed.question, context, task.leaf.kind)
    if task.leaf.kind is Kind.GROUNDED:
        yield "context", grounded.context_request(task, attempt)
        yield "question", grounded.question_request(task, attempt, context or "")
    elif task.leaf.kind is Kind.KNOWLEDGE:
        yield "question", knowledge.question_request(task, attempt)
    else:
        yield "question", freeform.question_request(task, attempt)
    judging = task.stream.judging
    if judging.mode is JudgingMode.VERDICT:
        for template in judging.question_criteria:
            yield (
                criterion_name(template),
                verdict_request(task, template, draft, "", YES_NO, attempt=attempt),
            )
    exemplar, _ = draw_exemplars(task, attempt)
    yield "answer", answer_request(task, draft.question, draft.context, exemplar, attempt=attempt)
    if judging.mode is JudgingMode.VERDICT:
        for template in (*judging.answer_criteria, *judging.safety_criteria):
            request = verdict_request(task, template, draft, seed.answer, YES_NO, attempt=attempt)
            yield criterion_name(template), request
        if judging.pair is not None:
            yield (
                "pair",
                verdict_request(task, judging.pair, draft, seed.answer, PAIR_SCORES, attempt=attempt),
            )
