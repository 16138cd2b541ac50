"""`seedbed eval --questions`: conversations judged by a server, and what is said where it does not judge."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner, Result
from support.garden import planted_garden
from support.openai_server import answer, openai_server, raw, served

from seedbed.errors import ConfigurationError, MissingExtraError, TrainingError, UsageError
from seedbed_training.cli.eval import evaluate
from seedbed_training.releasing.prepare_plan import prepare_plan
from seedbed_training.releasing.run_training import run_training


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "question.jsonl"
    lines = [{"question_id": number, "turns": [f"question {number}", "question 6"]} for number in (5, 6)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, base_model: Path) -> Path:
    garden = planted_garden(tmp_path_factory.mktemp("trained") / "garden", base_model)
    run_training(garden.workspace, prepare_plan(garden.workspace, recipe=garden.recipe))
    return garden.builder.path


@pytest.fixture
def asked(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(trained)
    return lambda *options: CliRunner().invoke(evaluate, [*map(str, options)])


def grader(body: dict[str, Any]) -> web.Response:
    pair = "FIRST, SECOND or TIE" in body["messages"][-1]["content"]
    return answer("TIE" if pair else "7")(body)


def test_a_run_is_graded_beside_its_base(asked: Callable[..., Result], questions: Path) -> None:
    with openai_server(otherwise=grader, models=served("grader")) as server:
        options = ("--questions", questions, "--judge", f"openai:{server.address}#grader", "--judgements", 2)
        found = asked(*options)
        assert found.exit_code == 0, found.output
        assert "base: graded by grader@unknown (openai)" in found.stderr
        row = next(line for line in found.stdout.splitlines() if line.startswith("mt_bench"))
        assert row.split() == ["mt_bench", "7.00", "±", "0.00", "7.00", "±", "0.00"]
        assert "beside base: 0 better, 0 worse, 2 alike, 0 undecided" in found.stdout
        requests = len(server.bodies)
        again = json.loads(asked(*options, "--format", "json").stdout)["benchmarks"]
    assert len(server.bodies) == requests == 2 * 2 * 2 * 2 + 2 * 2
    assert again["judge"]["questions"] == 2
    assert set(again["digests"]) == {"base", "this"}


def test_a_judge_that_breaks_is_asked_again_for_what_it_owes(
    asked: Callable[..., Result], questions: Path
) -> None:
    broken = True

    def sometimes(body: dict[str, Any]) -> web.StreamResponse:
        bad = broken and body["messages"][-1]["content"].startswith("The conversation so far")
        return raw('{"choices": []}')(body) if bad else grader(body)

    with openai_server(otherwise=sometimes, models=served("another")) as server:
        options = ("--questions", questions, "--judge", f"openai:{server.address}#another", "--judgements", 1)
        failed = asked(*options)
        assert isinstance(failed.exception, TrainingError)
        assert "the judge failed on 2 of 4 grades" in failed.exception.message
        broken = False
        assert asked(*options).exit_code == 0


def test_what_cannot_be_had_is_said_before_anything_is_asked(
    asked: Callable[..., Result], questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbed_training.cli.eval.run_evaluation", lambda *_, **__: pytest.fail("asked"))
    missing = asked("--questions", tmp_path / "none.jsonl").exception
    assert isinstance(missing, ConfigurationError)
    assert "question.jsonl" in (missing.hint or "")
    assert isinstance(asked("--judge", "teacher").exception, UsageError)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert isinstance(asked("--benchmark", "lab").exception, MissingExtraError)
