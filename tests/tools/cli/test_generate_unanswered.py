"""A server that fails in several ways: what a person is told of it, during a run, after it, and later."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from support.growing import run_seedbed, tiny_recipe
from support.openai_server import answer, openai_server, raw, status
from support.small_taxonomy import FREEFORM, small_taxonomy

LONG = "x" * 10_000


class Failing:
    """Of five requests one is answered; the others fail, each in its way, whatever is asked."""

    def __init__(self) -> None:
        self.number = itertools.count()

    def __call__(self, body: dict[str, Any]) -> web.StreamResponse:
        number = next(self.number)
        match number % 5:
            case 0:
                return status(400, "the prompt has 9,000 tokens")(body)
            case 1:
                return answer(LONG)(body)
            case 2:
                return answer(None)(body)
            case 3:
                return answer(None, refusal="I will not")(body)
        choices = ("YES", "NO") if "YES" in json.dumps(body) else ()
        return answer(choices[0] if choices else f"Turn around: word {number}, word {number + 1}")(body)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    builder = small_taxonomy(tmp_path / "repository")
    builder.write("recipes/tiny.yaml", tiny_recipe().replace("attempts: 8", "attempts: 60"))
    builder.write("recipes/yes.txt", "{{ question }} {{ answer }}")
    builder.write(".gitignore", ".seedbed/\n")
    builder.commit("a recipe")
    monkeypatch.chdir(tmp_path / "repository")
    return tmp_path / "repository"


def test_each_cause_is_counted_and_told_with_an_example(project: Path) -> None:
    with openai_server(otherwise=Failing()) as server:
        teacher = f"openai:{server.address}#tiny"
        found = run_seedbed(
            "generate", "--leaf", FREEFORM, "--teacher", teacher, "--recipe", "recipes/tiny.yaml"
        )
    told = found.output + found.errors
    assert "requests without an answer that could be used:" in told
    for cause, example in (
        ("HTTP 400", "the prompt has 9,000 tokens"),
        ("answer too long", "10000 characters for 8 tokens"),
        ("malformed answer", "the server's message has no text"),
        ("content filter", "I will not"),
    ):
        assert f": {cause}, such as: " in told and example in told
    assert "--retry-failed" in told and "seedbed doctor --teacher" in told


def test_a_run_of_which_nothing_comes_warns_before_it_ends(project: Path) -> None:
    with openai_server(otherwise=raw('{"choices": [{"message": {"content": 7}}]}')) as server:
        found = run_seedbed(
            "generate",
            *("--leaf", FREEFORM, "--teacher", f"openai:{server.address}#tiny"),
            *("--recipe", "recipes/tiny.yaml"),
        )
    assert found.exit_code == 2
    warning, end = (
        found.errors.index("warning: none of the first 40 attempts"),
        found.errors.index("1/1 leaves"),
    )
    assert warning < end
    assert "Commonest: malformed answer, such as: the server's message has no text" in found.errors
    assert f"{FREEFORM}: failed: nothing is stored" in found.errors
