"""`seedbed train` with candidates: the model is the checkpoint that held-out samples speak for, and says why."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from safetensors.torch import load_file
from support.garden import Garden

from seedbed.errors import UsageError
from seedbed.teacher.model_folder import model_revision
from seedbed_training.cli.release import release
from seedbed_training.cli.train import train
from seedbed_training.evaluation.choose_checkpoint import Choice
from seedbed_training.learning.run_files import sole_user
from seedbed_training.releasing import choose_model, run_training


@pytest.fixture
def recipe(garden: Garden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    empty = replace(
        garden.recipe.phases[1], name="nothing fresh"
    )  # so that the last phase is not the last to train
    recipe = replace(garden.recipe, phases=(*garden.recipe.phases, empty), checkpoint_steps=1, candidates=5)
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(asdict(recipe)), encoding="utf-8")
    monkeypatch.chdir(garden.builder.path)
    return str(path)


def typed(command: Any, *arguments: str) -> Result:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 0, result.output
    return result


def test_the_chosen_checkpoint_becomes_the_model(garden: Garden, recipe: str) -> None:
    told = " ".join(typed(train, "--recipe", recipe).stderr.split())
    run = garden.workspace.run_directory("release-1")
    record = json.loads((run / "training.json").read_text(encoding="utf-8"))
    choice = record["choice"]
    assert f"chosen: {choice['reason']}" in told
    assert "of 5 checkpoints by held-out scores" in choice["reason"]
    assert record["model_digest"] == model_revision(run / "model")
    saved, kept = (
        load_file(path / "model.safetensors")
        for path in (run / "model", run / "checkpoints" / choice["checkpoint"])
    )
    assert all((saved[name] == kept[name].to(saved[name].dtype)).all() for name in saved)
    assert len(list(run.glob("checkpoints/skills-*"))) == 5
    assert not (run / "candidates").exists()
    again = typed(train, "--recipe", recipe)
    assert "is trained already" in again.stderr
    assert "asking checkpoint" not in again.stderr
    typed(release, "--minimum-score", "0")
    manifest = garden.workspace.releases()[-1]
    assert manifest.choice == choice["reason"]
    assert choice["reason"] in (garden.workspace.release_directory("release-1") / "README.md").read_text(
        encoding="utf-8"
    )
    typed(release, "verify")


def test_stopped_while_choosing(garden: Garden, recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put in place but not yet written down: the run knows that this is not its model, and chooses again."""

    def earliest(candidates: Any, parent: Any) -> Choice:
        return Choice(candidates[0].name, "for this test")

    monkeypatch.setattr(choose_model, "choose_checkpoint", earliest)
    with monkeypatch.context() as patch:
        patch.setattr("seedbed_training.learning.candidates.write_record", _killed)
        assert isinstance(CliRunner().invoke(train, ["--recipe", recipe]).exception, RuntimeError)
    assert "chosen: for this test" in typed(train, "--recipe", recipe).stderr
    run = garden.workspace.run_directory("release-1")
    record = json.loads((run / "training.json").read_text(encoding="utf-8"))
    assert record["model_digest"] == model_revision(run / "model")
    assert record["choice"]["checkpoint"] == min(
        (path.name for path in run.glob("checkpoints/skills-*")),
        key=lambda name: int(name.rpartition("-")[2]),
    )


def test_nobody_else_trains_there_from_the_plan_to_the_choice(
    garden: Garden, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = garden.workspace.run_directory("release-1")
    held: list[str] = []

    def noted(name: str) -> None:
        whole = getattr(run_training, name)

        def wrapped(*arguments: Any, **more: Any) -> Any:
            with pytest.raises(UsageError, match="another process is training"), sole_user(run):
                pass
            held.append(name)
            return whole(*arguments, **more)

        monkeypatch.setattr(run_training, name, wrapped)

    noted("write_plan")
    noted("choose_model")
    typed(train, "--recipe", recipe)
    assert held == ["write_plan", "choose_model"]


def _killed(*_: object) -> None:
    raise RuntimeError("killed")
