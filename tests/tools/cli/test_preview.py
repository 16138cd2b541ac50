"""`seedbed preview` from the outside, with a real model as teacher and as student."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.growing import growing_repository, run_seedbed, tiny_teacher
from support.repositories import RepositoryBuilder
from support.small_taxonomy import FREEFORM, GROUNDED, KNOWLEDGE, freeform_leaf, small_taxonomy

NEW = "compositional_skills/lists/turn"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    small_taxonomy(folder / "words")
    return tiny_teacher(folder / "teacher", folder / "words")


@pytest.fixture
def repository(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> RepositoryBuilder:
    builder = growing_repository(tmp_path / "repository", model)
    monkeypatch.chdir(builder.path)
    return builder


def test_no_leaf_changed(repository: RepositoryBuilder) -> None:
    found = run_seedbed("preview")
    assert found.exit_code == 0, found.errors
    assert "no leaf changed" in found.output
    assert run_seedbed("preview", "--fail-on-empty").exit_code == 3


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_new_leaf_in_the_working_tree(repository: RepositoryBuilder, form: str) -> None:
    repository.write_leaf(f"taxonomy/{NEW}", freeform_leaf())
    found = run_seedbed("preview", "--format", form, "--samples", "2")
    assert found.exit_code == 0, found.errors
    assert not (repository.path / ".seedbed" / "samples").exists()
    if form != "json":
        assert "turn" in found.output and "asked" in found.output and KNOWLEDGE not in found.output
        return
    document = json.loads(found.output)
    assert document["version"] == 1
    (leaf,) = document["leaves"]
    assert (leaf["name"], leaf["change"]) == (NEW, "added")
    assert len(leaf["student"]) == 8 and leaf["student_tokens"] > 0
    funnel = leaf["funnels"]["compositional"]
    assert funnel["asked"] == funnel["kept"] + sum(funnel["lost"].values())
    assert [seed["answer"] for seed in leaf["seeds"]][:2] == ["cup, bell, apple", "fork, egg, door"]
    for reason, count in funnel["lost"].items():
        said = sum(one["reason"] == reason for one in leaf["rejected"])
        assert said == (count if reason not in ("empty", "cut off", "surplus") else said)
    assert all(one["question"] and one["reason"] in funnel["lost"] for one in leaf["rejected"])


@pytest.mark.parametrize("everything", [(), ("--all",)])
def test_paths_choose_unchanged_leaves(repository: RepositoryBuilder, everything: tuple[str, ...]) -> None:
    found = run_seedbed("preview", f"taxonomy/{GROUNDED}", *everything, "--format", "json", "--samples", "1")
    assert "1/1 leaves, " in found.errors and f": {GROUNDED} previewed" in found.errors
    assert [(leaf["name"], leaf["change"]) for leaf in json.loads(found.output)["leaves"]] == [
        (GROUNDED, "unchanged")
    ]


def test_a_broken_leaf_is_said_and_the_other_is_shown(repository: RepositoryBuilder) -> None:
    repository.write_leaf(f"taxonomy/{NEW}", "version: 3\nseed_examples: [\n")
    repository.write_leaf(f"taxonomy/{FREEFORM}", freeform_leaf("Turn them."))
    found = run_seedbed("preview", "--format", "json", "--samples", "1")
    assert found.exit_code == 0
    leaves = {leaf["name"]: leaf for leaf in json.loads(found.output)["leaves"]}
    assert "seedbed check" in leaves[NEW]["problem"]
    assert leaves[FREEFORM]["problem"] is None


def test_a_change_under_review_cannot_choose_settings_or_recipe(repository: RepositoryBuilder) -> None:
    base = repository.commit("base")
    repository.write(
        "seedbed.toml", '[teacher]\nbackend = "openai"\nmodel = "m"\nurl = "http://127.0.0.1:9/v1"\n'
    )
    repository.write("recipes/tiny.yaml", "name: stolen\n")
    repository.write("recipes/yes.txt", "{% for a broken template %}")
    repository.write_leaf(f"taxonomy/{NEW}", freeform_leaf())
    head = repository.commit("change")
    found = run_seedbed("preview", "--base", base, "--head", head, "--format", "json", "--samples", "1")
    assert found.exit_code == 0, found.errors
    document = json.loads(found.output)
    assert document["recipe"] == "tiny" and "transformers" in document["teacher"]
    assert [leaf["name"] for leaf in document["leaves"]] == [NEW]


def test_a_branch_that_began_inside_a_merged_one_cannot_choose_settings_either(
    repository: RepositoryBuilder,
) -> None:
    """Its merge base is a commit that nobody looked at: there, settings were a stranger's for one commit."""
    repository.commit("base")
    settings = (repository.path / "seedbed.toml").read_text(encoding="utf-8")
    repository.branch("first")
    repository.write(
        "seedbed.toml", '[teacher]\nbackend = "openai"\nmodel = "m"\nurl = "http://127.0.0.1:9/v1"\n'
    )
    midst = repository.commit("settings of my own")
    repository.write("seedbed.toml", settings)
    repository.commit("and back")
    repository.checkout("main")
    repository.merge("first")
    repository.branch("second", midst)
    repository.write_leaf(f"taxonomy/{NEW}", freeform_leaf())
    head = repository.commit("a leaf")
    repository.checkout("main")
    found = run_seedbed("preview", "--head", head, "--format", "json", "--samples", "1")
    assert found.exit_code == 0, found.errors
    document = json.loads(found.output)
    assert document["base"] == midst
    assert "transformers" in document["teacher"]


