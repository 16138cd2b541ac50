"""Plans on disk, and as a table."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.training_samples import current, made_manifest, made_sample, small_recipe

from seedbed.errors import ConfigurationError
from seedbed.generation.sample import Stage
from seedbed_training.planning.make_plan import make_plan
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.plan_file import plan_digest, read_plan, write_plan
from seedbed_training.planning.plan_table import plan_line, plan_table


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
        samples=samples,
        token_counts={sample.id: 7 for found in samples.values() for sample in found},
        recipe=small_recipe(minimum_per_leaf=1, leaf_share=0.1),
        seed=3,
        taxonomy_commit="c" * 40,
    )


def test_a_plan_reads_back_equal(plan: TrainingPlan, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "plan.json"
    write_plan(plan, path)
    assert read_plan(path) == plan
    assert plan_digest(read_plan(path)) == plan_digest(plan)
    assert [entry.name for entry in path.parent.iterdir()] == ["plan.json"]


def test_any_change_changes_the_digest(plan: TrainingPlan) -> None:
    assert plan_digest(replace(plan, seed=4)) != plan_digest(plan)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "recipe": {}}', "\xff"])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigurationError):
        read_plan(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_plan(tmp_path / "none.json")


def test_a_plan_with_a_phase_too_few_is_refused(plan: TrainingPlan, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(plan, path)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["phases"].pop()
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is not a training plan"):
        read_plan(path)


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


def test_the_table(plan: TrainingPlan) -> None:
    assert plan_table(plan) == (
        "release-2, from release-1, recipe small, seed 3, taxonomy cccccccccccc\n"
        "fresh (2): a/new, knowledge/new\n"
        "replayed (1): a/old\n"
        "removed (1): a/gone\n"
        "\n"
        "phase            why          leaves  samples  seen  times  tokens  share\n"
        "knowledge_short  fresh             1        4     4    1.0      28  80.0%\n"
        "knowledge_short  leaf replay       1        1     1    1.0       7  20.0%\n"
        "skills           fresh             1       10    10    1.0      70  90.9%\n"
        "skills           leaf replay       1        1     1    1.0       7   9.1%\n"
        "\n"
        "16 samples in 3 steps of at most 8, 112 tokens, replay 12.5% of them\n"
        "knowledge_short: leaf replay is above its share of 10.0%, because each leaf brings at least 1\n"
        "knowledge_long: skipped, there is no fresh sample of knowledge_long, foundational"
    )
