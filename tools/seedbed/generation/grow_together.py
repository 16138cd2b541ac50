"""The tasks of one leaf together: begun passage by passage, topped up where some fall short, given up where the teacher
fails.

Where the recipe's quota is the leaf's (`Quota.LEAF`), a passage that gives fewer samples than its share is made up for by
those that have attempts left. That is decided when every passage has had its turn, so that it never depends on which
answers come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from seedbed.generation.asking import Asker, crew
from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.grow_task import OnDecided, TaskGrowth, TaskHarvest
from seedbed.generation.normalise import normalised
from seedbed.generation.patience import Patience
from seedbed.generation.recipe import Quota
from seedbed.generation.sample import Stage
from seedbed.generation.task import Task


async def grow_together(
    tasks: Sequence[Task], asker: Asker, on_decided: OnDecided, patience: Patience
) -> list[TaskHarvest]:
    """All harvests in the order of `tasks`; when `patience` is over, of what was asked until then."""
    growths = await _begun(tasks, asker, on_decided, patience)
    harvests = without_repeats([growth.harvest() for growth in growths])
    while not patience.over and (more := _topped_up(growths, harvests)):
        async with crew() as group:
            for growth in more:
                await growth.room()
                group.create_task(growth.grow())
        harvests = without_repeats([growth.harvest() for growth in growths])
    return harvests


async def _begun(
    tasks: Sequence[Task], asker: Asker, on_decided: OnDecided, patience: Patience
) -> list[TaskGrowth]:
    """Every task grown to its own target or budget. They begin passage by passage, so that all that is asked about one,
    in whatever stage, is asked together."""
    passages = list(dict.fromkeys(task.passage for task in tasks))
    places = {passage: number for number, passage in enumerate(passages)}
    order = sorted(range(len(tasks)), key=lambda index: (places[tasks[index].passage], index))
    shares = _Shares(len(tasks), on_decided)
    growths: dict[int, TaskGrowth] = {}

    async def grow(turn: int, growth: TaskGrowth) -> None:
        await growth.grow()
        patience.ended(turn)
        if growth.task.stream.quota is not Quota.LEAF or not growth.has_more:
            growth.settle()

    async with crew() as group:
        for turn, index in enumerate(order):
            placed = asker.at(places[tasks[index].passage])
            await placed.begin()
            hears = _both(shares.of(index), patience, turn)
            growths[index] = TaskGrowth(tasks[index], placed, hears, may_go_on=lambda: not patience.over)
            group.create_task(grow(turn, growths[index]))
    return [growths[index] for index in range(len(tasks))]


def _both(share: OnDecided, patience: Patience, turn: int) -> OnDecided:
    endures = patience.of(turn)

    def decided(loss: Loss | None, done: float) -> None:
        endures(loss)
        share(loss, done)

    return decided


class _Shares:
    """From the share that is done of each task to what it adds to the leaf's."""

    def __init__(self, tasks: int, on_decided: OnDecided) -> None:
        self._done = [0.0] * tasks
        self._on_decided = on_decided

    def of(self, index: int) -> OnDecided:
        def decided(loss: Loss | None, share: float) -> None:
            added = max(0.0, share - self._done[index])
            self._done[index] += added
            self._on_decided(loss, added / len(self._done))

        return decided


def _topped_up(growths: Sequence[TaskGrowth], harvests: Sequence[TaskHarvest]) -> list[TaskGrowth]:
    """Those that are to give more, their targets raised: what a stage misses is shared evenly among those of its tasks
    that have attempts left, the first of them taking what is over."""
    more: list[TaskGrowth] = []
    for stage in dict.fromkeys(growth.task.stage for growth in growths):
        sharing = [
            (growth, harvest)
            for growth, harvest in zip(growths, harvests, strict=True)
            if growth.task.stage is stage and growth.task.stream.quota is Quota.LEAF
        ]
        missing = sum(harvest.funnel.wanted - harvest.funnel.kept for _, harvest in sharing)
        able = [growth for growth, _ in sharing if growth.has_more]
        if missing <= 0 or not able:
            continue
        each, over = divmod(missing, len(able))
        for place, growth in enumerate(able):
            if extra := each + (place < over):
                growth.raise_target(extra)
                more.append(growth)
    return more


def without_repeats(harvests: Sequence[TaskHarvest]) -> list[TaskHarvest]:
    """Without the questions that an earlier task of the same stage had already: two passages can raise the same one."""
    seen: dict[Stage, set[str]] = {}
    kept: list[TaskHarvest] = []
    for harvest in harvests:
        earlier = seen.setdefault(harvest.task.stage, set())
        new = tuple(one for one in harvest.accepted if normalised(one.draft.sample_question) not in earlier)
        earlier.update(normalised(one.draft.sample_question) for one in new)
        repeated = len(harvest.accepted) - len(new)
        moved = Funnel(kept=-repeated, lost={Loss.REPEATED: repeated})
        kept.append(replace(harvest, accepted=new, funnel=harvest.funnel + moved))
    return kept
