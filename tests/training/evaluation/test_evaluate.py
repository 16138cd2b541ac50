"""Questions to a real model, and the evaluation as a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.tiny_model import build_tiny_model
from support.training_samples import made_sample

from seedbed.errors import ConfigurationError, TrainingError
from seedbed.teacher.teacher import Message
from seedbed_training.evaluation.evaluate import answer_limit, evaluate
from seedbed_training.evaluation.result_file import Evaluation, read_evaluation, write_evaluation
from seedbed_training.evaluation.score_table import score_table


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = ["question", "yes", "no", *map(str, range(10))]
    return build_tiny_model(tmp_path_factory.mktemp("model"), words=words)


def held_out(leaf: str, count: int = 4) -> list[object]:
    return [made_sample(leaf, number, held_out=True) for number in range(count)]


def test_every_held_out_question_is_asked_once(model: Path) -> None:
    samples = {"a/one": held_out("a/one"), "a/two": held_out("a/two", 3), "a/none": []}
    told: list[tuple[int, int]] = []
    scores = evaluate(model, samples, progress=lambda done, total: told.append((done, total)))  # type: ignore[arg-type]
    assert {leaf: len(score.cases) for leaf, score in scores.items()} == {"a/one": 4, "a/two": 3}
    assert told == [(number, 7) for number in range(1, 8)]
    assert scores == evaluate(model, samples)  # type: ignore[arg-type]
    case = scores["a/one"].cases[0].case
    assert (case.question, case.reference) == ("question 0", "yes")


def test_a_training_sample_is_never_asked(model: Path) -> None:
    with pytest.raises(AssertionError):
        evaluate(model, {"a/one": [made_sample("a/one", 1)]})


def test_a_question_that_the_model_cannot_read_stops_the_evaluation(model: Path) -> None:
    from dataclasses import replace

    long = replace(
        made_sample("a/one", 1, held_out=True),
        messages=(Message("user", "1 " * 600), Message("assistant", "1")),
    )
    with pytest.raises(TrainingError, match="could not be asked a held-out question of a/one"):
        evaluate(model, {"a/one": [long]})


def test_nothing_held_out_asks_nothing(tmp_path: Path) -> None:
    assert evaluate(tmp_path / "no model", {"a/one": []}) == {}


def test_answers_have_room(model: Path) -> None:
    assert answer_limit(["yes", "x" * 100]) == 66
    assert answer_limit(["\u6e2f" * 100]) == 166  # a character of many bytes may be several tokens


def renamed(evaluation: Evaluation, leaf: str) -> Evaluation:
    arms = {arm: {leaf: scores["a/old"]} for arm, scores in evaluation.arms.items()}
    return dataclasses.replace(evaluation, arms=arms)


def test_an_evaluation_reads_back_equal_and_prints(model: Path, tmp_path: Path) -> None:
    scores = evaluate(model, {"a/old": held_out("a/old"), "b/new": held_out("b/new")})  # type: ignore[arg-type]
    evaluation = Evaluation(
        "release-2", "p" * 64, {"base": scores, "this": scores}, {"base": "b", "this": "t"}
    )
    write_evaluation(evaluation, tmp_path / "e.json")
    assert read_evaluation(tmp_path / "e.json") == evaluation
    table = score_table(evaluation, ["b/new"]).splitlines()
    assert table[1].split()[:3] == ["a/old", "old", "4"]
    assert table[2].split()[:3] == ["b/new", "fresh", "4"]
    assert table[3].startswith("mean")
    narrow = score_table(renamed(evaluation, "knowledge/" + "topic/" * 12 + "leaf"), [], width=80)
    assert max(map(len, narrow.splitlines())) <= 80
    assert "knowledge" in narrow.splitlines()[1]
    assert "/leaf  old" in narrow.splitlines()[1]
    (tmp_path / "e.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is not an evaluation"):
        read_evaluation(tmp_path / "e.json")
