"""`seedbed export`: folders that other people's trainers open, the same bytes each time, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest
from ruamel.yaml import YAML
from support.growing import run_seedbed
from support.repositories import RepositoryBuilder
from support.small_taxonomy import FREEFORM, GROUNDED, KNOWLEDGE
from support.stored_project import stored_project

from seedbed.errors import StoreError
from seedbed.generation import export_files
from seedbed.generation.across_leaves import Fallen, Reason
from seedbed.generation.audit_record import CriterionAudit, JudgeAudit, write_audit
from seedbed.generation.export import Export, LeafToExport, export_samples
from seedbed.generation.planting import Fault
from seedbed.generation.store import SampleStore
from seedbed.generation.store_files import open_store_files
from seedbed.reports.dataset_card import dataset_card
from seedbed.taxonomy.attribution import read_attribution


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RepositoryBuilder:
    return stored_project(tmp_path_factory.mktemp("stored") / "repository")


@pytest.fixture
def project(made: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch) -> RepositoryBuilder:
    monkeypatch.chdir(made.path)
    return made


def export(folder: Path, *arguments: str) -> str:
    found = run_seedbed("export", str(folder), *arguments)
    assert found.exit_code == 0, found.errors
    return found.output


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stored(project: RepositoryBuilder) -> dict[str, bool]:
    store = SampleStore.open(project.path / ".seedbed")
    keys = store.keys()
    return {one.id: one.held_out for key in keys for one in store.read(key)}


def test_messages_are_one_exchange_a_line(project: RepositoryBuilder, tmp_path: Path) -> None:
    export(tmp_path / "out")
    rows = {
        row["id"]: (row, name == "held_out")
        for name in ("train", "held_out")
        for row in map(json.loads, (tmp_path / "out" / f"{name}.jsonl").read_text().splitlines())
    }
    assert {one: held_out for one, (_, held_out) in rows.items()} == stored(project)
    for row, _ in rows.values():
        assert [message["role"] for message in row["messages"]][-2:] == ["user", "assistant"]
        assert set(row["messages"][0]) == {"role", "content"} and row["leaf"] in (
            FREEFORM,
            GROUNDED,
            KNOWLEDGE,
        )


@pytest.mark.parametrize("form", ["messages", "huggingface"])
def test_equal_samples_give_equal_bytes(project: RepositoryBuilder, tmp_path: Path, form: str) -> None:
    export(tmp_path / "one", "--format", form)
    export(tmp_path / "two", "--format", form)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_hub_folder_names_its_files_in_its_card(project: RepositoryBuilder, tmp_path: Path) -> None:
    export(tmp_path / "out", "--format", "huggingface")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    front = YAML(typ="safe").load(card.split("---\n")[1])
    assert front["license"] == ["cc0-1.0"] and front["size_categories"] == ["n<1K"]
    listed = {
        file.name
        for config in front["configs"]
        for split in config["data_files"]
        for pattern in split["path"]
        for file in (tmp_path / "out").glob(pattern)
    }
    files = sorted((tmp_path / "out" / "data").iterdir())
    assert listed == {file.name for file in files} and front["configs"][0]["default"] is True
    rows = {row["id"]: row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()}
    assert {one: row["held_out"] for one, row in rows.items()} == stored(project)
    assert "teacher: scripted" in card and "Robin Test" in card and "second answer differs" in card


def test_leaves_and_stages_narrow(project: RepositoryBuilder, tmp_path: Path) -> None:
    export(tmp_path / "leaf", "--leaf", FREEFORM)
    rows = (tmp_path / "leaf" / "train.jsonl").read_text().splitlines()
    assert rows and {json.loads(row)["leaf"] for row in rows} == {FREEFORM}
    export(tmp_path / "stage", "--format", "huggingface", "--stage", "knowledge_short")
    assert {path.name.split("-")[0] for path in (tmp_path / "stage" / "data").iterdir()} == {
        "knowledge_short"
    }


def test_nothing_is_overwritten_and_nothing_half_written(
    project: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a").write_text("mine")
    found = run_seedbed("export", str(tmp_path / "kept"))
    assert found.exit_code == 2 and "is not empty" in found.errors
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    found = run_seedbed("export", str(tmp_path / "new"))
    assert found.exit_code == StoreError.exit_code and "No space left" in found.errors
    assert contents(tmp_path) == {"kept/a": b"mine"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--leaf", KNOWLEDGE + "m"), "did you mean"),
        (("--release", "v9"), "there is no release 'v9'"),
        (("--leaf", FREEFORM, "--stage", "knowledge_long"), "there are no samples to export"),
        (("--store", "elsewhere"), "is no folder that is there"),
    ],
)
def test_wrong_input_is_one_clear_error(
    project: RepositoryBuilder, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    found = run_seedbed("export", str(tmp_path / "out"), *arguments)
    assert found.exit_code == 2 and words in found.errors and not (tmp_path / "out").exists()


def test_the_card_tells_what_the_judge_caught(project: RepositoryBuilder, tmp_path: Path) -> None:
    files = open_store_files(str(project.path / ".seedbed"))
    store = SampleStore.open(project.path / ".seedbed")
    making = store.describe(store.keys()[0]).making
    criterion = CriterionAudit("grounded|<b>", 5, 4, {Fault.NUMBER: (6, 3)}, 0)
    audit = JudgeAudit(
        making.recipe, "a" * 64, "b" * 64, making.teacher, "c" * 40, 0, (FREEFORM,), (criterion,)
    )
    names = [write_audit(files, audit), write_audit(files, replace(audit, recipe="another"))]
    export(tmp_path / "audited")
    for name in names:
        (project.path / ".seedbed" / name).unlink()
    card = (tmp_path / "audited" / "README.md").read_text(encoding="utf-8")
    assert card.count("## How far its judge can be trusted") == 1
    assert "| 0.50 (0.19 to 0.81) | 0.75 (0.30 to 0.95) | 0.80 (0.38 to 0.96) |" in card
    assert "<b>" not in card and "grounded|" not in card
    export(tmp_path / "never")
    assert "its judge" not in (tmp_path / "never" / "README.md").read_text(encoding="utf-8")


def test_samples_that_fall_are_left_out_and_counted(project: RepositoryBuilder, tmp_path: Path) -> None:
    store = SampleStore.open(project.path / ".seedbed")
    hostile = read_attribution(
        "Title of work: <img src=x> | [a](http://b) @all\nLicense of the work: ---\\nevil: yes\n"
    )
    keys = store.keys()
    leaves = [
        LeafToExport(store.describe(key).making.leaf, "b" * 40, (key,), "@me|", hostile) for key in keys
    ]

    def write(folder: str, fallen: list[str]) -> tuple[Export, bytes]:
        made = export_samples(
            store,
            leaves,
            tmp_path / folder,
            form="messages",
            card=lambda export, digest: dataset_card(export, digest, parquet=True),
            commit="c" * 40,
            screen=lambda samples: {
                one.id: Fallen(one.id, one.leaf, Reason.BENCHMARK, "`a|b.txt`, line 3")
                for one in samples
                if one.id in fallen
            },
            benchmarks=["a|b.txt"],
        )
        return made, (tmp_path / folder / "train.jsonl").read_bytes()

    everything, rows = write("all", [])
    first = json.loads(rows.splitlines()[0])["id"]
    fewer, fewer_rows = write("fewer", [first])
    assert fewer_rows == b"".join(rows.splitlines(keepends=True)[1:])
    assert sum(one.fallen for one in fewer.leaves) == 1
    assert fewer.count(held_out=False) == everything.count(held_out=False) - 1
    card = (tmp_path / "fewer" / "README.md").read_text(encoding="utf-8")
    assert YAML(typ="safe").load(card.split("---\n")[1])["license"] == ["unknown"]
    assert "<img" not in card and "](http:" not in card
    assert "`left_out.jsonl`: 1: 1 in a benchmark list" in card and "are left out: a" in card
    [row] = map(json.loads, (tmp_path / "fewer" / "left_out.jsonl").read_text().splitlines())
    assert row["id"] == first and row["like"] == "`a|b.txt`, line 3"
    assert not (tmp_path / "all" / "left_out.jsonl").exists()
    assert "left_out.jsonl" not in (tmp_path / "all" / "README.md").read_text(encoding="utf-8")


def test_benchmark_questions_are_left_out_told_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = stored_project(tmp_path / "repository")
    monkeypatch.chdir(project.path)
    store = SampleStore.open(project.path / ".seedbed")
    keys = store.keys()
    samples = [one for key in keys for one in store.read(key)]
    of_leaf = [one for one in samples if one.leaf == KNOWLEDGE and not one.held_out]
    taken = next(one for one in of_leaf if len(one.question.split()) > 4)
    project.write("tests/exam.txt", f"Another question?\n{taken.question}\n")
    settings = (project.path / "seedbed.toml").read_text()
    project.write("seedbed.toml", f'{settings}[check]\nbenchmarks = ["tests/exam.txt"]\n')
    project.commit("a benchmark")
    said = export(tmp_path / "out")
    rows = [json.loads(row) for row in (tmp_path / "out" / "left_out.jsonl").read_text().splitlines()]
    assert taken.id in {row["id"] for row in rows} and f"{len(rows)} in a benchmark list" in said
    assert {row["like"] for row in rows} == {"`tests/exam.txt`, line 2"}
    kept = [json.loads(row)["id"] for row in (tmp_path / "out" / "train.jsonl").read_text().splitlines()]
    assert taken.id not in kept and len(kept) == sum(not one.held_out for one in samples) - len(rows)
    assert "are left out: tests/exam.txt" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    shown = run_seedbed("show", KNOWLEDGE, "--rejected").output
    assert f"left out  {taken.id}: in a benchmark list" in shown and "line 2" in shown


def test_damage_is_told_as_what_it_is_and_an_unwritable_place_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = stored_project(tmp_path / "repository")
    monkeypatch.chdir(project.path)
    (tmp_path / "file").write_text("mine")
    found = run_seedbed("export", str(tmp_path / "file"))
    assert found.exit_code == 2 and "is no folder" in found.errors
    with monkeypatch.context() as patched:
        patched.setattr(SampleStore, "read", lambda store, key: pytest.fail("read in vain"))
        found = run_seedbed("export", str(tmp_path / "file" / "out"))
    assert found.exit_code == 2 and "out cannot be written: Not a directory" in found.errors
    table = next((project.path / ".seedbed" / "samples").glob("*.parquet"))
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    found = run_seedbed("export", str(tmp_path / "out"))
    assert found.exit_code == 2 and "was changed after it was written" in found.errors
    assert "cannot be written" not in found.errors and "generate --leaf" in found.errors
    assert not (tmp_path / "out").exists() and contents(tmp_path).keys() >= {"file"}


def test_a_folder_of_messages_names_its_splits(project: RepositoryBuilder, tmp_path: Path) -> None:
    export(tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    [config] = YAML(typ="safe").load(card.split("---\n")[1])["configs"]
    assert config["config_name"] == "default"
    for split in config["data_files"]:
        assert split["path"] == f"{split['split']}.jsonl" and (tmp_path / "out" / split["path"]).is_file()
    named = {split["path"] for split in config["data_files"]}
    assert named == {path.name for path in (tmp_path / "out").glob("*.jsonl")}


def test_long_tables_are_cut_into_row_groups_and_files(
    project: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "ROWS_PER_GROUP", 1)
    monkeypatch.setattr(export_files, "ROWS_PER_FILE", 2)
    export(tmp_path / "out", "--format", "huggingface")
    files = sorted((tmp_path / "out" / "data").glob("knowledge_short-train-*.parquet"))
    ids = [one for file in files for one in pyarrow.parquet.read_table(file)["id"].to_pylist()]
    groups = [
        [meta.row_group(number).num_rows for number in range(meta.num_row_groups)]
        for meta in map(pyarrow.parquet.read_metadata, files)
    ]
    assert [size for group in groups for size in group[:-1]] == [1] * sum(len(one) - 1 for one in groups)
    assert all(sum(group) <= 2 for group in groups) and sum(map(sum, groups)) == len(ids) > 2
    export(tmp_path / "lines")
    rows = map(json.loads, (tmp_path / "lines" / "train.jsonl").read_text().splitlines())
    assert ids == [row["id"] for row in rows if row["stage"] == "knowledge_short"]
