"""Mixing: how a small share of replay is best divided among old leaves that differ in size by a factor of thirty.

A first release teaches four skills of 600, 150, 40 and 20 samples and a sheet of facts; a second one something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import mean

from seedbed_training.planning.recipe import ReplayRecipe
from seedbed_training.studies.course import Course, Lesson
from seedbed_training.studies.releases import EVERYTHING, NONE
from seedbed_training.studies.study import (
    Chart,
    Findings,
    Results,
    Spread,
    Study,
    as_taught,
    mean_score,
    not_collapsed,
    not_learned,
    replay_share,
    spread,
)
from seedbed_training.studies.worlds import World, sheet_name, skill_name

STRATEGIES = ("uniform", "tempered", "balanced", "surprise")
SHARE = 0.1
SIZES: Mapping[str, int] = {"backwards": 600, "rotate": 150, "last": 40, "bullets": 20}
NEW = "phrase"
WORLD = World(skills=(*SIZES, NEW), sheets=2, samples=(*SIZES.values(), 200), things=16)
OLD = (*(skill_name(family) for family in SIZES), sheet_name(0))
LESSONS = (OLD, (skill_name(NEW), sheet_name(1)))
STEPS = 300


def arms(seed: int) -> Mapping[str, Course]:
    """Each way of dividing the share, and both bounds."""

    def course(replay: ReplayRecipe) -> Course:
        return Course(seed, WORLD, LESSONS, (EVERYTHING,), replay, STEPS)

    everything = tuple(leaf for lesson in LESSONS for leaf in lesson)
    return {
        "none": course(NONE),
        **{strategy: course(ReplayRecipe(SHARE, 0.0, 1, strategy, "every_phase")) for strategy in STRATEGIES},
        "joint": replace(course(NONE), lessons=(everything,), steps=STEPS * len(LESSONS)),
    }


def conclude(results: Results[Lesson]) -> Findings:
    """Old leaves counted alike, the worst of them, and what the second release learned."""
    seeds = sorted(results["joint"])

    def old(arm: str) -> Spread:
        return spread([mean_score(results[arm][seed], OLD) for seed in seeds])

    def worst(arm: str) -> Spread:
        return spread([min(results[arm][seed][-1].scores[leaf] for leaf in OLD) for seed in seeds])

    def new(arm: str) -> Spread:
        return spread([mean_score(results[arm][seed], LESSONS[1]) for seed in seeds])

    best = max(STRATEGIES, key=lambda arm: old(arm).mean)
    return Findings(
        figures={
            f"{what}: {arm}": of(arm).mean for what, of in (("old", old), ("worst", worst)) for arm in results
        },
        header=("strategy", "old leaves", "worst old leaf", "new leaves", "replayed"),
        rows=tuple(
            (
                arm,
                str(old(arm)),
                str(worst(arm)),
                str(new(arm)),
                f"{max(replay_share(results[arm][seed]) for seed in seeds):.1%}",
            )
            for arm in results
        ),
        says=(
            f"At {SHARE:.0%} of tokens, {best} keeps most of the old leaves ({old(best).mean:.3f}), "
            + f"sample-uniform {old('uniform').mean:.3f}.",
        ),
        chart=Chart(
            places=(*(f"{family} ({size})" for family, size in SIZES.items()), "facts"),
            series={
                arm: [spread([mean_score(results[arm][seed], [leaf]) for seed in seeds]) for leaf in OLD]
                for arm in results
            },
            lines=False,
            x_label="old leaf (samples)",
            y_label="score after the second release",
        ),
        invalid=(
            *not_collapsed("none", old("none").mean, 0.5),
            *not_learned("joint", mean(mean_score(results["joint"][seed], OLD) for seed in seeds)),
            *not_learned(
                "none, each release's own leaves,",
                mean(as_taught(results["none"][seed], LESSONS) for seed in seeds),
            ),
        ),
    )


STUDY = Study(
    "mixing",
    "How is a small share of replay best divided among leaves of very unlike size?",
    arms,
    Lesson,
    conclude,
)
