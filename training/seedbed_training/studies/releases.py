"""Five releases, each with a new skill and a new sheet of facts: taught one after the other without replay, with a
little of it, and all at once. The bounds are in the same table, at the same number of samples seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean

from seedbed.generation.sample import Stage
from seedbed_training.planning.recipe import PhaseRecipe, ReplayRecipe
from seedbed_training.studies.course import Course, Lesson
from seedbed_training.studies.study import (
    Chart,
    Findings,
    Results,
    Study,
    accuracy,
    as_taught,
    matrix,
    not_collapsed,
    not_learned,
    replay_share,
    spread,
)
from seedbed_training.studies.worlds import World, sheet_name, skill_name

SKILLS = ("backwards", "phrase", "rotate", "bullets", "last")
STEPS = 220
SHARE = 0.15
LEARNING_RATE = 1.25e-3

WORLD = World(skills=SKILLS, sheets=len(SKILLS), samples=200, things=16, tests=80)
EVERYTHING = PhaseRecipe("all", tuple(Stage), (), epochs=1.0, learning_rate=LEARNING_RATE, warmup_steps=20)
LESSONS = tuple((sheet_name(number), skill_name(family)) for number, family in enumerate(SKILLS))
NONE = ReplayRecipe(0.0, 0.0, 0, "none", "every_phase")
REPLAY = ReplayRecipe(SHARE, 0.0, 1, "balanced", "every_phase")


def arms(seed: int) -> Mapping[str, Course]:
    """Sequential and replay in five releases; joint in one that sees as many samples as the five."""

    def course(lessons: tuple[tuple[str, ...], ...], replay: ReplayRecipe, steps: int) -> Course:
        return Course(seed, WORLD, lessons, (EVERYTHING,), replay, steps)

    everything = tuple(leaf for lesson in LESSONS for leaf in lesson)
    return {
        "sequential": course(LESSONS, NONE, STEPS),
        "replay": course(LESSONS, REPLAY, STEPS),
        "joint": course((everything,), NONE, STEPS * len(LESSONS)),
    }


def conclude(results: Results[Lesson]) -> Findings:
    """Accuracy, backward transfer and the worst leaf, beside both bounds."""
    seeds = sorted(results["joint"])
    scores = {arm: {seed: accuracy(results[arm][seed]) for seed in seeds} for arm in results}
    transfer = {
        arm: spread([matrix(results[arm][seed]).backward_transfer for seed in seeds])
        for arm in ("sequential", "replay")
    }
    worst = {arm: min(_retention(results, arm, seed) for seed in seeds) for arm in ("sequential", "replay")}
    over = spread([scores["replay"][seed] / scores["joint"][seed] for seed in seeds])
    sequential = spread([*scores["sequential"].values()])
    share = max(replay_share(results["replay"][seed]) for seed in seeds)
    figures = {
        "replay_over_joint": over.mean,
        "replay_over_joint_worst_seed": min(scores["replay"][seed] / scores["joint"][seed] for seed in seeds),
        "backward_transfer": transfer["replay"].mean,
        "worst_leaf_retention": worst["replay"],
        "sequential": sequential.mean,
        "joint": spread([*scores["joint"].values()]).mean,
        "replay": spread([*scores["replay"].values()]).mean,
        "replay_token_share": share,
        "releases": float(len(LESSONS)),
        "seeds": float(len(seeds)),
    }
    rows = tuple(
        (
            arm,
            str(spread([*scores[arm].values()])),
            str(transfer[arm]) if arm in transfer else "-",
            f"{worst[arm]:.3f}" if arm in worst else "-",
            f"{max(replay_share(results[arm][seed]) for seed in seeds):.1%}",
            f"{sum(lesson.steps for lesson in results[arm][seeds[0]]):,}",
            f"{sum(lesson.tokens for lesson in results[arm][seeds[0]]):,}",
        )
        for arm in ("sequential", "replay", "joint")
    )
    return Findings(
        figures=figures,
        header=("arm", "accuracy", "backward transfer", "worst leaf keeps", "replayed", "steps", "tokens"),
        rows=rows,
        says=(
            (
                f"With {share:.1%} of tokens replayed, {len(LESSONS)} releases reach {over.mean:.3f} of what training on "
                f"everything at once reaches; without replay {sequential.mean:.3f} of all questions are answered still."
            ),
        ),
        chart=_chart(results, seeds),
        invalid=(
            *not_collapsed("sequential", sequential.mean, 0.5),
            *not_learned("joint", figures["joint"]),
            *not_learned(
                "sequential, each release's own leaves,",
                mean(as_taught(results["sequential"][seed], LESSONS) for seed in seeds),
            ),
        ),
    )


def _retention(results: Results[Lesson], arm: str, seed: int) -> float:
    found = matrix(results[arm][seed]).worst_leaf_retention
    return found[1] if found else 0.0


def _chart(results: Results[Lesson], seeds: list[int]) -> Chart:
    """How the leaves of the first release fare as the others come."""
    first = LESSONS[0]
    return Chart(
        places=tuple(str(number + 1) for number in range(len(LESSONS))),
        series={
            arm: [
                spread(
                    [
                        sum(results[arm][seed][number].scores[leaf] for leaf in first) / len(first)
                        for seed in seeds
                    ]
                )
                for number in range(len(LESSONS))
            ]
            for arm in ("sequential", "replay")
        },
        lines=True,
        x_label="release",
        y_label="score on the first release's leaves",
    )


STUDY = Study(
    "releases",
    "Does a little replay keep what earlier releases taught, release after release?",
    arms,
    Lesson,
    conclude,
)
