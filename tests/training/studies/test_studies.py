"""Studies at the smallest size: real plans, real training, kept arms; and figures over scores that are given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from seedbed.errors import TrainingError, UsageError
from seedbed_training.cli.study import study as command
from seedbed_training.studies import coverage, mixing, phases, releases, run
from seedbed_training.studies.catalogue import STUDIES
from seedbed_training.studies.course import Course, Lesson, take
from seedbed_training.studies.report import study_json, study_page, write_study
from seedbed_training.studies.run import Outcome, run_study
from seedbed_training.studies.study import Results, Study
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


def test_a_study_in_which_nothing_is_learned_is_invalid_however_well_its_bound_collapses() -> None:
    nothing = {
        arm: {0: [replace(each, scores=dict.fromkeys(each.scores, 0.1)) for each in lessons[0]]}
        for arm, lessons in results(0.0).items()
    }
    found = releases.conclude(nothing)
    assert [reason[:30] for reason in found.invalid] == ["what is taught is not learned "] * 2
    assert "joint scores 0.100" in found.invalid[0] and "sequential, each release's own" in found.invalid[1]


@pytest.mark.parametrize("study", [coverage.STUDY, mixing.STUDY], ids=lambda study: study.name)
@pytest.mark.parametrize(
    ("none", "joint", "reasons"),
    [
        ((1.0, 0.0), 1.0, []),
        ((1.0, 0.8), 1.0, ["the lower bound (none) still scores 0.800"]),
        ((1.0, 0.0), 0.2, ["what is taught is not learned (joint scores 0.200"]),
        ((0.3, 0.0), 1.0, ["what is taught is not learned (none, each"]),
        ((1.0, float("nan")), 1.0, ["the lower bound (none) still scores nan"]),
    ],
)
def test_both_bounds_of_a_study_of_two_releases(
    study: Study[Lesson], none: tuple[float, float], joint: float, reasons: list[str]
) -> None:
    """`none`: the scores of leaves just after they were taught, and what is left of the first release's."""
    arms = study.arms(0)
    lessons = arms["none"].lessons
    everything = [leaf for lesson in lessons for leaf in lesson]
    first = scored(dict.fromkeys(lessons[0], none[0]))
    second = scored({leaf: none[0] if leaf in lessons[1] else none[1] for leaf in everything})
    found = {arm: {0: [first, second]} for arm in arms}
    found["joint"] = {0: [scored(dict.fromkeys(everything, joint))]}
    said = study.conclude(found).invalid
    assert [text[: len(reason)] for text, reason in zip(said, reasons, strict=True)] == reasons


@pytest.mark.parametrize(
    ("first", "second", "stacked", "reasons"),
    [
        (0.2, 0.9, 0.9, []),
        (0.6, 0.9, 0.9, ["the lower bound (the first phase, no replay)"]),
        (0.2, 0.9, 0.5, ["what is taught is not learned (stacked"]),
        (0.2, 0.5, 0.9, ["what is taught is not learned (the second phase"]),
    ],
)
def test_both_bounds_of_the_study_of_phases(
    first: float, second: float, stacked: float, reasons: list[str]
) -> None:
    def arm(facts: float, skills: float) -> dict[int, list[Lesson]]:
        return {0: [scored(dict.fromkeys(phases.FACTS, facts) | dict.fromkeys(phases.SKILLS, skills))]}

    found = {name: arm(stacked, stacked) for name in phases.STUDY.arms(0)}
    found["facts, then skills, no replay"] = arm(first, second)
    found["skills, then facts, no replay"] = arm(second, first)
    said = phases.conclude(found).invalid
    assert [text[: len(reason)] for text, reason in zip(said, reasons, strict=True)] == reasons


def test_an_invalid_study_is_written_down_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = Outcome(releases.STUDY, (0,), releases.conclude(results(0.9)), 61.0)
    monkeypatch.setattr("seedbed_training.studies.run.run_study", lambda *_, **__: outcome)
    figures, out = tmp_path / "figures.json", tmp_path / "out"
    ended = CliRunner().invoke(command, ["releases", "--json", str(figures), "--out", str(out)])
    assert isinstance(ended.exception, TrainingError) and ended.exception.exit_code == 1
    assert "is invalid: the lower bound (sequential) still scores" in ended.exception.message
    assert "INVALID: the lower bound" in ended.output and (out / "releases.md").is_file()
    assert json.loads(figures.read_text(encoding="utf-8"))["valid"] is False


def test_an_arm_is_kept_under_the_code_that_answers_its_questions_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = run._making()
    assert before == run._making()
    seen: list[str] = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: seen.append(path.name) or b"")
    assert run._making() != before
    assert {"decoding.py", "score.py", "loop.py", "make_plan.py", "normalise.py", "course.py"} <= {*seen}
    monkeypatch.undo()
    monkeypatch.setattr(run, "version", lambda library: "0")
    assert run._making() != before


def test_studies_are_listed_and_an_unknown_one_is_refused_with_a_guess() -> None:
    listed = CliRunner().invoke(command, [])
    assert all(name in listed.output for name in STUDIES)
    refused = CliRunner().invoke(command, ["release"])
    assert isinstance(refused.exception, UsageError)
    assert refused.exception.hint == "did you mean releases?"


def test_what_is_written(tmp_path: Path) -> None:
    outcome = Outcome(releases.STUDY, (0,), releases.conclude(results(0.9)), 61.0)
    paths = write_study(outcome, tmp_path)
    assert [path.name for path in paths] == ["releases.json", "releases.md", "releases.svg"]
    assert "INVALID: the lower bound" in study_page(outcome)
    assert "1.0 minutes with 2 processes of one thread" in study_page(outcome)
    assert "with 1 process of one thread" in study_page(replace(outcome, jobs=1))
    assert '"seconds": 61.0' in study_json(outcome)
    assert paths[2].read_text(encoding="utf-8").startswith("<?xml")
