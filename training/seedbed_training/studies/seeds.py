"""Leaf-local against pooled seeds: which tasks the accepted samples pose, and how unlike each other they are.

LAB shows a teacher the seeds of one leaf at a time; self-instruct (arXiv 2212.10560) shows seeds of one pool of all
tasks. LAB's paper says that a pool leaves the rare tasks out, and does not measure it. Here eight leaves hold from 5 to
20 seed examples, every leaf is asked for as many samples, and what each sample really asks for is read off its wording.

The lower bound shows the seeds of one leaf for all of them: there all but one task must be missing, or what a prompt
shows would not be what decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log

from seedbed_training.studies.growth import Crop, Growth, Source
from seedbed_training.studies.study import (
    LEARNED,
    Chart,
    Findings,
    Results,
    Spread,
    Study,
    not_collapsed,
    spread,
)

LEAVES: Mapping[str, int] = {
    "backwards": 5,
    "last": 5,
    "second": 5,
    "swap_ends": 5,
    "rotate": 10,
    "drop_first": 10,
    "bullets": 20,
    "phrase": 20,
}
"""Seed examples of each leaf; five are the fewest that a leaf may hold."""
SAMPLES, ATTEMPTS = 60, 240
ARMS: tuple[Source, ...] = ("leaf", "branch", "one leaf")


def arms(seed: int) -> Mapping[str, Growth]:
    """The leaf's own seeds, those of the branch, and the bound."""
    return {source: Growth(seed, LEAVES, source, SAMPLES, ATTEMPTS) for source in ARMS}


def conclude(results: Results[Crop]) -> Findings:
    """Coverage and evenness of tasks, how many samples pose the task of their leaf, and three figures of diversity."""
    seeds = sorted(results["leaf"])

    def over(arm: str, figure: str) -> Spread:
        return spread([_FIGURES[figure](results[arm][seed][0]) for seed in seeds])

    rarest = over("branch", "rarest task")
    return Findings(
        figures={f"{figure}: {arm}": over(arm, figure).mean for figure in _FIGURES for arm in results},
        header=("seeds shown", *_FIGURES),
        rows=tuple((arm, *(str(over(arm, figure)) for figure in _FIGURES)) for arm in results),
        says=(
            (
                f"With the leaf's own seeds, {over('leaf', 'own task').mean:.0%} of its accepted samples pose its task; with "
                f"seeds of the whole branch {over('branch', 'own task').mean:.0%}, and the rarest task gets "
                f"{rarest.mean:.2f} of an even share. The sandbox's teacher answers for one lexicon, and was taught with "
                "examples of one task in a prompt: mixed ones are strange to it."
            ),
        ),
        chart=Chart(
            places=tuple(f"{family.replace('_', ' ')}\n{count}" for family, count in LEAVES.items()),
            series={
                arm: [
                    spread([_times_even(results[arm][seed][0], family) for seed in seeds])
                    for family in LEAVES
                ]
                for arm in ("leaf", "branch")
            },
            lines=False,
            x_label="task, and how many seed examples its leaf has",
            y_label="accepted samples, in even shares",
            y_limit=2.5,
        ),
        invalid=(
            *not_collapsed("seeds of one leaf alone", over("one leaf", "coverage").mean, 0.5),
            *_no_tasks(over("leaf", "own task").mean),
        ),
    )


def _no_tasks(own: float) -> tuple[str, ...]:
    """The reason why the study is invalid if even the leaf's own seeds do not show the teacher its task."""
    if own >= LEARNED:
        return ()
    return (
        f"with the leaf's own seeds only {own:.3f} of its samples pose its task; {LEARNED:g} at least was expected",
    )


def _samples(crop: Crop) -> int:
    return sum(sum(found.values()) for found in crop.tasks.values())


def _times_even(crop: Crop, family: str) -> float:
    """Accepted samples that pose this task, over what each would get if all got as many."""
    posed = sum(found.get(family, 0) for found in crop.tasks.values())
    return posed * len(LEAVES) / max(1, _samples(crop))


def _coverage(crop: Crop) -> float:
    """The share of tasks that get half of an even share at least."""
    return sum(_times_even(crop, family) >= 0.5 for family in LEAVES) / len(LEAVES)


def _evenness(crop: Crop) -> float:
    """Entropy of the tasks over that of equal shares, 0…1, among the samples that pose one of them."""
    posed = [share for family in LEAVES if (share := _times_even(crop, family))]
    return -sum(share / sum(posed) * log(share / sum(posed)) for share in posed) / log(len(LEAVES))


_FIGURES: Mapping[str, Callable[[Crop], float]] = {
    "own task": lambda crop: crop.score,
    "coverage": _coverage,
    "evenness": _evenness,
    "rarest task": lambda crop: min(_times_even(crop, family) for family in LEAVES),
    "right": lambda crop: sum(crop.right.values()) / max(1, _samples(crop)),
    "distinct-2": lambda crop: crop.distinct_2,
    "nearest": lambda crop: crop.nearest_distance,
}

STUDY = Study(
    "seeds",
    "What is lost when the examples of a prompt are drawn from all leaves rather than from the leaf's own?",
    arms,
    Crop,
    conclude,
)
