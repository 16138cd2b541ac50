"""Growing one task: waves of attempts until its target is met or its attempts are spent.

What becomes a sample is decided in the order of the attempts, never in the order of the answers, and the size of a
wave depends on counts alone: the result is the same however many requests run at a time, and after any interruption.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from seedbed.generation import freeform, grounded, knowledge
from seedbed.generation.asking import Asker, Usage, together
from seedbed.generation.deduplication import SeedTexts, SeenTexts
from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.judging import Answered, answer_and_judge
from seedbed.generation.task import Draft, Task
from seedbed.taxonomy.leaf import Kind

SMALLEST_WAVE = 8  # attempts; fewer would leave the teacher idle for the last few samples

_WRITERS = {
    Kind.FREEFORM: freeform.write_question,
    Kind.GROUNDED: grounded.write_question,
    Kind.KNOWLEDGE: knowledge.write_question,
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A draft and its answer, both good."""

    attempt: int
    draft: Draft
    answered: Answered


@dataclass(frozen=True, slots=True)
class TaskHarvest:
    """What one task gave: the accepted in the order of their attempts, and the near copies of seeds that fell."""

    task: Task
    accepted: tuple[Accepted, ...]
    funnel: Funnel
    seed_copies: tuple[tuple[str, str], ...]  # (what the teacher wrote, the seed that it copies)


class _Sieve:
    """Which drafts are new: neither seeds nor earlier questions of the task, exactly or nearly."""

    def __init__(self, task: Task) -> None:
        self._seeds = SeedTexts(
            task.recipe.near_copy,
            shown=(seed.identity for seed in task.seeds.training),
            held_out=(seed.identity for seed in task.seeds.held_out),
        )
        self._earlier = SeenTexts(task.recipe.near_copy)
        self.seed_copies: list[tuple[str, str]] = []

    def loss(self, draft: Draft) -> Loss | None:
        text = draft.sample_question
        copied = self._seeds.copied(text)
        if copied is not None:
            self.seed_copies.append((text, copied))
            return Loss.SEED_COPY
        if self._earlier.nearest_copy(text) is not None:
            return Loss.REPEATED
        self._earlier.add(text)
        return None


async def grow_task(task: Task, asker: Asker) -> TaskHarvest:
    """All samples of one task. Raises TeacherError when the teacher is lost."""
    usage = Usage()
    sieve = _Sieve(task)
    lost: Counter[Loss] = Counter()
    accepted: list[Accepted] = []
    asked = 0
    stream = task.stream
    while size := _wave_size(asked, len(accepted), stream.samples, stream.attempts):
        attempts = range(asked, asked + size)
        asked += size
        drafts = await _write_questions(task, attempts, sieve, lost, asker, usage)
        answers = await together(
            answer_and_judge(task, draft, attempt, asker, usage) for attempt, draft in drafts
        )
        for (attempt, draft), answered in zip(drafts, answers, strict=True):
            if isinstance(answered, Loss):
                lost[answered] += 1
            elif stream.samples is not None and len(accepted) >= stream.samples:
                lost[Loss.SURPLUS] += 1
            else:
                accepted.append(Accepted(attempt, draft, answered))
    funnel = Funnel(
        asked,
        len(accepted),
        0,
        {loss: lost[loss] for loss in Loss if lost[loss]},
        usage.requests,
        usage.prompt_tokens,
        usage.completion_tokens,
    )
    return TaskHarvest(task, tuple(accepted), funnel, tuple(sieve.seed_copies))


async def _write_questions(
    task: Task, attempts: Sequence[int], sieve: _Sieve, lost: Counter[Loss], asker: Asker, usage: Usage
) -> list[tuple[int, Draft]]:
    """The drafts of a wave that are worth an answer; the others are counted in `lost`."""
    write = _WRITERS[task.leaf.kind]
    written = await together(write(task, attempt, asker, usage) for attempt in attempts)
    worth: list[tuple[int, Draft]] = []
    for attempt, draft in zip(attempts, written, strict=True):
        loss = draft if isinstance(draft, Loss) else sieve.loss(draft)
        if loss is not None:
            lost[loss] += 1
        elif isinstance(draft, Draft):
            worth.append((attempt, draft))
    return worth


def _wave_size(asked: int, accepted: int, target: int | None, budget: int) -> int:
    """Attempts of the next wave: what is missing, over the share that was accepted so far; 0 when it is over."""
    left = budget - asked
    if target is None:
        return left
    missing = target - accepted
    if missing <= 0 or left <= 0:
        return 0
    rate = (accepted + 1) / (asked + 1)  # 1 before the first wave
    return min(left, max(SMALLEST_WAVE, math.ceil(missing / rate)))
