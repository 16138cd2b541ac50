"""The sample store: whole or not there, and the same bytes for the same samples."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.errors import StoreError
from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.generation.sample_table import samples_from_parquet, samples_to_parquet
from seedbed.generation.store import Making, SampleStore
from seedbed.taxonomy.leaf import Span
from seedbed.teacher.teacher import Message, TeacherIdentity

TEACHER = TeacherIdentity("openai", "some/model", "abc")
MAKING = Making("knowledge/x", "b" * 40, ("d1", "d2"), "lab", "e" * 64, TEACHER, 7)
FUNNELS = {Stage.KNOWLEDGE_SHORT: Funnel(5, 3, 1, {Loss.REPEATED: 2}, 15, 100, 20)}


def sample(question: str, answer: str = "yes", *, document: bool = True) -> Sample:
    made = Provenance("b" * 40, "e" * 64, TEACHER, 3, {"temperature": 0.5, "max_tokens": 9, "origin": "x"})
    if document:
        made = Provenance(**{**_fields(made), "document_path": "a.md", "passage": Span(1, 1, 2, 3)})
    messages = (Message("user", question), Message("assistant", answer))
    return Sample("knowledge/x", Stage.KNOWLEDGE_SHORT, messages, False, made, {"pair": 3.0})


def _fields(made: Provenance) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__slots__}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(st.tuples(texts, texts, st.booleans()), max_size=5))
def test_parquet_gives_back_what_went_in(rows: list[tuple[str, str, bool]]) -> None:
    samples = tuple(sample(question, answer, document=document) for question, answer, document in rows)
    content = samples_to_parquet(samples)
    assert samples_from_parquet(content) == samples
    assert samples_to_parquet(samples) == content


def test_the_key_is_golden() -> None:
    assert MAKING.key == "4f4f2ae634e833daa747b46fc0cc4cac499795ce6053d8e4da3568e508197e6d"


@pytest.mark.parametrize("url", ["local", "memory://seedbed-store"])
def test_write_and_read(tmp_path: Path, url: str) -> None:
    store = SampleStore.open(str(tmp_path / "store") if url == "local" else f"{url}-{tmp_path.name}")
    assert store.keys() == () and not store.has(MAKING.key)
    samples = (sample("one"), sample("two"))
    with store.writing():
        assert store.write(MAKING, samples, FUNNELS).key == MAKING.key
    assert store.read(MAKING.key) == samples
    assert store.keys() == (MAKING.key,)
    stored = store.describe(MAKING.key)
    assert (stored.making, stored.samples, stored.held_out) == (MAKING, 2, 0)
    assert dict(stored.funnels) == FUNNELS
    assert [found.key for found in store.find("knowledge/x", "b" * 40, ["d2", "d1"])] == [MAKING.key]
    assert store.find("knowledge/x", "b" * 40, ["d2"]) == ()


def test_any_flipped_byte_is_found(tmp_path: Path) -> None:
    store = SampleStore.open(tmp_path)
    store.write(MAKING, [sample("one")], FUNNELS)
    table = tmp_path / "samples" / f"{MAKING.key}.parquet"
    whole = table.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        table.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(StoreError, match="was changed"):
            store.read(MAKING.key)
    table.unlink()
    with pytest.raises(StoreError, match="missing"):
        store.read(MAKING.key)


def test_a_table_without_its_record_is_not_there(tmp_path: Path) -> None:
    store = SampleStore.open(tmp_path)
    store.write(MAKING, [sample("one")], FUNNELS)
    record = tmp_path / "samples" / f"{MAKING.key}.json"
    text = record.read_text()
    record.unlink()
    assert not store.has(MAKING.key) and store.keys() == ()
    record.write_text(text[: len(text) // 2])
    with pytest.raises(StoreError, match="not a record"):
        store.describe(MAKING.key)


def test_an_unwritable_store_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "samples").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        SampleStore.open(tmp_path).write(MAKING, [sample("one")], FUNNELS)
    assert "--store" in (caught.value.hint or "")


def test_an_unknown_protocol() -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        SampleStore.open("nowhere://bucket")


def _hold(path: str, held: object, go: object) -> None:
    with SampleStore.open(path).writing():
        held.set()  # type: ignore[attr-defined]
        go.wait(20)  # type: ignore[attr-defined]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(tmp_path), held, go))
    other.start()
    try:
        assert held.wait(20)
        with pytest.raises(StoreError, match="another process"), SampleStore.open(tmp_path).writing():
            pass
        assert SampleStore.open(tmp_path).keys() == ()  # readers need no lock
    finally:
        other.kill()
        other.join()
    with SampleStore.open(tmp_path).writing():
        pass  # the kernel gave the lock back
