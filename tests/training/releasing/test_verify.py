"""`seedbed release verify`: ways to pass another release off for the one that was cut, and what is no difference."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.garden import Garden, planted_garden
from support.repositories import RepositoryBuilder
from support.training_samples import made_sample

from seedbed.errors import StoreError
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.generation.sample import Stage
from seedbed.generation.sample_table import samples_from_parquet, samples_to_parquet
from seedbed_training.evaluation.gate import Limits
from seedbed_training.releasing.prepare_plan import prepare_plan
from seedbed_training.releasing.release import cut_release
from seedbed_training.releasing.run_evaluation import run_evaluation
from seedbed_training.releasing.run_training import run_training
from seedbed_training.releasing.verify import notices, verify
from seedbed_training.releasing.workspace import Workspace

AGREE, TOWN = "compositional_skills/agree", "knowledge/town"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, base_model: Path) -> Garden:
    """A garden whose first release was just cut; each test works on a copy."""
    garden = planted_garden(tmp_path_factory.mktemp("released") / "garden", base_model)
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    run_training(garden.workspace, preparation)
    evaluation = run_evaluation(garden.workspace, preparation)
    cut_release(garden.workspace, preparation, evaluation, limits=Limits(1.0, 0.0))
    return garden


@pytest.fixture
def garden(released: Garden, tmp_path: Path) -> Garden:
    folder = tmp_path / "garden"
    shutil.copytree(released.builder.path, folder)
    return Garden(RepositoryBuilder(folder), Workspace.open(folder), released.recipe)


@pytest.fixture
def manifest(garden: Garden) -> ReleaseManifest:
    return garden.workspace.release("release-1")


@pytest.fixture
def folder(garden: Garden, manifest: ReleaseManifest) -> Path:
    return garden.workspace.release_directory(manifest.name)


def test_verify_finds_what_was_changed(garden: Garden, manifest: ReleaseManifest) -> None:
    key = manifest.leaf(TOWN).sample_keys[0]  # type: ignore[union-attr]
    with (garden.workspace.state / "samples" / f"{key}.parquet").open("ab") as file:
        file.write(b"x")
    with (garden.workspace.release_directory("release-1") / "config.json").open("a") as file:
        file.write(" ")
    differences = verify(garden.workspace, manifest)
    assert len(differences) == 2
    assert differences[0].endswith("config.json was changed since the release was cut")
    assert TOWN in differences[1]


def test_verify_finds_a_changed_card_and_a_lost_picture(garden: Garden, manifest: ReleaseManifest) -> None:
    folder = garden.workspace.release_directory("release-1")
    beside = {"README.md", "ATTRIBUTION.txt", "LICENSE.md", "scores.png", "losses.png"}
    assert beside | {"model.safetensors", "config.json", "tokenizer.json"} <= set(manifest.files)
    with (folder / "README.md").open("a") as file:
        file.write("It is the best.\n")
    (folder / "scores.png").unlink()
    changed, lost = verify(garden.workspace, manifest)
    assert changed.endswith("README.md was changed since the release was cut")
    assert lost.endswith("scores.png is missing since the release was cut")


def test_verify_finds_what_was_put_beside_the_model(garden: Garden, manifest: ReleaseManifest) -> None:
    folder = garden.workspace.release_directory("release-1")
    for name in (".gitattributes", "release-1-f16.gguf"):
        (folder / name).write_text("made later", encoding="utf-8")
    assert verify(garden.workspace, manifest) == ()
    (folder / "modeling_llama.py").write_text("import os\n", encoding="utf-8")
    (folder / "model-2.safetensors").write_bytes(b"x")
    assert sorted(verify(garden.workspace, manifest)) == [
        f"{folder / 'model-2.safetensors'} is no part of the release",
        f"{folder / 'modeling_llama.py'} is no part of the release",
    ]


def test_verify_follows_no_name_out_of_the_folder(garden: Garden, manifest: ReleaseManifest) -> None:
    for name in ("../../../seedbed.toml", "/etc/hostname"):
        led = dataclasses.replace(manifest, files={**manifest.files, name: "0" * 64})
        (found,) = verify(garden.workspace, led)
        assert found.endswith("leads out of the release's folder")


def test_verify_holds_the_manifest_to_what_was_committed(garden: Garden, manifest: ReleaseManifest) -> None:
    garden.builder.commit("release 1")
    assert verify(garden.workspace, manifest) == ()
    score = dataclasses.replace(manifest.scores[0], cases=1000)
    better = dataclasses.replace(manifest, scores=(score, *manifest.scores[1:]))
    assert verify(garden.workspace, better) == ("releases/release-1.json is not as it was committed",)
    orphan = dataclasses.replace(manifest, parent="release-0")
    assert "its parent release-0 is not in" in verify(garden.workspace, orphan)[-1]


def test_verify_holds_the_lineage_to_git(garden: Garden, manifest: ReleaseManifest) -> None:
    agree = manifest.leaf(AGREE)
    assert agree is not None and agree.commit is not None

    def altered(**fields: Any) -> tuple[str, ...]:
        leaf = dataclasses.replace(agree, **fields)
        leaves = tuple(leaf if found.name == AGREE else found for found in manifest.leaves)
        return verify(garden.workspace, dataclasses.replace(manifest, leaves=leaves))

    assert altered() == ()
    assert altered(authors=("Somebody Else",)) == (
        f"{AGREE} has the authors Robin Test, the manifest says Somebody Else",
    )
    assert altered(licence="MIT") == (f"{AGREE} has the licence CC0-1.0, the manifest says MIT",)
    assert altered(commit="0" * 40) == (
        f"{AGREE} was last changed by {agree.commit}, the manifest says {'0' * 40}",
    )
    samples, blob = altered(blob="0" * 40)
    assert "another version of its qna.yaml" in samples
    assert "the manifest says " + "0" * 40 in blob
    gone = dataclasses.replace(manifest, taxonomy_commit="1" * 40)
    assert any("cannot be read" in text for text in verify(garden.workspace, gone))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("generation_config.json", ('"eos_token_id"', '"former_eos_token_id"')),
        ("chat_template.jinja", ("{%", "{# #}{%")),
        ("tokenizer.json", ('"yes"', '"nay"')),
        ("ATTRIBUTION.txt", ("Robin Test", "Somebody Else")),
        ("LICENSE.md", ("CC0-1.0", "MIT")),
    ],
)
def test_verify_finds_one_swapped_file(
    garden: Garden, manifest: ReleaseManifest, folder: Path, name: str, change: tuple[str, str]
) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    assert verify(garden.workspace, manifest) == (f"{path} was changed since the release was cut",)


def test_verify_takes_no_link_for_a_file(garden: Garden, manifest: ReleaseManifest, folder: Path) -> None:
    """What a link leads to can be right while it is looked at, and another thing when the model is loaded."""
    elsewhere = garden.builder.path / "config.json"
    (folder / "config.json").rename(elsewhere)
    (folder / "config.json").symlink_to(elsewhere)
    (folder / "more").symlink_to(garden.builder.path)
    (folder / "more.gguf").symlink_to(elsewhere)
    assert verify(garden.workspace, manifest) == (
        f"{folder / 'config.json'} is a link now, and what it leads to can change",
        f"{folder / 'more'} is no part of the release",
        f"{folder / 'more.gguf'} is no part of the release",
    )


def test_verify_names_hidden_weights(garden: Garden, manifest: ReleaseManifest, folder: Path) -> None:
    (folder / ".other.safetensors").write_bytes(b"x")
    assert verify(garden.workspace, manifest) == (
        f"{folder / '.other.safetensors'} is no part of the release",
    )


def poison(garden: Garden, key: str) -> None:
    """Turn round what one sample of a key says, and make the store's own digest fit."""
    folder = garden.workspace.state / "samples"
    samples = samples_from_parquet((folder / f"{key}.parquet").read_bytes())
    index = next(number for number, sample in enumerate(samples) if not sample.held_out)
    other = made_sample(TOWN, "39", stage=Stage.KNOWLEDGE_SHORT, answer="no")
    turned = dataclasses.replace(other, provenance=samples[index].provenance)
    content = samples_to_parquet([*samples[:index], turned, *samples[index + 1 :]])
    (folder / f"{key}.parquet").write_bytes(content)
    record = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
    record["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / f"{key}.json").write_text(json.dumps(record), encoding="utf-8")


def test_verify_finds_a_store_that_was_made_to_fit(garden: Garden, manifest: ReleaseManifest) -> None:
    (key,) = manifest.leaf(TOWN).sample_keys  # type: ignore[union-attr]
    poison(garden, key)
    assert verify(garden.workspace, manifest) == (
        f"{TOWN} has other samples in the store than the release learned and was asked",
    )


def test_a_store_that_was_made_to_fit_is_not_replayed(garden: Garden, manifest: ReleaseManifest) -> None:
    garden.add_leaf("compositional_skills/count")
    garden.generate("compositional_skills/count", "three")
    assert TOWN in prepare_plan(garden.workspace, recipe=garden.recipe).plan.replayed
    (key,) = manifest.leaf(TOWN).sample_keys  # type: ignore[union-attr]
    poison(garden, key)
    with pytest.raises(StoreError, match=f"other samples of {TOWN} than release-1 learned") as raised:
        prepare_plan(garden.workspace, recipe=garden.recipe)
    assert "seedbed release verify release-1" in (raised.value.hint or "")


def test_verify_counts_what_could_be_trained_on(garden: Garden, manifest: ReleaseManifest) -> None:
    town = manifest.leaf(TOWN)
    assert town is not None
    more = dataclasses.replace(town, training_samples=1000)
    leaves = tuple(more if leaf.name == TOWN else leaf for leaf in manifest.leaves)
    assert verify(garden.workspace, dataclasses.replace(manifest, leaves=leaves)) == (
        f"{TOWN} has 9 samples to train on, the manifest says 1000",
    )


def test_verify_finds_a_manifest_that_was_committed_twice(garden: Garden, manifest: ReleaseManifest) -> None:
    garden.builder.commit("release 1")
    leaf = dataclasses.replace(manifest.leaves[0], training_samples=1)
    changed = dataclasses.replace(manifest, leaves=(leaf, *manifest.leaves[1:]))
    garden.builder.write("releases/release-1.json", changed.to_json())
    second = garden.builder.commit("a small correction")
    assert verify(garden.workspace, changed) == (
        f"releases/release-1.json was changed by commit {second}, after the release was committed",
    )


def test_verify_wants_a_taxonomy_that_a_clone_has(garden: Garden, manifest: ReleaseManifest) -> None:
    begun = garden.builder.head
    garden.builder.branch("aside")
    garden.builder.checkout("aside")
    garden.builder.write("NOTES.md", "nothing to learn\n")
    aside = garden.builder.commit("notes")
    garden.builder.checkout("main")
    assert garden.builder.head == begun
    led = dataclasses.replace(manifest, taxonomy_commit=aside)
    assert verify(garden.workspace, led) == (
        f"its taxonomy, commit {aside}, is no part of HEAD's history: a clone will not have it",
    )


def test_what_is_no_difference_is_said(garden: Garden, manifest: ReleaseManifest, folder: Path) -> None:
    (uncommitted,) = notices(garden.workspace, manifest)
    assert uncommitted.startswith("releases/release-1.json is not committed, so nobody can tell")
    garden.builder.commit("release 1")
    assert [*notices(garden.workspace, manifest)] == []
    (folder / "release-1-f16.gguf").write_bytes(b"x")
    assert [*notices(garden.workspace, manifest)] == [
        "release-1-f16.gguf was made after release-1 was cut: nothing says here what is in it"
    ]


def test_a_manifest_from_before_digests_were_kept_is_held_to_the_rest(
    garden: Garden, manifest: ReleaseManifest
) -> None:
    old = dataclasses.replace(
        manifest, leaves=tuple(dataclasses.replace(leaf, samples_digest=None) for leaf in manifest.leaves)
    )
    assert verify(garden.workspace, old) == ()


def test_whoever_may_read_the_card_may_read_the_weights(manifest: ReleaseManifest, folder: Path) -> None:
    modes = {(folder / name).stat().st_mode for name in manifest.files}
    assert len(modes) == 1