def test_a_page_is_written_and_the_next_preview_says_what_changed(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    options = (f"taxonomy/{FREEFORM}", "--samples", "2")
    first = run_seedbed("preview", *options, "--format", "json", "--output", str(tmp_path / "first.json"))
    assert (first.exit_code, first.output) == (0, ""), first.errors
    page = tmp_path / "preview.html"
    again = run_seedbed(
        "preview",
        *options,
        "--format",
        "html",
        "--previous",
        str(tmp_path / "first.json"),
        "--output",
        str(page),
    )
    assert again.exit_code == 0, again.errors
    shown = page.read_text(encoding="utf-8")
    samples = len(json.loads((tmp_path / "first.json").read_text())["leaves"][0]["samples"])
    assert f"Since the last preview: 0 new, 0 gone, {samples} unchanged." in shown
    assert "8 seeds, by a person" in shown and "The student" in shown
    assert not list(tmp_path.glob(".*"))
    missing = run_seedbed("preview", *options, "--output", str(tmp_path / "nowhere" / "a.html"))
    assert missing.exit_code == 2 and "cannot be written" in missing.errors
    assert run_seedbed("preview", "--previous", str(page)).exit_code == 2


def test_a_missing_student_is_said_unless_it_was_asked_for(repository: RepositoryBuilder) -> None:
    settings = (repository.path / "seedbed.toml").read_text()
    repository.write("seedbed.toml", settings.split("[student]")[0] + '[student]\nmodel = "./nowhere"\n')
    found = run_seedbed("preview", "--all", "--format", "json", "--samples", "1")
    assert found.exit_code == 0, found.errors
    document = json.loads(found.output)
    assert document["student"] is None and "nowhere" in document["student_problem"]
    assert len(document["leaves"]) == 3
    assert run_seedbed("preview", "--all", "--student", "./nowhere").exit_code == 2


def test_a_change_of_many_leaves_is_cut_and_says_so(repository: RepositoryBuilder) -> None:
    found = run_seedbed("preview", "--all", "--limit", "1", "--samples", "1", "--format", "json")
    assert found.exit_code == 0, found.errors
    document = json.loads(found.output)
    assert [leaf["name"] for leaf in document["leaves"]] == [GROUNDED]
    assert document["left_out"] == [FREEFORM, KNOWLEDGE]


def proposed(repository: RepositoryBuilder) -> tuple[str, str]:
    """A base on main, and a commit beside it with one new leaf and settings of its own."""
    base = repository.commit("base")
    repository.branch("change")
    repository.write_leaf(f"taxonomy/{NEW}", freeform_leaf())
    repository.write("seedbed.toml", '[teacher]\nurl = "http://127.0.0.1:9/v1"\n')
    head = repository.commit("change")
    repository.checkout("main")
    return base, head


def test_what_is_prepared_is_what_is_shown(repository: RepositoryBuilder, tmp_path: Path) -> None:
    base, head = proposed(repository)
    request, result = tmp_path / "request.json", tmp_path / "preview.json"
    prepared = run_seedbed("preview", "--head", head, "--samples", "2", "--prepare", str(request))
    assert prepared.exit_code == 0, prepared.errors
    assert "nothing was asked" in prepared.output and f"- {NEW} (added)" in prepared.output
    document = json.loads(request.read_text())
    assert (document["base"], document["head"], document["samples"]) == (base, head, 2)
    assert document["estimate"]["requests"] > 0
    made = run_seedbed(
        *("preview", "--head", head, "--request", str(request), "--format", "json", "--output", str(result))
    )
    assert made.exit_code == 0, made.errors
    shown = json.loads(result.read_text())
    assert shown["head"] == head and [leaf["name"] for leaf in shown["leaves"]] == [NEW]
    assert shown["stopped"] is None and len(shown["leaves"][0]["samples"]) <= 2


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("base", None, "base"),
        ("recipe_digest", "0" * 64, "recipe_digest"),
        ("caps", {"tokens": None, "seconds": None, "cost": None}, "caps"),
        ("leaves", [], "leaves"),
        ("samples", 101, "not of the form"),
        ("head", "main", "not of the form"),
        ("url", "http://127.0.0.1:9", "not of the form"),
    ],
)
def test_a_request_that_the_commits_do_not_say_is_not_carried_out(
    repository: RepositoryBuilder, tmp_path: Path, key: str, value: object, named: str
) -> None:
    _, head = proposed(repository)
    request = tmp_path / "request.json"
    run_seedbed("preview", "--head", head, "--prepare", str(request))
    changed = json.loads(request.read_text()) | {key: head if key == "base" else value}
    request.write_text(json.dumps(changed))
    refused = run_seedbed("preview", "--request", str(request))
    assert refused.exit_code == 2 and named in refused.errors, refused.errors
    assert not (repository.path / ".seedbed" / "preview.sqlite").exists()


def test_a_request_is_about_one_commit_and_its_changes(repository: RepositoryBuilder, tmp_path: Path) -> None:
    base, head = proposed(repository)
    request = tmp_path / "request.json"
    assert run_seedbed("preview", "--prepare", str(request)).exit_code == 2
    assert run_seedbed("preview", "--all", "--head", head, "--prepare", str(request)).exit_code == 2
    assert run_seedbed("preview", "--head", head, "--prepare", str(request)).exit_code == 0
    other = run_seedbed("preview", "--head", base, "--request", str(request))
    assert other.exit_code == 2 and "another commit" in other.errors


def test_a_preview_stops_at_its_cap(repository: RepositoryBuilder) -> None:
    settings = (repository.path / "seedbed.toml").read_text()
    repository.write("seedbed.toml", f"{settings}[preview]\nmost_tokens = 400\n")
    found = run_seedbed("preview", f"taxonomy/{FREEFORM}", "--format", "json")
    assert found.exit_code == 0, found.errors
    document = json.loads(found.output)
    assert document["stopped"] == "tokens"
    assert document["leaves"][0]["teacher_tokens"] <= 400
    assert "most_tokens" in run_seedbed("preview", f"taxonomy/{FREEFORM}").output
