"""The commands as a person types them: plan, train, eval, release, in a process of their own folder."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.garden import Garden

from seedbed.errors import (
    ConfigurationError,
    MissingExtraError,
    NothingToDoError,
    RepositoryError,
    SeedbedError,
    TrainingError,
    UsageError,
    install_command,
)
from seedbed_training.cli import commands
from seedbed_training.cli.eval import evaluate
from seedbed_training.cli.plan import plan
from seedbed_training.cli.release import release
from seedbed_training.cli.train import train

FRESH = "compositional_skills/count"


def recipe_file(garden: Garden, **changes: Any) -> str:
    """The garden's recipe as a file; JSON is YAML."""
    path = garden.builder.path.parent / "recipe.yaml"
    path.write_text(json.dumps({**asdict(garden.recipe), **changes}), encoding="utf-8")
    return str(path)


@pytest.fixture
def type_it(garden: Garden, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(garden.builder.path)
    recipe = recipe_file(garden)

    def run(command: Any, *arguments: str) -> Result:
        given = ["--recipe", recipe, *arguments] if command in (plan, train) else list(arguments)
        return CliRunner().invoke(command, given, catch_exceptions=True)

    return run


def refusal(result: Result, kind: type[SeedbedError]) -> SeedbedError:
    assert isinstance(result.exception, kind), result.output
    return result.exception


def test_every_command_is_where_the_table_says() -> None:
    import importlib

    for name in ("plan", "train", "eval", "release"):
        module, attribute = commands[name][0].split(":")
        assert getattr(importlib.import_module(module), attribute).name == name


def test_from_plan_to_release(garden: Garden, type_it: Any, tmp_path: Path) -> None:
    planned = type_it(plan, "--output", str(tmp_path / "plan.safetensors"))
    assert planned.exit_code == 0
    assert "knowledge_short" in planned.stdout
    told = " ".join(planned.stdout.split())  # long lines are wrapped
    assert "knowledge_long: skipped, there is no fresh sample of knowledge_long, foundational" in told
    assert "no samples yet, so not in this release: compositional_skills/waiting\n" in planned.stderr

    trained = type_it(train, "--plan", str(tmp_path / "plan.safetensors"))
    assert trained.exit_code == 0, trained.output
    assert "trained release-1" in trained.stdout
    assert trained.stdout.startswith("plan ")
    assert "times" not in trained.stdout  # the table was shown when the plan was made
    again = type_it(train)
    assert again.exit_code == 0
    assert "is trained already" in again.stderr

    scored = type_it(evaluate)
    assert scored.exit_code == 0, scored.output
    assert "knowledge/town" in scored.stdout
    document = json.loads(type_it(evaluate, "--format", "json").stdout)
    assert document["release"] == "release-1"
    assert {row["leaf"] for row in document["leaves"]} == {"knowledge/town", "compositional_skills/agree"}
    assert all(
        row["parent"] is None and 0 <= row["low"] <= row["this"] <= row["high"] <= 1
        for row in document["leaves"]
    )

    released = type_it(release, "--minimum-score", "0")
    assert released.exit_code == 0, released.output
    manifest = garden.builder.path / "releases" / "release-1.json"
    assert manifest.is_file()
    assert str(manifest) in released.stdout
    assert released.stdout.startswith("the gate passes:\n  fresh leaves (2): mean ")
    assert type_it(release, "verify").exit_code == 0

    empty = type_it(plan)
    assert empty.exit_code == 0
    assert "nothing to train: every leaf with samples is in release-1 already" in empty.stdout
    assert refusal(type_it(train, "--fail-on-empty"), NothingToDoError).exit_code == 3

    garden.add_leaf(FRESH)
    garden.generate(FRESH, "three")
    second = type_it(plan)
    assert "release-2, from release-1" in second.stdout
    assert "leaf replay" in second.stdout
    without = type_it(plan, "--no-replay", "--release", "release-2-no-replay")
    assert "replay 0.0%" in without.stdout


def test_the_gate_fails_with_exit_code_1_and_its_reasons(garden: Garden, type_it: Any) -> None:
    phases = [
        {**asdict(phase), "learning_rate": 1e-12} for phase in garden.recipe.phases
    ]  # nothing can be learned
    assert CliRunner().invoke(train, ["--recipe", recipe_file(garden, phases=phases)]).exit_code == 0
    error = refusal(type_it(release), TrainingError)
    assert error.exit_code == 1
    assert error.message.count("not learned") == 2
    assert not (garden.builder.path / "releases").exists()


def test_a_changed_release_is_found_by_verify(garden: Garden, type_it: Any) -> None:
    type_it(train)
    type_it(release, "--minimum-score", "0")
    with (garden.workspace.release_directory("release-1") / "config.json").open("a") as file:
        file.write(" ")
    result = type_it(release, "verify")
    assert result.exit_code == 1
    assert "config.json was changed since the release was cut" in result.stdout


def test_evaluating_what_was_never_trained(type_it: Any) -> None:
    error = refusal(type_it(evaluate), UsageError)
    assert "there is no run of release-1" in error.message
    assert "seedbed train" in (error.hint or "")


def test_an_unknown_recipe_and_an_unknown_key(garden: Garden, type_it: Any) -> None:
    error = refusal(CliRunner().invoke(plan, ["--recipe", "sandbx"]), ConfigurationError)
    assert "did you mean sandbox?" in (error.hint or "")
    error = refusal(CliRunner().invoke(plan, ["--recipe", recipe_file(garden, epoch=3)]), ConfigurationError)
    assert "there is no key epoch" in error.message


def test_outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refusal(CliRunner().invoke(plan, []), RepositoryError)


def test_planning_leaves_the_run_alone(garden: Garden, type_it: Any) -> None:
    assert type_it(plan).exit_code == 0
    assert not (garden.workspace.state / "runs").exists()


@pytest.mark.parametrize("name", ["plan", "train", "eval", "release"])
def test_a_command_loads_nothing_heavy_before_it_needs_it(name: str) -> None:
    module = commands[name][0].split(":")[0]
    program = (
        f"import sys, {module}\n"
        "print([name for name in ('torch', 'transformers', 'matplotlib', 'pyarrow', 'vllm') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_torch_the_extra_is_named(type_it: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.split(".")[0] == "seedbed_training" and ".learning." in name
    ]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("torch", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    error = refusal(type_it(train), MissingExtraError)
    assert error.hint == install_command("train")


def test_of_many_processes_the_first_one_speaks(
    garden: Garden, type_it: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_it(train)
    monkeypatch.setenv("RANK", "1")
    silent = type_it(train)
    assert silent.exit_code == 0
    assert silent.output == ""
