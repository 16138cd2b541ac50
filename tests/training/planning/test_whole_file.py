"""Files that are whole or not there."""

from __future__ import annotations

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
