"""The index of sample ids: a memory that may be missing, old, damaged or not writable, and never decides what is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.generation import sample_index
from seedbed.generation.sample_index import SampleIndex

TABLES: Mapping[str, tuple[str, ...]] = {"k1": ("aa11", "ab22"), "k2": ("aa11", "cc33"), "k3": ("dd44",)}


def unwatched(doing: str, done: int, of: int) -> None:
    pass


def reader(read: list[str]) -> Callable[[str], Sequence[str]]:
    def ids(key: str) -> Sequence[str]:
        read.append(key)
        return TABLES[key]

    return ids


def test_only_what_is_not_noted_is_read(tmp_path: Path) -> None:
    index, read = SampleIndex(tmp_path / "ids"), list[str]()
    assert index.note([("k1", TABLES["k1"])])
    assert index.keys_of("aa", TABLES, reader(read), unwatched) == ("k1", "k2")
    assert read == ["k2", "k3"]
    assert index.keys_of("d", TABLES, reader(read), unwatched) == ("k3",) and len(read) == 2
    assert index.keys_of("aa", ["k2"], reader(read), unwatched) == ("k2",)  # the other table was removed


def test_a_table_that_is_written_again_counts_as_it_is_now(tmp_path: Path) -> None:
    index = SampleIndex(tmp_path / "ids")
    index.note([("k1", ("ee55",))])
    index.note([("k1", TABLES["k1"])])
    for prefix, found in (("ee", ()), ("ab", ("k1",))):
        assert index.keys_of(prefix, ["k1"], reader([]), unwatched) == found


@pytest.mark.parametrize("state", ["torn", "older", "of another kind", "a folder"])
def test_a_file_that_cannot_be_used_changes_nothing_but_the_time(tmp_path: Path, state: str) -> None:
    path = tmp_path / "ids"
    if state == "a folder":
        path.mkdir()
    elif state == "torn":
        path.write_bytes(b"torn" * 2_000)
    else:
        with sqlite3.connect(path) as file:
            file.execute("CREATE TABLE tables (number INTEGER PRIMARY KEY, key TEXT UNIQUE)")
            file.execute("INSERT INTO tables (key) VALUES ('k1')")
            file.execute(f"PRAGMA user_version = {0 if state == 'older' else 99}")
    for _ in range(2):
        assert SampleIndex(path).keys_of("aa", TABLES, reader([]), unwatched) == ("k1", "k2")
    read: list[str] = []
    SampleIndex(path).keys_of("aa", TABLES, reader(read), unwatched)
    assert bool(read) == (state == "a folder")


@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=3), st.lists(st.text("0af", min_size=4, max_size=4))),
    st.text("0af", max_size=4),
    st.data(),
)
def test_found_as_by_reading_everything(
    tables: dict[str, list[str]], prefix: str, data: st.DataObject
) -> None:
    import tempfile

    noted = data.draw(st.sets(st.sampled_from(sorted(tables)))) if tables else set()
    with tempfile.TemporaryDirectory() as folder:
        index = SampleIndex(Path(folder) / "ids")
        index.note([(key, tables[key]) for key in sorted(noted)])
        found = index.keys_of(prefix, tables, tables.__getitem__, unwatched)
    assert found == tuple(
        sorted(key for key, ids in tables.items() if any(one.startswith(prefix) for one in ids))
    )


def test_how_far_it_is_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_index, "_AT_ONCE", 2)
    told: list[tuple[str, int, int]] = []
    index = SampleIndex(tmp_path / "ids")
    index.keys_of("aa", TABLES, reader([]), lambda *heard: told.append(heard))
    assert told == [("tables read", done, 3) for done in (1, 2, 3)]
    assert index.keys_of("d", TABLES, lambda key: pytest.fail("noted"), unwatched) == ("k3",)
