"""A server that fails in several ways: what a person is told of it, during a run, after it, and later."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from support.growing import run_seedbed, tiny_recipe
from support.openai_server import answer, openai_server, raw, status
from support.small_taxonomy import FREEFORM, GROUNDED, KNOWLEDGE, small_taxonomy

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
        return answer(f"Turn around: word {number}, word {number + 1}")(body)


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
    assert f"{FREEFORM}: failed: given up after its first" in found.errors


def test_a_server_that_says_nothing_leaves_its_leaf_to_do(project: Path) -> None:
    def generate(otherwise: Any, *more: str) -> Any:
        with openai_server(otherwise=otherwise) as server:
            teacher = ("--teacher", f"openai:{server.address}#tiny", "--recipe", "recipes/tiny.yaml")
            return run_seedbed("generate", "--leaf", FREEFORM, *teacher, *more)

    mute = generate(answer(""))
    assert mute.exit_code == 2
    assert f"{FREEFORM}: failed: given up after its first" in mute.errors
    assert " empty" in mute.errors and "--retry-failed" in mute.errors
    mended = generate(half_judge, "--retry-failed")
    assert mended.exit_code == 0 and f"{FREEFORM}: generated" in mended.output, mended.errors


def test_a_server_whose_answers_are_all_cut_off_leaves_its_leaf_to_do(project: Path) -> None:
    def generate(otherwise: Any, *more: str) -> Any:
        with openai_server(otherwise=otherwise) as server:
            teacher = ("--teacher", f"openai:{server.address}#tiny", "--recipe", "recipes/tiny.yaml")
            return run_seedbed("generate", "--leaf", FREEFORM, *teacher, *more)

    thinking = generate(answer("Let me think about", finish_reason="length"))
    assert thinking.exit_code == 2
    assert f"{FREEFORM}: failed: given up after its first" in thinking.errors
    assert " cut off" in thinking.errors and "cut off at the `max_tokens` of their step" in thinking.errors
    mended = generate(half_judge, "--retry-failed")
    assert mended.exit_code == 0 and f"{FREEFORM}: generated" in mended.output, mended.errors


def half_judge(body: dict[str, Any]) -> web.StreamResponse:
    """A judge that says YES to every second question."""
    if body["temperature"] == 0 and body["max_tokens"] == 8:  # a verdict, by the recipe's figures
        return answer(("YES", "NO")[body["seed"] % 2])(body)
    return answer(f"Turn around: {body['seed'] % 1000}, bell")(body)


@pytest.mark.parametrize("extends", ["", "seeds_from: branch\n"])
def test_what_was_rejected_is_shown_though_the_recipe_is_gone(project: Path, extends: str) -> None:
    recipe = project / "recipes" / "tiny.yaml"
    recipe.write_text(recipe.read_text() + extends)
    with openai_server(otherwise=half_judge) as server:
        teacher = f"openai:{server.address}#tiny"
        made = run_seedbed(
            "generate", "--leaf", FREEFORM, "--teacher", teacher, "--recipe", "recipes/tiny.yaml"
        )
    assert f"{FREEFORM}: generated" in made.output, made.errors
    recipe.unlink()
    shown = run_seedbed("show", FREEFORM, "--rejected")
    assert shown.exit_code == 0, shown.errors
    assert "answer judged wrong" in shown.output and "the journal of this machine lacks" not in shown.output
    [record] = (project / ".seedbed" / "recipes").iterdir()
    record.unlink()
    lost = run_seedbed("show", FREEFORM, "--rejected")
    assert lost.exit_code == 2 and "--recipe PATH" in lost.errors
    nowhere = run_seedbed("show", FREEFORM, "--rejected", "--recipe", "recipes/tiny.yaml")
    assert nowhere.exit_code == 2 and "there is no generation recipe" in nowhere.errors
    recipe.write_text(tiny_recipe().replace("attempts: 8", "attempts: 60") + extends)
    found = run_seedbed("show", FREEFORM, "--rejected", "--recipe", "recipes/tiny.yaml")
    assert found.output == shown.output


def test_leaves_that_failed_show_their_funnels_and_the_sum_is_of_this_run(project: Path) -> None:
    def generate(otherwise: Any, *which: str) -> Any:
        with openai_server(otherwise=otherwise) as server:
            teacher = ("--teacher", f"openai:{server.address}#tiny", "--recipe", "recipes/tiny.yaml")
            return run_seedbed("generate", *which, *teacher)

    assert generate(half_judge, "--leaf", FREEFORM).exit_code == 0
    found = generate(status(400, "no"), "--all")
    assert f"{FREEFORM}: already stored" in found.output
    lines = found.errors.splitlines()
    asked = []
    for name in (GROUNDED, KNOWLEDGE):
        [place] = [number for number, line in enumerate(lines) if line.startswith(f"{name}: failed: ")]
        shown = itertools.takewhile(lambda line: line.startswith("  "), lines[place + 1 :])
        asked += [int(line.partition(": ")[2].split()[0]) for line in shown]
    [in_all] = [line for line in found.output.splitlines() if line.startswith("in this run, 2 leaves: ")]
    assert in_all.startswith(f"in this run, 2 leaves: {sum(asked)} asked, 0 kept; {sum(asked)} refused; ")
    assert asked and "in all" not in found.output


def test_a_server_that_is_overloaded_is_told_of_while_it_is_waited_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbed.teacher.overload_notice.WAITED", 0.05)
    failing, ready_at = Failing(), time.monotonic() + 1.0

    def starting(body: dict[str, Any]) -> web.StreamResponse:
        loading = status(503, "loading \x1b[31mmodel")
        return loading(body) if time.monotonic() < ready_at else failing(body)

    with openai_server(otherwise=starting) as server:
        found = run_seedbed(
            "generate",
            *("--leaf", FREEFORM, "--teacher", f"openai:{server.address}#tiny"),
            *("--recipe", "recipes/tiny.yaml"),
        )
        told = f"warning: the server at {server.address} has said nothing but HTTP 503 for "
    assert 1 <= found.errors.count("warning: the server at") <= 2
    assert found.errors.index(told) < found.errors.index("1/1 leaves")
    assert "It is waited for, 600 s at most, and no answer is lost." in found.errors
