"""The folder of a site is there whole, as it was or as it will be, whatever moment its writer is killed in."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seedbed.errors import UsageError
from seedbed.site import output
from seedbed.site.exchange import exchanged
from seedbed.site.output import MARKER, output_folder

EARLIER = {"index.html": "earlier", "same.html": "same", "tree/old.html": "old"}
LATER = {"index.html": "later", "same.html": "same", "tree/a/new.html": "new"}
_CHANGES = (
    "os.rename",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "open",
    "ctypes.dlsym",
    "fcntl.flock",
)
_MOST = 300  # changes: far more than there are


def write(folder: Path, files: dict[str, str]) -> None:
    with output_folder(folder) as made:
        for name, text in files.items():
            made.write(name, text)
        made.keep()


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MARKER
    }


def in_a_process_of_its_own(work: Callable[[], None]) -> int:
    """Its exit code; below 0 for a signal."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def killed_at(change: int, folder: Path) -> bool:
    """Write the later site in a process that dies before its change number `change` of the disk."""

    def work() -> None:
        seen = 0

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            seen += event in _CHANGES
            if event in _CHANGES and seen == change:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        write(folder, LATER)

    code = in_a_process_of_its_own(work)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def can_exchange(folder: Path) -> bool:
    (folder / "one").mkdir()
    (folder / "other").mkdir()
    return exchanged(folder / "one", folder / "other")


@pytest.mark.parametrize("in_one_step", [True, False])
def test_killed_at_every_change_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    """In one step there is no moment without a site; in two, the next run finds the earlier one again."""
    if not in_one_step:
        monkeypatch.setattr(output, "exchanged", lambda one, other: False)
    elif not can_exchange(tmp_path):
        pytest.skip("this file system cannot exchange two folders")
    seen: list[str] = []
    for change in range(1, _MOST):
        folder = tmp_path / f"{change}" / "site"
        write(folder, EARLIER)
        killed = killed_at(change, folder)
        there = contents(folder)
        assert there in ([EARLIER, LATER] if in_one_step else [EARLIER, LATER, {}]), change
        seen.append({"earlier": "earlier", "later": "later"}.get(there.get("index.html", ""), "nothing"))
        if not there:
            with pytest.raises(KeyboardInterrupt), output_folder(folder):
                assert contents(folder) == EARLIER
                raise KeyboardInterrupt
            assert contents(folder) == EARLIER
        write(folder, LATER)
        assert contents(folder) == LATER
        assert [path.name for path in folder.parent.iterdir()] == ["site"]
        if not killed:
            break
    assert not killed and len(seen) > 20
    assert {"earlier", "later"} <= set(seen) and ("nothing" in seen) == (not in_one_step)
    assert seen == sorted(seen, key=["earlier", "nothing", "later"].index)


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write(folder, EARLIER)
    with output_folder(folder) as made:
        made.write("index.html", "later")
        with pytest.raises(UsageError, match="another process writes a site"), output_folder(folder):
            pass
        made.keep()
    assert contents(folder) == {"index.html": "later"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_is_not_kept_leaves_no_trace(tmp_path: Path) -> None:
    with output_folder(tmp_path / "site") as made:
        made.write("index.html", "never kept")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_gives_way_and_a_link_keeps_its_aim(tmp_path: Path) -> None:
    (tmp_path / "real" / "empty").mkdir(parents=True)
    (tmp_path / "site").symlink_to(tmp_path / "real")
    write(tmp_path / "site", LATER)
    assert (tmp_path / "site").is_symlink() and contents(tmp_path / "real") == LATER
    assert not (tmp_path / "real" / "empty").exists()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written: File exists"):
        write(tmp_path / "file" / "site", LATER)
