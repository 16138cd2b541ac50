import pytest

from seedbed.errors import UsageError
from seedbed.taxonomy.repository import Repository
from seedbed_training.demo.scratch_repository import ScratchRepository

LEAF = "compositional_skills/lists/bullet_points"


def test_commits_repeat(tmp_path):
    ids = []
    for name in ("one", "two"):
        scratch = ScratchRepository.create(tmp_path / name)
        scratch.add_leaf(LEAF)
        ids.append(scratch.commit("A leaf"))
    assert ids[0] == ids[1]


def test_a_merge_has_two_parents(tmp_path):
    scratch = ScratchRepository.create(tmp_path / "r")
    scratch.branch("topic")
    scratch.add_leaf(LEAF)
    topic = scratch.commit("A leaf")
    merge = scratch.merge("topic")
    repository = Repository.open(tmp_path / "r")
    assert repository.resolve("main") == merge
    assert repository.parents(merge)[1] == topic


def test_a_leaf_comes_with_its_attribution_and_documents(tmp_path):
    scratch = ScratchRepository.create(tmp_path / "r")
    folder = scratch.add_leaf("knowledge/harbours/velm").parent
    assert {path.name for path in folder.iterdir()} == {"qna.yaml", "attribution.txt", "harbour.md"}


def test_an_unknown_leaf_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no leaf knowledge/nowhere ships"):
        ScratchRepository.create(tmp_path / "r").add_leaf("knowledge/nowhere")


def test_the_persons_own_git_settings_have_no_say(tmp_path, monkeypatch):
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    configuration = tmp_path / "gitconfig"
    configuration.write_text(f"[core]\n\thooksPath = {hooks}\n[user]\n\tname = Somebody\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    ScratchRepository.create(tmp_path / "r")
