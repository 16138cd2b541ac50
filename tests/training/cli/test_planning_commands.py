"""`plan --show`, `train --dry-run` and `revoke` as a person types them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.garden import Garden

from seedbed.cli.generate import generate
from seedbed.cli.status import status
from seedbed.cli.tree import tree
from seedbed.errors import UsageError
from seedbed.generation.across_leaves import Reason
from seedbed_training.cli.options import outside, waiting
from seedbed_training.cli.plan import plan
from seedbed_training.cli.revoke import revoke
from seedbed_training.cli.train import train
from seedbed_training.releasing.prepare_plan import prepare_plan

LEAF = "knowledge/town"


@pytest.fixture
def recipe(garden: Garden, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(garden.builder.path)
    path = garden.builder.path.parent / "recipe.yaml"
    path.write_text(json.dumps(asdict(garden.recipe)), encoding="utf-8")
    return str(path)


def typed(command: object, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))  # type: ignore[arg-type]


def test_a_written_plan_is_shown_with_the_samples_of_a_step(recipe: str, tmp_path: Path) -> None:
    file = str(tmp_path / "plan")
    made = typed(plan, "--recipe", recipe, "--output", file)
    assert made.exit_code == 0, made.output
    shown = typed(plan, "--show", file, "--step", "skills:1")
    assert shown.exit_code == 0, shown.output
    table, samples = shown.stdout.rstrip().rsplit("\n\n", 1)
    assert made.stdout.rstrip() == table
    assert "compositional_skills/agree" in samples
    assert isinstance(typed(plan, "--show", file, "--step", "skills:99").exception, UsageError)
    for more in (["--recipe", recipe], ["--seed", "1"], ["--no-replay"], ["--output", file]):
        assert isinstance(typed(plan, "--show", file, *more).exception, UsageError)


def test_of_many_leaves_that_lose_samples_those_that_lose_most_are_named(garden: Garden) -> None:
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    assert [*outside(preparation)] == []
    lost = {f"a/leaf_{number:04}": {Reason.NEARLY: number, Reason.HELD_OUT: 1} for number in range(1, 2001)}
    lines = [*outside(replace(preparation, left_out=lost, too_long={"a/b": 1, "a/a": 1, "a/c": 12}))]
    assert lines == [
        "a/c: left out of training: 12 samples longer than the recipe's max_tokens",
        "a/a: left out of training: 1 sample longer than the recipe's max_tokens",
        "a/b: left out of training: 1 sample longer than the recipe's max_tokens",
        *(
            f"a/leaf_{number}: left out of training: {number} nearly asked in another leaf, 1 held out in another leaf"
            for number in range(2000, 1995, -1)
        ),
        "and 1,995 more leaves: left out of training: 1,993,005 samples in all",
    ]


def test_a_leaf_that_would_be_forgotten_for_want_of_samples_is_told_first(garden: Garden) -> None:
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    assert [line.splitlines()[0] for line in waiting(preparation)] == [
        "no samples yet, so not in this release: compositional_skills/waiting"
    ]
    edited = replace(preparation.plan, parent="release-1", waiting=("compositional_skills/waiting",))
    assert [*waiting(replace(preparation, plan=edited))] == [
        (
            "edited since release-1, with no samples of the new text, so this release forgets: "
            "compositional_skills/waiting\n  seedbed generate makes them, seedbed status lists them"
        )
    ]


def test_a_dry_run_counts_the_plan_and_trains_nothing(garden: Garden, recipe: str) -> None:
    run = typed(train, "--recipe", recipe, "--dry-run", "--gpus", "2")
    assert run.exit_code == 0, run.output
    assert "builds," in run.stdout
    assert "counted from the plan of release-1" in run.stdout
    assert "memory of each of 2 GPUs, in GiB" in run.stdout
    assert not (garden.workspace.state / "runs").exists()


def test_a_dry_run_of_a_published_recipe_needs_no_weights(recipe: str) -> None:
    run = typed(train, "--recipe", "labradorite-13b", "--dry-run", "--gpus", "1", "--gpu-memory", "40")
    assert run.exit_code == 0, run.output
    assert "13,015,864,320 parameters" in run.stdout
    assert "does not fit into 1 x 40 GiB, with" in run.stdout and "fits from 8 x 40 GiB on" in run.stdout


def test_revoking_a_leaf_and_listing_it(garden: Garden, recipe: str) -> None:
    assert typed(revoke).stdout == "no leaf is revoked\n"
    assert isinstance(typed(revoke, LEAF).exception, UsageError)  # without a reason
    revoked = typed(revoke, LEAF, "--reason", "withdrawn by its author")
    assert revoked.exit_code == 0, revoked.output
    assert "releases/revocations/knowledge.town.json" in revoked.stdout
    assert "no release has learned it" in revoked.stdout
    assert typed(revoke).stdout == f"{LEAF}: withdrawn by its author\n"
    assert f"revoked (1): {LEAF}" in typed(plan, "--recipe", recipe).stdout


def test_no_command_takes_a_revoked_leaf_up_again(garden: Garden, recipe: str) -> None:
    assert typed(revoke, LEAF, "--reason", "withdrawn").exit_code == 0
    shown = typed(status).stdout
    assert re.search(rf"^revoked +{LEAF} .*\(revoked: withdrawn\)$", shown, re.MULTILINE), shown
    assert shown.endswith("2 fresh, 0 unchanged, 0 removed, 1 revoked\n")
    assert "2 fresh, 1 revoked" in typed(tree).stdout
    assert typed(generate, "--dry-run").stdout.startswith("2 of 3 leaves")
    assert typed(generate, "--dry-run", "--all").stdout.startswith("2 of 3 leaves")
    refused = typed(generate, "--dry-run", "--leaf", LEAF).exception
    assert isinstance(refused, UsageError)
    assert refused.message == f"{LEAF} is revoked: withdrawn"
