"""What a program does outside of itself, as Python's audit events tell: what it writes, starts and speaks to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HOOK = """
import json, os, sys
_log = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_APPEND)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown")
_STARTING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty")

def _hear(event, details):
    if event == "open" and details[2] & _WRITING or event in _CHANGING:
        kind = "written"
    elif event in _STARTING:
        kind = "started"
    elif event == "socket.connect":
        kind, details = "spoken_to", details[1:]
    else:
        return
    os.write(_log, (json.dumps([kind, str(details[0])]) + "\\n").encode())

sys.addaudithook(_hear)
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """How a program ended, and what it did: paths that it changed, programs that it started, addresses that it spoke to."""

    ended: subprocess.CompletedProcess[str]
    written: tuple[str, ...]
    started: tuple[str, ...]
    spoken_to: tuple[str, ...]


def watched(code: str, *arguments: str, folder: Path, environment: Mapping[str, str], log: Path) -> Watched:
    """Run Python `code` in `folder`, with nothing of this process's environment but where its packages are."""
    log.mkdir()
    (log / "sitecustomize.py").write_text(_HOOK, encoding="utf-8")
    heard = log / "heard"
    heard.touch()
    packages = os.pathsep.join([str(log), *(one for one in sys.path if one)])
    own = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": packages,
        "PYTHONDONTWRITEBYTECODE": "1",
        "WATCHED": str(heard),
    }
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**own, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    events: Sequence[list[str]] = [
        json.loads(line) for line in heard.read_text(encoding="utf-8").splitlines()
    ]
    said = {
        kind: tuple(what for one, what in events if one == kind)
        for kind in ("written", "started", "spoken_to")
    }
    return Watched(ended, **said)
