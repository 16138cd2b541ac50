"""Studies at the smallest size: real plans, real training, kept arms; and figures over scores that are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from seedbed.errors import UsageError
from seedbed_training.cli.study import study as command
from seedbed_training.studies import releases
from seedbed_training.studies.catalogue import STUDIES
from seedbed_training.studies.course import Course, Lesson, take
from seedbed_training.studies.report import study_json, study_page, write_study
from seedbed_training.studies.run import run_study
from seedbed_training.studies.study import Results
from seedbed_training.studies.worlds import World, make_world

SMALL = World(skills=("last", "count"), sheets=2, samples=12, things=3, facts=2, tests=4)
LESSONS = releases.LESSONS[:2]


def small(course: Course) -> Course:
    """The same arm, in seconds."""
    names = list(make_world(SMALL, 0))
    lessons = (tuple(names),) if len(course.lessons) == 1 else ((names[0], names[2]), (names[1], names[3]))
    return replace(course, world=SMALL, lessons=lessons, steps=6, batch=8)


def scored(values: Mapping[str, float], tokens: int = 100, replayed: int = 0) -> Lesson:
    return Lesson(values, steps=1, tokens=tokens, replay_tokens=replayed, seconds=1.0)


def results(old: float) -> Results[Lesson]:
    """Every lesson is learned wholly; without replay, `old` is left of what came before."""
    leaves = [name for lesson in releases.LESSONS for name in lesson]

    def after(number: int, left: float) -> Mapping[str, float]:
        known = leaves[: 2 * (number + 1)]
        return {leaf: 1.0 if leaf in releases.LESSONS[number] else left for leaf in known}

    count = len(releases.LESSONS)
    return {
        "sequential": {0: [scored(after(number, old)) for number in range(count)]},
        "replay": {0: [scored(after(number, 0.98), replayed=15 * (number > 0)) for number in range(count)]},
        "joint": {0: [scored(dict.fromkeys(leaves, 1.0))]},
    }


def test_worlds_are_seeded_and_test_on_what_training_never_shows() -> None:
    world, again, other = make_world(SMALL, 1), make_world(SMALL, 1), make_world(SMALL, 2)
    assert world == again
    assert world != other
    for leaf in world.values():
        shown = {sample.question for sample in leaf.training}
        assert shown.isdisjoint(sample.question for sample in leaf.held_out)
        assert len(leaf.held_out) == SMALL.tests
        assert all(sample.held_out for sample in leaf.held_out)
    things = [
        {q.question.split(" the ")[-1] for q in leaf.training}
        for name, leaf in world.items()
        if "sheet" in name
    ]
    assert things[0].isdisjoint(things[1])


@pytest.mark.parametrize("name", STUDIES)
def test_every_arm_of_a_study_does_as_much(name: str) -> None:
    work = {arm: one.work for arm, one in STUDIES[name].arms(0).items()}
    assert len({*work.values()}) == 1, work


def test_an_arm_is_repeatable_and_sees_what_it_should() -> None:
    course = small(releases.arms(0)["replay"])
    lessons = take(course)
    assert [dict(lesson.scores) for lesson in take(course)] == [dict(lesson.scores) for lesson in lessons]
    assert [len(lesson.scores) for lesson in lessons] == [2, 4]
    assert lessons[0].replay_tokens == 0
    assert 0 < lessons[1].replay_tokens <= 0.15 * lessons[1].tokens
    assert all(abs(lesson.steps - course.steps) <= 1 for lesson in lessons)


def test_finished_arms_are_kept(tmp_path: Path) -> None:
    tiny = replace(
        releases.STUDY,
        arms=lambda seed: {arm: small(course) for arm, course in releases.arms(seed).items()},
        conclude=lambda found: replace(
            releases.conclude(results(0.0)), figures={arm: float(len(found[arm][0])) for arm in found}
        ),
    )
    said: list[str] = []
    outcome = run_study(tiny, seeds=[0], kept=tmp_path, jobs=1, report=said.append)
    assert dict(outcome.findings.figures) == {"sequential": 2, "replay": 2, "joint": 1}
    assert sum("arm " in line for line in said) == 3
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(kept) == 3
    next(iter(kept)).write_text("cut sho", encoding="utf-8")
    said.clear()
    run_study(tiny, seeds=[0], kept=tmp_path, jobs=1, report=said.append)
    assert said[0] == "2 of 3 arms are kept from an earlier run"
    assert sum(path.stat().st_mtime_ns == when for path, when in kept.items()) == 2


def test_the_figures_of_the_releases_study(tmp_path: Path) -> None:
    found = releases.conclude(results(0.0))
    assert found.invalid == ()
    assert found.figures["sequential"] == pytest.approx(1 / len(releases.LESSONS))
    assert found.figures["worst_leaf_retention"] == pytest.approx(0.98)
    assert found.figures["backward_transfer"] == pytest.approx(-0.02)
    assert found.figures["replay_token_share"] == pytest.approx(0.15)
    assert found.figures["replay_over_joint"] == pytest.approx(found.figures["replay"])


def test_a_study_whose_lower_bound_does_not_collapse_says_so() -> None:
    found = releases.conclude(results(0.9))
    assert "the lower bound (sequential) still scores" in found.invalid[0]


def test_studies_are_listed_and_an_unknown_one_is_refused_with_a_guess() -> None:
    listed = CliRunner().invoke(command, [])
    assert all(name in listed.output for name in STUDIES)
    refused = CliRunner().invoke(command, ["release"])
    assert isinstance(refused.exception, UsageError)
    assert refused.exception.hint == "did you mean releases?"


def test_what_is_written(tmp_path: Path) -> None:
    from seedbed_training.studies.run import Outcome

    outcome = Outcome(releases.STUDY, (0,), releases.conclude(results(0.9)), 61.0)
    paths = write_study(outcome, tmp_path)
    assert [path.name for path in paths] == ["releases.json", "releases.md", "releases.svg"]
    assert "INVALID: the lower bound" in study_page(outcome)
    assert '"seconds": 61.0' in study_json(outcome)
    assert paths[2].read_text(encoding="utf-8").startswith("<?xml")
