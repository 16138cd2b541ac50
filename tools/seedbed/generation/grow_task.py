"""Growing one task: attempts until its target is met or its budget is spent, each going on as soon as it can.

What becomes a sample is decided in the order of the attempts, never in the order of the answers, and how many attempts
there are depends on those decisions alone: the result is the same however many requests run at a time, and after any
interruption.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from seedbed.generation import freeform, grounded, knowledge
from seedbed.generation.asking import Asker, Usage, crew
from seedbed.generation.deduplication import SeedTexts, SeenTexts
from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.in_order import InOrder
from seedbed.generation.judging import Answered, Fallen, answer_and_judge
from seedbed.generation.sample import Stage
from seedbed.generation.task import Draft, Task
from seedbed.generation.views import write_view
from seedbed.taxonomy.leaf import Kind

FEWEST_AHEAD = (
    4  # attempts under way while a sample is missing; fewer would be one long chain for the last samples
)
REMEMBERED = 100  # rejected attempts of one task that are kept to be shown
HOPE = 0.25  # of the target: so many imagined successes go into the first estimates of the share that is accepted

OnDecided = Callable[[Loss | None, float], None]

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
class Rejected:
    """A question that gave no sample, and why. Where there is no answer, the question fell already."""

    stage: Stage
    attempt: int
    question: str
    answer: str | None
    loss: Loss


@dataclass(frozen=True, slots=True)
class TaskHarvest:
    """What one task gave: the accepted and the first of the rejected in the order of their attempts, and the near
    copies of seeds that fell."""

    task: Task
    accepted: tuple[Accepted, ...]
    funnel: Funnel
    seed_copies: tuple[tuple[str, str], ...]  # (what the teacher wrote, the seed that it copies)
    rejected: tuple[Rejected, ...] = ()


class _Sieve:
    """Which drafts are new: neither seeds nor earlier questions of the task, exactly or nearly."""

    def __init__(self, task: Task) -> None:
        self._seeds = SeedTexts(
            task.recipe.near_copy,
            shown=(seed.identity for seed in task.shown),
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


class TaskGrowth:
    """A task under way. An attempt passes two turnstiles in the order of attempts: the sieve with its question, which
    may then be answered at once, and the decision with its outcome, which says how many more attempts there will be."""

    def __init__(
        self,
        task: Task,
        asker: Asker,
        on_decided: OnDecided = lambda loss, share: None,
        *,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """`on_decided` hears of each attempt why it fell, None if it was kept, and the share of the task that is done,
        0…1. Once `may_go_on` says no, no further attempt begins."""
        self.task = task
        self._asker = asker
        self._on_decided = on_decided
        self._may_go_on = may_go_on
        self._usage = Usage()
        self._sieve: _Sieve | None = _Sieve(task)
        self._seed_copies = self._sieve.seed_copies
        self._sieving, self._deciding = InOrder(), InOrder()
        self._lost: Counter[Loss] = Counter()
        self._target = task.stream.samples
        self._accepted: list[Accepted] = []
        self._surplus: list[Accepted] = []
        self._rejected: list[Rejected] = []
        self._begun = self._decided = 0

    async def room(self) -> None:
        """Wait until the teacher has room for it."""
        await self._asker.begin()

    async def grow(self) -> None:
        """Until the target is met or the budget is spent. Raises TeacherError when the teacher is lost."""
        async with crew() as group:
            self._go_on(group)

    @property
    def has_more(self) -> bool:
        """Whether a higher target could still be met, from what was too much before or by further attempts."""
        return bool(self._surplus) or self._decided < self.task.stream.attempts

    def raise_target(self, by: int) -> None:
        """Ask for so many samples more than there are now; then `grow` again."""
        self._target = len(self._accepted) + by
        promoted, self._surplus = self._surplus[:by], self._surplus[by:]
        self._accepted += promoted
        self._lost[Loss.SURPLUS] -= len(promoted)

    def settle(self) -> None:
        """It will not grow again: what only further attempts need is forgotten."""
        self._sieve = None

    def _go_on(self, group: asyncio.TaskGroup) -> None:
        """Begin every attempt that the decisions so far call for."""
        if not self._may_go_on():
            return
        budget = self.task.stream.attempts
        wanted = attempts_wanted(self._decided, len(self._accepted), self._target, budget)
        for attempt in range(self._begun, wanted):
            group.create_task(self._attempt(attempt, group))
        self._begun = max(self._begun, wanted)

    async def _attempt(self, attempt: int, group: asyncio.TaskGroup) -> None:
        write = write_view if self.task.view else _WRITERS[self.task.leaf.kind]
        written = await write(self.task, attempt, self._asker, self._usage)
        await self._sieving.turn(attempt)
        assert self._sieve is not None, "a task that is settled grows no more"
        loss = written if isinstance(written, Loss) else self._sieve.loss(written)
        self._sieving.passed()
        outcome: Accepted | Fallen = Fallen(loss or Loss.EMPTY)
        if loss is None and isinstance(written, Draft):
            answered = await answer_and_judge(self.task, written, attempt, self._asker, self._usage)
            outcome = answered if isinstance(answered, Fallen) else Accepted(attempt, written, answered)
        await self._deciding.turn(attempt)
        self._decide(outcome)
        if isinstance(written, Draft) and isinstance(outcome, Fallen):
            self._remember(attempt, written, outcome)
        self._go_on(group)
        self._deciding.passed()

    def _remember(self, attempt: int, draft: Draft, fallen: Fallen) -> None:
        if len(self._rejected) < REMEMBERED:
            question, answer = draft.sample_question, fallen.answer
            self._rejected.append(Rejected(self.task.stage, attempt, question, answer, fallen.loss))

    def _decide(self, outcome: Accepted | Fallen) -> None:
        self._decided += 1
        loss: Loss | None = None
        if isinstance(outcome, Fallen):
            loss = outcome.loss
        elif self._target is not None and len(self._accepted) >= self._target:
            loss = Loss.SURPLUS
            self._surplus.append(outcome)
        else:
            self._accepted.append(outcome)
        if loss is not None:
            self._lost[loss] += 1
        kept = len(self._accepted)
        share = max(self._decided / self.task.stream.attempts, kept / self._target if self._target else 0.0)
        self._on_decided(loss, share)

    def harvest(self) -> TaskHarvest:
        """What came of it, once every attempt is decided."""
        usage = self._usage
        funnel = Funnel(
            asked=self._decided,
            kept=len(self._accepted),
            lost={loss: self._lost[loss] for loss in Loss if self._lost[loss]},
            requests=usage.requests,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            wanted=self.task.stream.samples or 0,
            unanswered=dict(usage.unanswered),
        )
        copies = tuple(self._seed_copies)
        return TaskHarvest(self.task, tuple(self._accepted), funnel, copies, tuple(self._rejected))


def attempts_wanted(decided: int, accepted: int, target: int | None, budget: int) -> int:
    """How many attempts there should be in all, given how many of the first `decided` were accepted.

    So many more as are missing, over the share that was accepted so far. The share begins at 1 and sinks as it becomes
    known, so that the number grows from below and few attempts are made in vain.
    """
    if target is None:
        return budget
    missing = target - accepted
    if missing <= 0:
        return decided
    hope = HOPE * target
    rate = (accepted + hope) / (decided + hope)
    return min(budget, decided + max(FEWEST_AHEAD, math.ceil(missing / rate)))
