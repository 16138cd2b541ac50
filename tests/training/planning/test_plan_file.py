"""Plans on disk, and as a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save
from support.training_samples import current, made_manifest, made_sample, small_recipe

from seedbed.errors import ConfigurationError
from seedbed.generation.sample import Stage
from seedbed_training.planning.make_plan import make_plan
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.plan_file import plan_digest, read_plan, write_plan
from seedbed_training.planning.plan_table import plan_line, plan_table
from seedbed_training.planning.sample_table import sample_table


@pytest.fixture
def plan() -> TrainingPlan:
    samples = {leaf: [made_sample(leaf, number) for number in range(10)] for leaf in ("a/new", "a/old")}
    samples["knowledge/new"] = [
        made_sample("knowledge/new", n, stage=Stage.KNOWLEDGE_SHORT) for n in range(4)
    ]
    return make_plan(
        release="release-2",
        parent=made_manifest(["a/old", "a/gone"]),
        leaves={leaf: current(leaf) for leaf in samples},
        samples=sample_table(samples, {sample.id: 7 for found in samples.values() for sample in found}),
        recipe=small_recipe(minimum_per_leaf=1, leaf_share=0.1),
        seed=3,
        taxonomy_commit="c" * 40,
    )


def test_a_plan_reads_back_equal(plan: TrainingPlan, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "plan.safetensors"
    write_plan(plan, path)
    assert read_plan(path) == plan
    assert plan_digest(read_plan(path)) == plan_digest(plan)
    assert [entry.name for entry in path.parent.iterdir()] == ["plan.safetensors"]


def test_any_change_changes_the_digest(plan: TrainingPlan) -> None:
    assert plan_digest(replace(plan, seed=4)) != plan_digest(plan)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "recipe": {}}', "\xff"])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.safetensors"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigurationError):
        read_plan(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_plan(tmp_path / "none.json")


def altered(path: Path, change: Callable[[dict[str, Any], dict[str, np.ndarray]], object]) -> None:
    """Write the plan at `path` again with another head or other columns."""
    with safe_open(path, framework="np") as file:
        head, names = json.loads(file.metadata()["plan"]), file.keys()
        columns = {name: file.get_tensor(name) for name in names}
    change(head, columns)
    path.write_bytes(save(columns, metadata={"plan": json.dumps(head)}))


@pytest.mark.parametrize(
    "change",
    [
        lambda head, columns: head["phases"].pop(),
        lambda head, columns: head.pop("seed"),
        lambda head, columns: columns.pop("0.order"),
        lambda head, columns: columns["0.order"].fill(99),  # beside the table
        lambda head, columns: columns["0.leaf"].fill(-1),
        lambda head, columns: columns["0.why"].fill(3),
        lambda head, columns: columns["0.edges"].fill(0),
        lambda head, columns: columns.update({"0.times": columns["0.times"][:-1]}),
        lambda head, columns: columns.update({"0.tokens": columns["0.tokens"].astype(np.float32)}),
    ],
)
def test_a_plan_that_does_not_fit_together_is_refused(
    plan: TrainingPlan,
    tmp_path: Path,
    change: Callable[[dict[str, Any], dict[str, np.ndarray]], object],
) -> None:
    path = tmp_path / "plan.safetensors"
    write_plan(plan, path)
    altered(path, lambda head, columns: None)
    assert read_plan(path) == plan
    altered(path, change)
    with pytest.raises(ConfigurationError, match="is not a training plan"):
        read_plan(path)


def test_a_plan_of_another_version_is_named_as_such(plan: TrainingPlan, tmp_path: Path) -> None:
    path = tmp_path / "plan.safetensors"
    write_plan(plan, path)
    altered(path, lambda head, columns: head.update(version=3))
    with pytest.raises(ConfigurationError, match="version 3; this Seedbed reads version 2"):
        read_plan(path)
    path.write_text('{"version": 1, "recipe": {}, "phases": []}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="version 1; this Seedbed reads version 2"):
        read_plan(path)
    for text in ('{"version": 1}', '{"name": "package"}', "{not JSON"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError, match="is not a training plan"):
            read_plan(path)


def test_a_step_is_found_without_its_neighbours(plan: TrainingPlan, tmp_path: Path) -> None:
    path = tmp_path / "plan.safetensors"
    write_plan(plan, path)
    for phase, read in zip(plan.phases, read_plan(path).phases, strict=True):
        assert [read.steps[index] for index in range(len(read.steps))] == list(phase.steps)
        assert [read.samples[index] for index in range(len(read.samples))] == list(phase.samples)
        with pytest.raises(IndexError):
            read.steps[len(read.steps)]


def test_the_line(plan: TrainingPlan) -> None:
    assert plan_line(plan) == (
        "release-2, from release-1: 16 samples in 3 steps of at most 8, 112 tokens, replay 12.5% of them"
    )


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_table_keeps_to_its_width(plan: TrainingPlan, width: int) -> None:
    long = tuple(f"knowledge/{'topic/' * number}leaf_{number}" for number in range(40))
    phase = replace(plan.phases[0], recipe=replace(plan.phases[0].recipe, name="x" * 64))
    table = plan_table(replace(plan, fresh=long, phases=(phase,)), width=width)
    assert max(map(len, table.splitlines())) <= width
    assert all(f"leaf_{number}" in table for number in range(40))


def test_thousands_of_leaves_are_counted_rather_than_named(plan: TrainingPlan) -> None:
    many = tuple(f"knowledge/topic/leaf_{number}" for number in range(2_000))
    table = plan_table(replace(plan, fresh=many, removed=many))
    assert "fresh (2,000): knowledge/topic/leaf_0, " in table and "and 1,950 more" in table
    assert len(table.splitlines()) < 60


def test_the_table_tells_changed_leaves_from_new_ones_and_what_is_kept_unseen(
    plan: TrainingPlan, tmp_path: Path
) -> None:
    samples = {
        leaf: [made_sample(leaf, number) for number in range(4)] for leaf in ("a/edited", "a/new", "a/old")
    }
    made = make_plan(
        release="release-2",
        parent=made_manifest([*samples][::2]),
        leaves={"a/edited": replace(current("a/edited"), blob="e" * 40), "a/new": current("a/new"),
                "a/old": current("a/old")},
        samples=sample_table(samples, {sample.id: 7 for found in samples.values() for sample in found}),
        recipe=small_recipe(),
        seed=3,
        taxonomy_commit="c" * 40,
        replay=False,
    )  # fmt: skip
    assert "\nfresh (2): a/edited, a/new\nof them changed since release-1 (1): a/edited\n" in plan_table(made)
    assert "\nunchanged, not replayed (1): a/old\n" in plan_table(made) and "replay: " not in plan_table(made)
    write_plan(made, tmp_path / "plan.safetensors")
    assert read_plan(tmp_path / "plan.safetensors").changed == ("a/edited",)
    assert plan_digest(replace(made, changed=())) == plan_digest(made)  # older plans did not say it


def test_a_leaf_that_was_edited_and_has_no_samples_is_not_called_removed(tmp_path: Path) -> None:
    samples = {"a/new": [made_sample("a/new", number) for number in range(4)]}
    made = make_plan(
        release="release-2",
        parent=made_manifest(["a/edited", "a/gone"]),
        leaves={"a/new": current("a/new")},
        samples=sample_table(samples, {sample.id: 7 for sample in samples["a/new"]}),
        recipe=small_recipe(),
        seed=3,
        taxonomy_commit="c" * 40,
        waiting=("a/edited", "a/never_taught"),
    )
    assert made.removed == ("a/edited", "a/gone") and made.waiting == ("a/edited",)
    told = "\nedited, with no samples yet, and so forgotten (1): a/edited\nremoved (1): a/gone\n"
    assert told in plan_table(made)
    write_plan(made, tmp_path / "plan.safetensors")
    assert read_plan(tmp_path / "plan.safetensors").waiting == ("a/edited",)


def test_the_table_says_of_which_buffer_replay_draws(plan: TrainingPlan) -> None:
    recipe = plan.recipe

    def said(**figures: object) -> str:
        table = plan_table(replace(plan, recipe=replace(recipe, replay=replace(recipe.replay, **figures))))  # type: ignore[arg-type]
        return " ".join(table.split())

    assert (
        "from a buffer of 10% of the facts, at most 2 samples of each, and at most 500 samples of a skill"
        in said(knowledge_coverage=0.1, samples_per_fact=2, skill_exemplars=500)
    )
    assert "of each old leaf at least" not in said(minimum_per_leaf=0)
    assert "replay: joint, a bound to measure against" in said(strategy="joint")


def test_the_table(plan: TrainingPlan) -> None:
    assert plan_table(plan) == (
        "release-2, from release-1, recipe small, seed 3, taxonomy cccccccccccc\n"
        "fresh (2): a/new, knowledge/new\n"
        "replayed (1): a/old\n"
        "removed (1): a/gone\n"
        "replay: balanced, of each phase's tokens up to 10.0% for old leaves and 5.0% for earlier phases;\n"
        "  from a buffer of every fact, and all samples of a skill; 1 sample of each old leaf at least\n"
        "\n"
        "phase            why          leaves  samples  seen  times  tokens  share\n"
        "knowledge_short  fresh             1        4     4    1.0      28  80.0%\n"
        "knowledge_short  leaf replay       1        1     1    1.0       7  20.0%\n"
        "skills           fresh             1       10    10    1.0      70  90.9%\n"
        "skills           leaf replay       1        1     1    1.0       7   9.1%\n"
        "\n"
        "16 samples in 3 steps of at most 8, 112 tokens, replay 12.5% of them\n"
        "knowledge_short: leaf replay is 20.0%, above its share of 10.0%: every leaf (1) brings at least 1,\n"
        "  share or no share; a smaller minimum_per_leaf in the recipe brings less\n"
        "knowledge_long: skipped, there is no fresh sample of knowledge_long, foundational"
    )
