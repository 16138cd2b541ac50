"""What runs on a machine of our own, and what a release leads to. The scripts are real; `seedbed` itself is not, here.

Generating, training and releasing takes minutes to days and is tested where it lives (tests/training). A small program
stands in for it, which leaves behind what the real commands leave and prints what they print.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.workflows import events
from support.workflows.forge_place import ROOT, git
from support.workflows.runner import WorkflowRun
from support.workflows.stage import Stage, stage

STAND_IN = """#!/bin/sh
echo "seedbed $*" >> "$HOME/calls"
case "$1 $2" in
  "release verify") echo "as the manifest says: $3" ;;
  release*)
    mkdir -p .seedbed/releases/NAME/pictures releases
    echo weights > .seedbed/releases/NAME/model.safetensors
    echo picture > .seedbed/releases/NAME/pictures/losses.png
    echo card > .seedbed/releases/NAME/README.md
    echo '{}' > releases/NAME.json
    echo "the gate passes:"
    echo "released NAME: $PWD/.seedbed/releases/NAME"
    echo "model card: $PWD/.seedbed/releases/NAME/README.md"
    echo "manifest, to be committed: $PWD/releases/NAME.json" ;;
  generate*) mkdir -p .seedbed; echo "kept from the run before: $(ls .seedbed)"; touch .seedbed/samples ;;
esac
"""


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with stage(tmp_path) as found:
        found.begin()
        (found.place.programs / "seedbed").write_text(STAND_IN.replace("NAME", "release-1"), encoding="utf-8")
        yield found


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text(encoding="utf-8").splitlines()


def results(run: WorkflowRun) -> dict[str, str]:
    return {name: job.result for name, job in run.jobs.items()}


def test_the_stand_in_prints_what_the_command_prints() -> None:
    text = (ROOT / "training" / "seedbed_training" / "cli" / "release.py").read_text(encoding="utf-8")
    assert "released {manifest.name}: {folder}" in text and "manifest, to be committed: {path}" in text


def test_growing_goes_on_where_it_stopped(played: Stage, tmp_path: Path) -> None:
    event = events.workflow_dispatch("grow", played.base, recipe="merlinite-7b")
    for kept in ("kept from the run before: environment", "environment\nsamples"):
        run = played.run("grow", event)
        assert results(run) == {"plan": "success", "train": "success"}, run.log
        assert kept in run.jobs["train"].log
    assert calls(tmp_path)[-4:] == [
        "seedbed generate",
        "seedbed plan --recipe merlinite-7b",
        "seedbed train --recipe merlinite-7b",
        "seedbed eval",
    ]


def test_growing_after_a_merge_is_chosen_by_a_variable(played: Stage, tmp_path: Path) -> None:
    event = events.push(played.base, "0" * 40)
    assert results(played.run("grow", event))["train"] == "skipped"
    played.place.variables["SEEDBED_GROW_ON_MERGE"] = "true"
    assert results(played.run("grow", event))["train"] == "success"
    assert calls(tmp_path)[-2:] == ["seedbed train", "seedbed eval"], "seedbed.toml chooses the recipe"


def test_a_release_is_cut_attested_and_proposed(played: Stage) -> None:
    run = played.run("release", events.workflow_dispatch("release", played.base, release=""))
    assert results(run) == {"cut": "success", "attest": "success", "propose": "success", "tag": "skipped"}, (
        run.log
    )
    assert played.place.attested == [
        "README.md",
        "model.safetensors",
        "pictures/losses.png",
        "release-1.json",
    ]
    origin = played.place.origin
    assert git("rev-parse", "release/release-1^", cwd=origin).strip() == played.base
    changed = git("diff", "--name-only", played.base, "release/release-1", cwd=origin).split()
    assert changed == ["releases/release-1.json", "releases/release-1.md"]
    assert git("rev-parse", "main", cwd=origin).strip() == played.base, "main is a person's to move"
    assert "compare/release/release-1" in run.jobs["propose"].summary


@pytest.mark.parametrize("name", ["..", "a b", "-x", "a;touch evil"])
def test_a_release_of_another_name_is_not_pushed(played: Stage, tmp_path: Path, name: str) -> None:
    kept = tmp_path / "seedbed"
    kept.write_text(STAND_IN.replace("NAME", name), encoding="utf-8")
    (played.place.programs / "seedbed").write_text(kept.read_text(encoding="utf-8"), encoding="utf-8")
    run = played.run("release", events.workflow_dispatch("release", played.base, release=""))
    assert run.conclusion == "failure"
    branches = git("for-each-ref", "--format=%(refname)", "refs/heads", cwd=played.place.origin).split()
    assert branches == ["refs/heads/main"] and not list(tmp_path.rglob("evil"))


def test_a_gate_that_refuses_ends_it(played: Stage) -> None:
    (played.place.programs / "seedbed").write_text(
        "#!/bin/sh\necho 'error: the gate refuses release-1'; exit 1\n", encoding="utf-8"
    )
    run = played.run("release", events.workflow_dispatch("release", played.base, release=""))
    assert results(run) == {"cut": "failure", "attest": "skipped", "propose": "skipped", "tag": "skipped"}


def test_the_projects_own_tests_are_asked_for_with_every_python(played: Stage) -> None:
    run = played.run("tests", events.push(played.base, "0" * 40))
    assert run.conclusion == "success", run.log
    assert run.log.count("ruff check .") == 3 and run.log.count("pytest") >= 3
