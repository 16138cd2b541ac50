"""Files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.full_disk import full_disk

from seedbed.errors import StoreError
from seedbed_training.planning.whole_file import write_whole


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "plan.json"
    write_whole(path, "before")
    with full_disk(100), pytest.raises(StoreError, match="cannot be written"):
        write_whole(path, "x" * 101)
    assert [entry.name for entry in path.parent.iterdir()] == ["plan.json"]
    assert path.read_text(encoding="utf-8") == "before"
    write_whole(path, "after")
    assert path.read_text(encoding="utf-8") == "after"


def test_its_name_is_on_the_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    whole = os.fsync

    def watched(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        whole(handle)

    monkeypatch.setattr(os, "fsync", watched)
    path = tmp_path / "new" / "newer" / "plan.json"
    write_whole(path, "content")
    *folders, _, last = synced
    assert folders == [tmp_path, tmp_path / "new"]
    assert last == path.parent
