"""The demo itself, with two leaves instead of nine: every command of it runs, on the real models."""

import json
from pathlib import Path

import pytest

from seedbed.errors import ExitCode, MissingExtraError, UsageError
from seedbed.generation.release_manifest import read_releases
from seedbed_training.demo.command import DemoError, SeedbedCommand
from seedbed_training.demo.result import WITH, WITHOUT
from seedbed_training.demo.story import Cast, tell

CAST = Cast(
    old=("compositional_skills/lists/bullet_points",),
    fresh=("foundational_skills/word_order/swap_ends",),
    broken="foundational_skills/word_order/swap_ends",
)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("demo"))
        result = tell(Path("out"), seed=0, say=said.append, cast=CAST)  # relative, as by default
        return Path("out").resolve(), result, said


def test_what_replay_is_for(played):
    _, result, _ = played
    (old,), (fresh,) = CAST.old, CAST.fresh
    assert result.arms["base"][old] <= 0.1
    assert result.arms["release-1"][old] >= 0.9
    assert result.arms[WITH][fresh] >= 0.8
    assert result.arms[WITH][old] >= result.arms["release-1"][old] - 0.05
    assert result.arms[WITHOUT][old] <= result.arms["release-1"][old] - 0.3
    assert 0 < result.replay_token_share <= 0.25


def test_two_releases_are_on_record(played):
    out, _, _ = played
    first, second = read_releases(out / "repository" / "releases")
    assert (first.parent, second.parent) == (None, "release-1")
    assert {leaf.name: leaf.role.value for leaf in second.leaves} == {
        CAST.old[0]: "replayed",
        CAST.fresh[0]: "fresh",
    }
    assert second.gate.passed


def test_only_the_new_leaf_was_generated_for_the_second_release(played):
    out, _, _ = played
    made = [
        json.loads(path.read_text()) for path in (out / "repository" / ".seedbed").rglob("samples/*.json")
    ]
    assert len(made) == 2


def test_what_it_says_to_open_is_there(played):
    out, _, _ = played
    released = out / "repository" / ".seedbed" / "releases" / "release-2"
    assert {"README.md", "model.safetensors", "tokenizer.json", "scores.png"} <= {
        p.name for p in released.iterdir()
    }
    assert (out / "preview.md").read_text().count("Exchange the two end words") + (
        out / "preview.md"
    ).read_text().count("Swap the first") >= 8


def test_every_command_is_one_that_a_person_could_type(played):
    _, _, said = played
    commands = [line.split()[2] for line in said if line.startswith("$ seedbed ")]
    assert set(commands) == {"check", "generate", "plan", "train", "eval", "release", "preview", "status"}


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="was not made by a demo"):
        tell(tmp_path, seed=0, say=str, cast=CAST)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_place_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="the demo cannot write in"):
        tell(tmp_path / "file" / "out", seed=0, say=str, cast=CAST)


def test_a_step_that_fails_ends_the_demo_as_it_ended(tmp_path):
    with pytest.raises(DemoError, match="ended with 2 where the demo expects 0") as caught:
        SeedbedCommand(tmp_path, str).run("check")
    assert caught.value.exit_code == ExitCode.USAGE


def test_without_its_extra_nothing_is_touched(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="the demo needs torch"):
        tell(tmp_path / "out", seed=0, say=str, cast=CAST)
    assert not (tmp_path / "out").exists()
