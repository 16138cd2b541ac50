"""Phased against stacked, and the order of phases: one release of facts and skills, from a base that was pre-trained.

From random weights "knowledge first" looks worse than it is: a model that has only memorised learns no rule afterwards.
So every arm starts from the same base, which copies and knows rules under code words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from seedbed.generation.sample import Stage
from seedbed_training.planning.recipe import PhaseRecipe, ReplayRecipe
from seedbed_training.studies.course import Course, Lesson
from seedbed_training.studies.releases import EVERYTHING, LEARNING_RATE
from seedbed_training.studies.study import (
    Chart,
    Findings,
    Results,
    Spread,
    Study,
    mean_score,
    not_collapsed,
    not_learned,
    spread,
)
from seedbed_training.studies.worlds import World, sheet_name, skill_name

SHARE = 0.15
WORLD = World(skills=("backwards", "phrase"), sheets=2, samples=200, things=16)
FACTS = (sheet_name(0), sheet_name(1))
SKILLS = (skill_name("backwards"), skill_name("phrase"))
STEPS = 360
_KNOWLEDGE, _SKILLS = Stage.KNOWLEDGE_SHORT, Stage.COMPOSITIONAL


def arms(seed: int) -> Mapping[str, Course]:
    """Either order, each without and with replay of the first phase in the second; and all in one phase."""

    def phase(stage: Stage, before: tuple[Stage, ...]) -> PhaseRecipe:
        return PhaseRecipe(str(stage), (stage,), before, 1.0, LEARNING_RATE, warmup_steps=20)

    def course(*phases: PhaseRecipe, share: float = 0.0) -> Course:
        replay = ReplayRecipe(0.0, share, 0, "balanced", "every_phase")
        return Course(seed, WORLD, ((*FACTS, *SKILLS),), phases, replay, STEPS)

    found: dict[str, Course] = {}
    for name, first, second in (
        ("facts, then skills", _KNOWLEDGE, _SKILLS),
        ("skills, then facts", _SKILLS, _KNOWLEDGE),
    ):
        phases = (phase(first, ()), phase(second, (first,)))
        found[f"{name}, no replay"] = course(*phases)
        found[f"{name}, replay"] = course(*phases, share=SHARE)
    found["stacked"] = replace(course(EVERYTHING))
    return found


def conclude(results: Results[Lesson]) -> Findings:
    """Facts, skills and both, arm by arm."""
    seeds = sorted(results["stacked"])

    def score(arm: str, leaves: tuple[str, ...]) -> Spread:
        return spread([mean_score(results[arm][seed], leaves) for seed in seeds])

    rows = tuple(
        (arm, str(score(arm, FACTS)), str(score(arm, SKILLS)), str(score(arm, (*FACTS, *SKILLS))))
        for arm in results
    )
    means = {arm: score(arm, (*FACTS, *SKILLS)).mean for arm in results}
    forgot = max(
        score("facts, then skills, no replay", FACTS).mean,
        score("skills, then facts, no replay", SKILLS).mean,
    )
    learned = min(
        score("facts, then skills, no replay", SKILLS).mean,
        score("skills, then facts, no replay", FACTS).mean,
    )
    return Findings(
        figures=means,
        header=("arm", "facts", "skills", "all"),
        rows=rows,
        says=(
            f"With {SHARE:.0%} phase replay the order changes the mean by "
            + f"{abs(means['facts, then skills, replay'] - means['skills, then facts, replay']):.3f}; "
            + f"stacked reaches {means['stacked']:.3f}.",
        ),
        chart=Chart(
            places=("facts", "skills"),
            series={arm: [score(arm, FACTS), score(arm, SKILLS)] for arm in results},
            lines=False,
            x_label="leaves",
            y_label="score at the end",
        ),
        invalid=(
            *not_collapsed("the first phase, no replay", forgot, 0.5),
            *not_learned("stacked", means["stacked"]),
            *not_learned("the second phase, no replay,", learned),
        ),
    )


STUDY = Study(
    "phases",
    "Does it matter in which order facts and skills are taught, or whether they are taught in phases at all?",
    arms,
    Lesson,
    conclude,
)
