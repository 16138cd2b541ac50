"""`seedbed` run as another process, by a program that has its modules already and forks for each run.

Every run has its own process, folder, arguments, environment, files and end, as one that a shell starts. What it has not is
the half second of a processor in which Python loads the modules, hundreds of times in these tests. How `seedbed` starts by
itself is what tests/tools/cli looks at.
"""

from __future__ import annotations

import functools
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

_LOADED = (
    "seedbed.cli.check",
    "seedbed.cli.main",
    "seedbed.cli.preview",
    "seedbed.cli.publish",
    "seedbed.forge.preview_file",
    "jsonschema",
)
_CLIENT = """
import array, json, os, socket, sys
run = json.dumps({"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    server.sendmsg([len(run).to_bytes(8, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
    server.sendall(run)
    ended = server.recv(4)
sys.exit(int.from_bytes(ended, "big") if ended else "seedbed ended without a word")
"""


@functools.cache
def loaded_seedbed() -> str:
    """A shell command that runs `seedbed`; what serves it is started by the first call, and ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="seedbed-"))
    client, address = folder / "client.py", folder / "socket"
    client.write_text(_CLIENT, encoding="utf-8")
    beside, ours = os.pipe()  # which the server finds closed once this process is gone
    packages = os.pathsep.join(one for one in (str(Path(__file__).parents[1]), *sys.path) if one)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(16)
        subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve({listener.fileno()}, {beside})"],
            pass_fds=(listener.fileno(), beside),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": packages, "PYTHONIOENCODING": "utf-8"},
        )
    os.close(beside)
    _KEPT.append(ours)
    return shlex.join([sys.executable, "-I", "-S", str(client), str(address)])


_KEPT: list[int] = []


def run_loaded(
    *arguments: str, folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `seedbed` with `arguments` in `folder`, as `support.command_line.seedbed` does."""
    return subprocess.run(
        [*shlex.split(loaded_seedbed()), *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def serve(listener: int, beside: int) -> None:
    """Fork for each run that is asked for, until nobody holds the other end of `beside`."""
    import importlib
    import select

    for module in _LOADED:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    with socket.socket(fileno=listener) as asked:
        while True:
            ready, _, _ = select.select([asked.fileno(), beside], [], [])
            if beside in ready:
                return
            with asked.accept()[0] as run:
                if os.fork() == 0:
                    _wait_for_one(run)


def _wait_for_one(run: socket.socket) -> None:
    """In a process of its own: start what is asked for, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, files, _, _ = socket.recv_fds(run, 8, 3)
    with run.makefile("rb") as whole:
        wanted = json.loads(whole.read(int.from_bytes(size, "big")))
    child = os.fork()
    if child == 0:
        _become(wanted, files)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    run.sendall((code if code >= 0 else 128 - code).to_bytes(4, "big"))
    os._exit(0)


def _become(wanted: dict[str, object], files: list[int]) -> None:
    from seedbed.cli.main import main

    for place, file in enumerate(files):
        os.dup2(file, place)
    os.environ.clear()
    os.environ.update(wanted["environment"])  # type: ignore[call-overload]
    os.chdir(str(wanted["folder"]))
    sys.argv = ["seedbed", *wanted["arguments"]]  # type: ignore[misc]
    code = 1
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
