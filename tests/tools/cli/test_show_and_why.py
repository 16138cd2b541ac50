"""`seedbed show` and `seedbed why` on samples that were really generated, stored and journaled."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest
from support.golden import assert_golden
from support.growing import run_seedbed
from support.repositories import RepositoryBuilder
from support.small_pdf import small_pdf
from support.small_taxonomy import (
    FREEFORM,
    GROUNDED,
    HARBOUR,
    KNOWLEDGE,
    freeform_leaf,
    knowledge_leaf,
    small_taxonomy,
)
from support.stored_project import store_samples, stored_project

from seedbed.cli.main import COMMANDS
from seedbed.documents import convert
from seedbed.documents.convert import parser_of
from seedbed.generation.find_recipe import find_recipe
from seedbed.generation.funnel import Funnel
from seedbed.generation.project import open_project
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.store import SampleStore
from seedbed.reports.sample_text import sample_lines

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RepositoryBuilder:
    return stored_project(tmp_path_factory.mktemp("stored") / "repository")


@pytest.fixture
def project(made: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch) -> RepositoryBuilder:
    monkeypatch.chdir(made.path)
    monkeypatch.setenv("COLUMNS", "100")
    return made


def samples(project: RepositoryBuilder, leaf: str) -> list[Sample]:
    store = SampleStore.open(project.path / ".seedbed")
    keys = store.keys()
    return [one for key in keys for one in store.read(key) if one.leaf == leaf]


def generated(project: RepositoryBuilder, leaf: str) -> Sample:
    return next(one for one in samples(project, leaf) if "attempt" in one.provenance.parameters)


def output(*arguments: str) -> str:
    found = run_seedbed(*arguments)
    assert found.exit_code == 0, found.errors
    return found.output


def test_show_is_as_a_person_last_saw_it(project: RepositoryBuilder) -> None:
    assert_golden(GOLDEN / "show.txt", output("show", KNOWLEDGE, "--count", "6"))


@pytest.mark.parametrize("leaf", [FREEFORM, GROUNDED, KNOWLEDGE])
def test_why_is_as_a_person_last_saw_it(project: RepositoryBuilder, leaf: str) -> None:
    told = output("why", generated(project, leaf).id[:12])
    assert "not known" not in told
    assert_golden(GOLDEN / f"why.{leaf.split('/')[0]}.txt", told)


def test_show_pages_through_every_leaf_and_narrows(project: RepositoryBuilder) -> None:
    every = output("show")
    ids = re.findall(r"  ([0-9a-f]{32})  ", every)
    assert sorted(ids) == sorted(
        one.id for leaf in (FREEFORM, GROUNDED, KNOWLEDGE) for one in samples(project, leaf)
    )
    short = output("show", "--stage", str(Stage.KNOWLEDGE_SHORT))
    assert KNOWLEDGE in short and FREEFORM not in short
    held_out = output("show", KNOWLEDGE, "--held-out")
    assert len(re.findall("held out$", held_out, re.MULTILINE)) == sum(
        one.held_out for one in samples(project, KNOWLEDGE)
    )
    assert "no sample is of this kind" in output("show", FREEFORM, "--stage", "knowledge_long")


def test_show_says_what_was_rejected_and_why(project: RepositoryBuilder) -> None:
    told = output("show", FREEFORM, "--rejected")
    assert "second answer differs" in told or "copy of a seed" in told or "repeated" in told
    [count] = re.findall(r"(\d+) rejected attempt", told)
    store = SampleStore.open(project.path / ".seedbed")
    keys = store.keys()
    lost = next(
        funnel.lost
        for key in keys
        for funnel in store.describe(key).funnels.values()
        if store.describe(key).making.leaf == FREEFORM
    )
    assert int(count) == sum(number for loss, number in lost.items() if loss != "surplus")


def test_why_holds_every_prompt_as_it_was_sent(project: RepositoryBuilder) -> None:
    sample = generated(project, KNOWLEDGE)
    told = json.loads(output("why", sample.id, "--format", "json"))
    assert told == json.loads(output("why", sample.id, "--json"))  # the older spelling
    assert told["sample"]["id"] == sample.id and told["gaps"] == []
    roles = [one["role"] for one in told["exchanges"]]
    assert roles[0] == "question" and "answer" in roles and "second answer" in roles
    answer = told["exchanges"][roles.index("answer")]
    assert answer["completion"]["text"] == sample.answer
    assert answer["request"]["messages"][-1]["content"].endswith(sample.question)
    assert told["passage"]["text"] in (project.path / told["passage"]["path"]).read_text()
    assert told["attribution"]["licence"] == "CC0-1.0" and told["leaf"]["author"] == "Robin Test"


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> RepositoryBuilder:
    """The harbour as a PDF of three pages."""
    builder = small_taxonomy(tmp_path_factory.mktemp("converted") / "repository")
    pages = [part.split("\n") for part in HARBOUR.split("## ")[1:]]
    folder = f"taxonomy/{KNOWLEDGE}"
    (builder.path / folder / "harbour.md").unlink()
    builder.write(f"{folder}/harbour.pdf", small_pdf(pages))
    builder.write_leaf(folder, knowledge_leaf().replace("harbour.md", "harbour.pdf"))
    return store_samples(builder)


def test_samples_of_a_converted_document_say_by_what_and_from_which_pages(
    converted: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(converted.path)
    made = [one for one in samples(converted, KNOWLEDGE) if "attempt" in one.provenance.parameters]
    parser = parser_of("harbour.pdf")
    assert made and {one.provenance.parameters["parser"] for one in made} == {parser}
    pages = {"north pier": 1, "old crane": 2, "south ramp": 3}
    for one in made:
        page = next(page for thing, page in pages.items() if thing in one.question)
        found = one.provenance.parameters
        assert found["first_page"] <= page <= found["last_page"]
    told = output("why", made[0].id)
    assert f"as read by {parser}" in told and "first_page" in told and "not known" not in told
    output("export", str(tmp_path / "out"), "--format", "huggingface")
    assert f"documents converted by: {parser.split(',')[0]}" in (tmp_path / "out" / "README.md").read_text()
    table = pyarrow.parquet.read_table(next((tmp_path / "out" / "data").glob("knowledge*train*")))
    assert all("first_page" in row for row in table["parameters"].to_pylist())
    monkeypatch.setattr(convert, "VERSION", 99)
    assert "here the document is read by" in " ".join(output("why", made[0].id).split())
    plain = [one for one in samples(converted, FREEFORM) if "attempt" in one.provenance.parameters]
    assert plain and not any("parser" in one.provenance.parameters for one in plain)


def test_why_reads_no_table_but_the_samples_own_and_survives_a_broken_memory(
    project: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = generated(project, GROUNDED)
    read: list[str] = []
    whole, ids = SampleStore.read, SampleStore._ids
    monkeypatch.setattr(SampleStore, "read", lambda store, key: [read.append(key), whole(store, key)][1])
    monkeypatch.setattr(SampleStore, "_ids", lambda store, key: pytest.fail("the run had noted its ids"))
    first = output("why", sample.id)
    assert len(read) == 1
    [memory] = (project.path / ".seedbed").glob("*sample_ids.sqlite")
    memory.write_bytes(b"torn" * 2_000)
    monkeypatch.setattr(SampleStore, "_ids", ids)
    assert output("why", sample.id) == first  # the file is removed, and made anew
    memory.unlink()
    assert output("why", sample.id) == first and memory.is_file()


def test_why_says_what_can_no_longer_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = stored_project(tmp_path / "repository")
    monkeypatch.chdir(project.path)
    freeform, grounded, knowledge = (generated(project, leaf).id for leaf in (FREEFORM, GROUNDED, KNOWLEDGE))
    project.write_leaf(f"taxonomy/{FREEFORM}", freeform_leaf("Turn them."))
    project.commit("edited")
    assert "the leaf was changed or removed since" in output("why", freeform)
    for file in (project.path / ".seedbed").glob("journal*"):
        file.unlink()
    told = output("why", knowledge)
    assert "its prompt was rendered" in told and "answer, as it was asked" in told and "→ said" not in told
    assert "its prompt cannot be" in output("why", grounded)
    assert "lacks" in output("show", KNOWLEDGE, "--rejected")
    project.write("seedbed.toml", '[generation]\nrecipe = "lab"\n')
    assert "its prompt was rendered" in output("why", knowledge)  # the size is found by what was wanted
    edited = replace(load_recipe("sandbox"), near_copy=0.5)
    monkeypatch.setattr("seedbed.generation.find_recipe.load_recipe", lambda name: edited)
    assert "no recipe 'sandbox' here has the" in " ".join(output("why", knowledge).split())
    assert run_seedbed("show", GROUNDED, "--rejected").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("why", "zz"), "4 to 32 hex digits"),
        (("why", "0" * 32), "holds no sample whose id begins with"),
        (("show", KNOWLEDGE + "m"), f"did you mean {KNOWLEDGE}?"),
        (("show", "--rejected"), "--rejected needs a LEAF"),
        (("show", FREEFORM, "--store", "elsewhere"), "is no folder that is there"),
    ],
)
def test_wrong_input_is_one_clear_error(
    project: RepositoryBuilder, arguments: tuple[str, ...], words: str
) -> None:
    found = run_seedbed(*arguments)
    assert found.exit_code == 2 and words in found.errors and "Traceback" not in found.errors


def test_wide_characters_and_hostile_ones_keep_their_columns(project: RepositoryBuilder) -> None:
    from dataclasses import replace

    from rich.cells import cell_len

    from seedbed.teacher.teacher import Message

    sample = generated(project, FREEFORM)
    text = "\u6e2f\u306e\u5317\u6865 " * 40 + "\x1b[2J\u202eevil\r" + "x" * 300
    hostile = replace(sample, messages=(Message("user", text), Message("assistant", "\u6e2f" * 90)))
    lines = list(sample_lines(hostile, 1, 1, width=60))
    assert all(cell_len(line) <= 60 for line in lines if not line.startswith("1 of 1"))
    assert "\x1b" not in "".join(lines) and "\u202e" not in "".join(lines) and "\\x1b[2J" in "".join(lines)
    assert "".join(lines).count("\u6e2f") == 130


def test_the_command_is_listed() -> None:
    assert "why" in COMMANDS


@pytest.mark.parametrize(("passages", "other"), [(1, 6), (3, 7)])
def test_a_recipe_of_another_size_is_found_by_what_was_wanted(
    project: RepositoryBuilder, passages: int, other: int
) -> None:
    opened = open_project(project.path)
    made_with = with_samples(opened.recipe(None, None), other)
    funnels = {Stage.KNOWLEDGE_SHORT: Funnel(wanted=other * passages), Stage.KNOWLEDGE_LONG: Funnel()}
    found = find_recipe(opened, made_with.name, made_with.digest, funnels)
    assert found == made_with
    assert find_recipe(opened, made_with.name, "0" * 64, funnels) is None
