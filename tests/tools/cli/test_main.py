"""Every way in which a command can end, and the exit code it means."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from support.command_line import seedbed

from seedbed.cli import main
from seedbed.errors import (
    ExitCode,
    MissingExtraError,
    NothingToDoError,
    TrainingError,
    UsageError,
    install_command,
)


def ending(error: BaseException) -> int:
    def run() -> None:
        raise error

    return main.exit_code_of(run)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no"), 2),
        (MissingExtraError("seedbed train", "train", "torch"), 2),
        (ModuleNotFoundError("no torch", name="torch"), 2),
        (NothingToDoError("no"), 3),
        (TrainingError("no"), 1),
        (KeyboardInterrupt(), 130),
        (click.exceptions.Abort(), 130),
        (click.UsageError("no"), 2),
        (click.exceptions.Exit(1), 1),
    ],
)
def test_exit_codes(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(error) == code
    assert "Traceback" not in capsys.readouterr().err


def terminated(run: Callable[[], object]) -> int:
    """The exit code of a command that does `run` and is then sent SIGTERM."""

    def command() -> None:
        run()
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("went on after SIGTERM")

    before = signal.getsignal(signal.SIGTERM)
    code = main.exit_code_of(command)
    assert signal.getsignal(signal.SIGTERM) is before
    return code


def test_sigterm_ends_a_command_as_ctrl_c_does_with_a_code_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert terminated(lambda: None) == 143
    before = signal.getsignal(signal.SIGINT)
    try:  # as a shell starts what stands behind `&`
        assert terminated(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) == 143
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "\ninterrupted\n" * 2


def test_sigterm_cancels_what_runs_in_an_event_loop() -> None:
    ended = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # what is closed may take its time
            ended.append("closed")

    assert main.exit_code_of(lambda: asyncio.run(work())) == 143
    assert ended == ["closed"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_sigterm_ends_a_forked_worker_as_it_always_did() -> None:
    def command() -> int:
        worker = os.fork()
        if worker == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(7)
        return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])

    assert main.exit_code_of(command) == -signal.SIGTERM


def test_results_are_exit_codes() -> None:
    assert main.exit_code_of(lambda: None) == 0
    assert main.exit_code_of(lambda: ExitCode.FINDINGS) == 1


def test_hint_and_message_are_shown_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    ending(UsageError("bad \x1b[2J name", hint="type \u202ethis"))
    said = capsys.readouterr().err
    assert "error: bad \\x1b[2J name" in said and "try: type \\u202ethis" in said


def test_a_missing_library_names_the_line_that_brings_it(capsys: pytest.CaptureFixture[str]) -> None:
    ending(ModuleNotFoundError("no", name="pyarrow.parquet"))
    assert install_command("generate") in capsys.readouterr().err


def test_a_defect_leaves_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert ending(ZeroDivisionError("oh")) == 4
    (report,) = tmp_path.glob("seedbed-report-*.txt")
    text = report.read_text()
    assert "ZeroDivisionError: oh" in text and "seedbed 0." in text and "command:" in text
    said = capsys.readouterr().err
    assert str(report) in said and "Traceback" not in said


def test_help_lists_commands_without_loading_them(tmp_path: Path) -> None:
    done = seedbed("--help", folder=tmp_path)
    assert done.returncode == 0
    for name in main.COMMANDS:
        assert f"  {name} " in done.stdout
    program = (
        "import sys\nfrom seedbed.cli.main import exit_code_of, seedbed\n"
        "exit_code_of(lambda: seedbed.main(['--help'], standalone_mode=False))\n"
        "print([name for name in ('pygit2', 'ruamel', 'torch', 'jsonschema') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(tmp_path: Path) -> None:
    assert "0.1.0" in seedbed("--version", folder=tmp_path).stdout


def test_a_reader_that_went_away_is_no_error_and_no_success(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = "from seedbed.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "explain"],
        cwd=tmp_path,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def completions(folder: Path, *words: str) -> list[str]:
    """What bash is offered for the last of `words`."""
    done = seedbed(
        folder=folder,
        environment={
            "_SEEDBED_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("seedbed", *words)),
            "COMP_CWORD": str(len(words)),
        },
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_a_shell_is_offered_commands_options_and_codes(tmp_path: Path) -> None:
    assert {"check", "diff", "doctor", "train"} <= set(completions(tmp_path, ""))
    assert completions(tmp_path, "che") == ["check"]
    assert "--fix" in completions(tmp_path, "check", "--f")
    assert "sarif" in completions(tmp_path, "check", "--format", "sa")
    assert completions(tmp_path, "explain", "SB107") == ["SB107"]


def test_completing_a_command_loads_none(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom seedbed.cli.main import seedbed\nimport click\n"
        "names = [item.value for item in seedbed.shell_complete(click.Context(seedbed), 'chec')]\n"
        "loaded = [name for name in sys.modules if name.startswith(('seedbed.checking', 'pygit2', 'torch'))]\n"
        "print(names, loaded)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "['check'] []\n"
