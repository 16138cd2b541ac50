"""Revoking a leaf in a real repository: its file, its traces, and plans made before and after."""

from __future__ import annotations

import json

import pytest
from support.garden import Garden
from support.training_samples import made_manifest

from seedbed.errors import ConfigurationError, UsageError
from seedbed.generation.release_manifest import Role
from seedbed.generation.revocation import read_revocations
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.releasing.prepare_plan import open_preparation, prepare_plan
from seedbed_training.releasing.revocations import revoke, trace_leaf
from seedbed_training.releasing.verify import revoked_leaves

LEAF = "knowledge/town"


def test_every_release_that_learned_a_leaf_and_every_descendant_is_named() -> None:
    releases = (
        made_manifest(["a/x", "a/y"], name="release-1"),
        made_manifest(["a/x", "a/y"], name="release-2", parent="release-1", roles={"a/x": Role.REPLAYED}),
        made_manifest(["a/y"], name="release-3", parent="release-2"),
        made_manifest(["a/y"], name="other"),
    )
    traces = trace_leaf(
        releases, "a/x", {record.blob for record in releases[0].leaves if record.name == "a/x"}
    )
    assert [(trace.release, trace.how, trace.learned) for trace in traces] == [
        ("release-1", "taught it", True),
        ("release-2", "replayed it", True),
        ("release-3", "was trained from release-2", False),
    ]


def test_a_plan_honours_a_revocation_and_an_older_plan_is_refused(garden: Garden) -> None:
    before = prepare_plan(garden.workspace, recipe=garden.recipe)
    assert LEAF in before.plan.fresh
    revocation, traces = revoke(garden.workspace, LEAF, reason="withdrawn")
    assert traces == ()
    assert read_revocations(garden.workspace.manifests) == (revocation,)
    after = prepare_plan(garden.workspace, recipe=garden.recipe)
    assert after.plan.revoked == (LEAF,)
    assert LEAF not in {sample.leaf for phase in after.plan.phases for sample in phase.samples}
    assert LEAF not in after.held_out
    with pytest.raises(UsageError, match=f"has {LEAF}, which was revoked: withdrawn"):
        open_preparation(garden.workspace, before.plan)


def test_no_text_that_the_leaf_ever_had_comes_back_under_another_name(garden: Garden) -> None:
    """One that no release learned, and that the taxonomy has no more, was the leaf's too."""
    builder = garden.builder
    builder.write_leaf(
        f"taxonomy/{LEAF}", "version: 3\ncreated_by: robin\ntask_description: other\nseed_examples: []\n"
    )
    builder.commit("edit it")
    revocation, _ = revoke(garden.workspace, LEAF, reason="withdrawn")
    assert len(revocation.blobs) == 2
    builder.write_leaf(
        "taxonomy/knowledge/village",
        f"version: 3\ncreated_by: robin\ntask_description: {LEAF}\nseed_examples: []\n",
    )
    builder.commit("the first text again, elsewhere")
    garden.generate("knowledge/village", "seven")
    assert prepare_plan(garden.workspace, recipe=garden.recipe).plan.revoked == (LEAF, "knowledge/village")


def test_a_leaf_that_is_gone_and_that_no_release_learned_can_be_revoked(garden: Garden) -> None:
    (garden.builder.path / "taxonomy" / LEAF / "qna.yaml").unlink()
    garden.builder.commit("drop it")
    revocation, traces = revoke(garden.workspace, LEAF, reason="withdrawn")
    assert len(revocation.blobs) == 1 and traces == ()


def test_a_revocation_that_cannot_be_read_stops_the_plan(garden: Garden) -> None:
    revocation, _ = revoke(garden.workspace, LEAF, reason="withdrawn")
    path = garden.workspace.manifests / "revocations" / revocation.file_name
    write_whole(path, json.dumps({"version": 1, "leaf": LEAF}))
    with pytest.raises(ConfigurationError, match="is not a revocation"):
        prepare_plan(garden.workspace, recipe=garden.recipe)


def test_a_leaf_that_nobody_knows_is_refused_with_a_guess(garden: Garden) -> None:
    with pytest.raises(UsageError) as refused:
        revoke(garden.workspace, "knowledge/tonw", reason="r")
    assert refused.value.hint == f"did you mean {LEAF}?"


def test_a_release_that_learned_a_revoked_leaf_is_told_of(garden: Garden) -> None:
    manifest = made_manifest([LEAF, "a/y"], name="release-1")
    assert [*revoked_leaves(garden.workspace, manifest)] == []
    revoke(garden.workspace, LEAF, reason="withdrawn")
    assert [*revoked_leaves(garden.workspace, manifest)] == [
        f"release-1 learned {LEAF}, which was revoked: withdrawn"
    ]
