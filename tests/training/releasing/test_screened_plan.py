"""A plan is made without copies between leaves and without benchmark questions; the store keeps them."""

from __future__ import annotations

import pytest
from support.garden import Garden

from seedbed.errors import UsageError
from seedbed.generation.across_leaves import Reason
from seedbed_training.releasing.prepare_plan import prepare_plan

COPY = "compositional_skills/other"  # the same questions, by number, as `compositional_skills/agree`


def test_copies_of_another_leaf_are_left_out_and_counted(garden: Garden) -> None:
    garden.add_leaf(COPY)
    alone = prepare_plan(garden.workspace, recipe=garden.recipe)
    garden.generate(COPY, "yes", count=14)
    plan = prepare_plan(garden.workspace, recipe=garden.recipe)
    left_out = plan.left_out or {}
    assert set(left_out) <= {COPY, "compositional_skills/agree"} and left_out
    assert {reason for reasons in left_out.values() for reason in reasons} <= {
        Reason.REPEATED,
        Reason.HELD_OUT,
    }
    fallen = sum(sum(reasons.values()) for reasons in left_out.values())
    assert len(plan.training) < len(alone.training) + 14 - fallen + 1


def test_benchmark_lists_of_the_settings_are_kept_out(garden: Garden) -> None:
    taught = next(iter(prepare_plan(garden.workspace, recipe=garden.recipe).training.values()))
    lines = f"{taught.question} {taught.question} {taught.question}"  # six words: taken whole
    garden.builder.write("lists/exam.txt", f"{lines}\n")
    garden.builder.write("seedbed.toml", '[check]\nbenchmarks = ["lists/exam.txt"]\n')
    garden.builder.commit("a benchmark")
    workspace = type(garden.workspace).open(garden.builder.path)
    assert prepare_plan(workspace, recipe=garden.recipe).left_out == {}
    (garden.builder.path / "seedbed.toml").write_text('[check]\nbenchmarks = ["lists/none.txt"]\n')
    with pytest.raises(UsageError, match=r"lists/none\.txt"):
        prepare_plan(type(garden.workspace).open(garden.builder.path), recipe=garden.recipe)
