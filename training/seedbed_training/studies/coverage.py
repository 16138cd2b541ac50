"""Share against coverage: how often old samples come back, and which of them are there to come back, are two knobs.

A first release teaches a skill and a sheet of facts, a second one others. What is left of the first is measured by kind,
for several shares, with a buffer of everything, of a tenth of the facts, and of twenty exemplars of the skill.
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

SHARES = (0.05, 0.15, 0.30)
_WHOLE = ReplayRecipe(0.0, 0.0, 1, "balanced", "every_phase")
BUFFERS = {
    "everything": _WHOLE,
    "a tenth of the facts": replace(_WHOLE, knowledge_coverage=0.1),
    "20 of each skill": replace(_WHOLE, skill_exemplars=20),
}
WORLD = World(skills=("backwards", "phrase"), sheets=2, samples=200, things=16)
FIRST = (sheet_name(0), skill_name("backwards"))
LESSONS = (FIRST, (sheet_name(1), skill_name("phrase")))
STEPS = 180


def arms(seed: int) -> Mapping[str, Course]:
    """Every share with every buffer, and both bounds."""

    def course(replay: ReplayRecipe) -> Course:
        return Course(seed, WORLD, LESSONS, (EVERYTHING,), replay, STEPS)

    everything = tuple(leaf for lesson in LESSONS for leaf in lesson)
    found = {"none": course(NONE)}
    for buffer, replay in BUFFERS.items():
        for share in SHARES:
            found[_arm(buffer, share)] = course(replace(replay, leaf_share=share))
    found["joint"] = replace(course(NONE), lessons=(everything,), steps=STEPS * len(LESSONS))
    return found


def conclude(results: Results[Lesson]) -> Findings:
    """What is left of the first release's facts and of its skill."""
    seeds = sorted(results["joint"])

    def left(arm: str, leaf: str) -> Spread:
        return spread([mean_score(results[arm][seed], [leaf]) for seed in seeds])

    kinds = {"facts": FIRST[0], "skill": FIRST[1]}
    rows = tuple(
        (
            arm,
            f"{max(replay_share(results[arm][seed]) for seed in seeds):.1%}",
            *(str(left(arm, leaf)) for leaf in kinds.values()),
        )
        for arm in results
    )
    few_facts = left(_arm("a tenth of the facts", SHARES[-1]), kinds["facts"]).mean
    few_exemplars = left(_arm("20 of each skill", SHARES[-1]), kinds["skill"]).mean
    none = spread([mean_score(results["none"][seed], FIRST) for seed in seeds]).mean
    return Findings(
        figures={f"{kind}: {arm}": left(arm, leaf).mean for kind, leaf in kinds.items() for arm in results},
        header=("buffer, share of tokens", "replayed", *(f"{kind} kept" for kind in kinds)),
        rows=rows,
        says=(
            f"At {SHARES[-1]:.0%} of tokens, a tenth of the facts in the buffer keeps {few_facts:.2f} of all facts; "
            + f"20 exemplars keep {few_exemplars:.2f} of the skill.",
        ),
        chart=Chart(
            places=tuple(f"{share:.0%}" for share in SHARES),
            series={
                f"{kind}, {buffer}": [left(_arm(buffer, share), leaf) for share in SHARES]
                for kind, leaf in kinds.items()
                for buffer in BUFFERS
            },
            lines=True,
            x_label="replay's share of tokens",
            y_label="score on the first release's leaf",
        ),
        invalid=(
            *not_collapsed("none", none, 0.5),
            *not_learned("joint", mean(mean_score(results["joint"][seed], FIRST) for seed in seeds)),
            *not_learned(
                "none, each release's own leaves,",
                mean(as_taught(results["none"][seed], LESSONS) for seed in seeds),
            ),
        ),
    )


def _arm(buffer: str, share: float) -> str:
    return f"{buffer}, {share:.0%}"


STUDY = Study(
    "coverage",
    "What must be in the replay buffer, and how much of each batch must come from it: for facts, and for skills?",
    arms,
    Lesson,
    conclude,
)
