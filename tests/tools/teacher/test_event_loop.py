"""The event loop: uvloop's where it is installed, and Ctrl-C means the same in either."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from seedbed.teacher import event_loop

UVLOOP = pytest.param(True, id="uvloop", marks=pytest.mark.skipif(os.name == "nt", reason="no wheel"))

INTERRUPTED = """
import asyncio, sys
if sys.argv[1] == "without":
    sys.modules["uvloop"] = None
from seedbed.teacher import event_loop

async def wait():
    print(type(asyncio.get_running_loop()).__module__, flush=True)
    if sys.argv[2] == "busy":
        try:
            while not asyncio.current_task().cancelling():
                pass
            print("asked to end", flush=True)
            while True:
                pass
        finally:
            print("broken off", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        print("closed", flush=True)

event_loop.run(wait())
"""


@pytest.mark.parametrize("installed", [UVLOOP, pytest.param(False, id="asyncio")])
def test_the_loop_is_uvloops_where_it_is_installed(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "uvloop", None)

    async def name() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert event_loop.run(name()).startswith("uvloop") is installed
    with event_loop.runner() as runner:
        assert runner.run(name()) == runner.run(name())


def ended_by(sent: signal.Signals, program: str, loop: str, doing: str, said: list[str]) -> tuple[int, str]:
    """Exit code and stderr of a program that is sent the signal once for each line it must say to it."""
    with subprocess.Popen(
        [sys.executable, "-c", program, loop, doing],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("uvloop") is (loop == "with")
            for line in said:
                process.send_signal(sent)
                assert process.stdout.readline() == f"{line}\n"
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, error


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("loop", ["with", "without"])
@pytest.mark.parametrize(
    ("doing", "said"), [("waiting", ["closed"]), ("busy", ["asked to end", "broken off"])]
)
def test_an_interrupt_lets_the_coroutine_close_and_is_then_raised(
    loop: str, doing: str, said: list[str]
) -> None:
    """Waiting, one Ctrl-C cancels it; where it never waits, the second breaks it off."""
    code, error = ended_by(signal.SIGINT, INTERRUPTED, loop, doing, said)
    assert error.rstrip().endswith("KeyboardInterrupt")
    assert code == -signal.SIGINT


TERMINATED = INTERRUPTED.replace(
    "event_loop.run(wait())",
    """import signal
from seedbed.cli.termination import terminated_as_interrupted
signal.signal(signal.SIGINT, signal.SIG_IGN)
with terminated_as_interrupted():
    event_loop.run(wait())
""",
)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("loop", ["with", "without"])
@pytest.mark.parametrize(
    ("doing", "said"), [("waiting", ["closed"]), ("busy", ["asked to end", "broken off"])]
)
def test_sigterm_does_the_same_where_a_shell_has_sigint_ignored(
    loop: str, doing: str, said: list[str]
) -> None:
    """As behind `&`. Nothing is raised in the midst of the loop's own work, where it would be printed and lost."""
    _, error = ended_by(signal.SIGTERM, TERMINATED, loop, doing, said)
    assert error.rstrip().endswith("KeyboardInterrupt") and "Fatal error" not in error
