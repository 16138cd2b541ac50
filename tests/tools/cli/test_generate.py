"""`seedbed generate` from the outside, with a real model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.growing import growing_repository, run_seedbed, tiny_teacher
from support.small_taxonomy import FREEFORM, GROUNDED, KNOWLEDGE, freeform_leaf, small_taxonomy

from seedbed.errors import install_command


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    small_taxonomy(folder / "words")
    return tiny_teacher(folder / "teacher", folder / "words")


@pytest.fixture
def repository(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    growing_repository(tmp_path / "repository", model)
    monkeypatch.chdir(tmp_path / "repository")
    return tmp_path / "repository"


def test_a_real_model_grows_every_leaf_and_a_second_run_asks_nothing(repository: Path) -> None:
    first = run_seedbed("generate")
    assert first.exit_code == 0, first.errors
    for name in (FREEFORM, GROUNDED, KNOWLEDGE):
        assert f"{name}: generated" in first.output
    assert "\n0 requests made" not in first.output
    assert (repository / ".seedbed" / "journal.sqlite").is_file()
    *leaves, in_all = [line for line in first.output.splitlines() if " asked, " in line]
    assert in_all.startswith("in all, 3 leaves: ") and in_all in run_seedbed("status").output
    asked = [int(line.partition(": ")[2].split()[0]) for line in (*leaves, in_all)]
    assert sum(asked[:-1]) == asked[-1] > 0
    again = run_seedbed("generate")
    assert again.exit_code == 0 and "in all" not in again.output
    assert f"{FREEFORM}: already stored" in again.output
    assert "\n0 requests made, 0 answers recalled" in again.output


def test_what_is_not_committed_is_not_grown(repository: Path) -> None:
    (repository / "taxonomy" / FREEFORM / "qna.yaml").write_text(freeform_leaf("Another task."))
    found = run_seedbed("generate", "--leaf", FREEFORM, "--dry-run")
    assert found.exit_code == 0
    assert "1 of 3 leaves" in found.output and "nothing was asked" in found.output
    assert (
        f"warning: 1 leaf changed since the last commit, which this run does not see: {FREEFORM}"
        in found.errors
    )
    assert not (repository / ".seedbed").exists()


@pytest.mark.parametrize(
    "named",
    [
        (FREEFORM,),
        ("--leaf", FREEFORM),
        (f"taxonomy/{FREEFORM}",),
        (f"taxonomy/{FREEFORM}/",),
        (f"./taxonomy/{FREEFORM}/qna.yaml", "--leaf", FREEFORM),
    ],
)
def test_a_leaf_may_be_named_or_pointed_at(repository: Path, named: tuple[str, ...]) -> None:
    found = run_seedbed("generate", *named, "--dry-run")
    assert found.exit_code == 0, found.errors
    assert "1 of 3 leaves" in found.output and f"{FREEFORM}: " in found.output


def test_a_dry_run_says_what_it_assumes_and_goes_by_what_was_grown_before(
    repository: Path, model: Path
) -> None:
    named = ("--leaf", FREEFORM, "--teacher", f"transformers:{model}", "--samples", "2")
    before = run_seedbed("generate", *named, "--dry-run")
    assert "that is with 60% of all attempts accepted: this store holds no leaf yet" in before.output
    assert "if every attempt is accepted, " in before.output
    assert run_seedbed("generate", *named).exit_code == 0
    after = run_seedbed("generate", *named, "--seed", "7", "--dry-run")
    assert "that is as it went with 1 leaf that this recipe and teacher have grown in this" in after.output


def test_a_dry_run_counts_the_leaves_that_it_cannot_read(repository: Path) -> None:
    folder = repository / "taxonomy" / "compositional_skills" / "broken"
    folder.mkdir(parents=True)
    (folder / "qna.yaml").write_text("version: 3\nseed_examples: [\n")
    subprocess.run(["git", "add", "-A"], cwd=repository, check=True)
    identity = ("-c", "user.name=Robin", "-c", "user.email=robin@example.org")
    subprocess.run(["git", *identity, "commit", "-qm", "broken"], cwd=repository, check=True)
    found = run_seedbed("generate", "--dry-run")
    assert found.exit_code == 0 and "4 of 4 leaves" in found.output
    assert "left out: 1 leaf that cannot be read" in found.errors


def test_a_dry_run_refuses_a_template_that_no_run_could_fill(repository: Path) -> None:
    step = "{prompt: q.txt, seeds: 2, temperature: 0.9, max_tokens: 64}"
    stream = f"{{attempts: 9, question: {step}, answer: {step}, judging: {{mode: second_answer}}}}"
    (repository / "r.yaml").write_text(f"extends: lab\nname: mine\nfreeform: {stream}\n")
    (repository / "q.txt").write_text("Ask about {{ questons }}.")
    found = run_seedbed("generate", "--recipe", "r.yaml", "--dry-run")
    assert found.exit_code == 2 and "asks for `questons`" in found.errors
    assert "did you mean `questions`?" in found.errors


def test_a_folder_above_the_leaves_names_none(repository: Path) -> None:
    found = run_seedbed("generate", "taxonomy", "--dry-run")
    assert found.exit_code == 2 and "there is no leaf 'taxonomy'" in found.errors


def test_a_leaf_that_is_not_there(repository: Path) -> None:
    found = run_seedbed("generate", "--leaf", FREEFORM + "s")
    assert found.exit_code == 2
    assert f"did you mean {FREEFORM}?" in found.errors


def test_every_leaf_refused_is_an_error_that_says_what_to_do(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = growing_repository(tmp_path / "closed", model, closed=True)
    for name in (FREEFORM, GROUNDED, KNOWLEDGE):
        qna = tmp_path / "closed" / "taxonomy" / name / "qna.yaml"
        qna.write_text(qna.read_text().replace("answer: ", "answer: wobbly ", 1))
    builder.commit("a word that the model does not know")
    monkeypatch.chdir(tmp_path / "closed")
    found = run_seedbed("generate")
    assert found.exit_code == 2
    assert "does not know the words 'wobbly'" in found.errors
    assert "refused: 3 leaves" in found.errors and "--teacher openai:URL#MODEL" in found.errors


def test_an_unknown_recipe_and_an_unknown_key(repository: Path) -> None:
    unknown = run_seedbed("generate", "--recipe", "sandbx")
    assert unknown.exit_code == 2 and "lab, pooled, sandbox, views" in unknown.errors
    assert "did you mean sandbox?" in unknown.errors
    recipe = repository / "recipes" / "tiny.yaml"
    recipe.write_text(recipe.read_text().replace("  attempts: 8", "  attemps: 8", 1))
    misspelt = run_seedbed("generate")
    assert misspelt.exit_code == 2
    assert "attemps; did you mean attempts?" in misspelt.errors


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = run_seedbed("generate")
    assert found.exit_code == 2 and "git" in found.errors and "Traceback" not in found.errors


def test_a_store_that_cannot_be_written(repository: Path) -> None:
    (repository / "occupied").write_text("a file, not a folder")
    found = run_seedbed("generate", "--store", "occupied/store")
    assert found.exit_code == 2 and "Traceback" not in found.errors
    assert "there is a file of that name" in found.errors and "--store" in found.errors


@pytest.mark.parametrize("library", ["jinja2", "pyarrow"])
def test_a_missing_library_is_said_before_anything_is_asked(
    repository: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    found = run_seedbed("generate", "--leaf", FREEFORM)
    assert found.exit_code == 2
    assert library in found.errors and install_command("generate") in found.errors
    assert "requests made" not in found.output
