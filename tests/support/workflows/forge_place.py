"""What a forge keeps between runs: the repository, artifacts, pages, statements, variables and the secrets of environments."""

from __future__ import annotations

import itertools
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.forge_server import LABELLING_TOKEN, REPOSITORY, RUNS_TOKEN, TOKEN, Forge
from support.loaded_seedbed import loaded_seedbed

ROOT = Path(__file__).parents[3]
"""The repository of Seedbed itself, which `$/` means."""
READING_TOKEN = "a-token-that-only-reads"
"""What a job without `pull-requests: write` is given; the forge's server takes no call with it."""

_SEEDBED = """#!/bin/sh
exec {seedbed} "$@"
"""
# The two things that the workflows ask of `gh`: to read of the API, and to be git's credential helper.
_GH = """#!{python}
import json, os, sys, urllib.request
if sys.argv[1:3] == ["auth", "git-credential"]:
    sys.exit(0)
command, path, flag, filter = sys.argv[1:]
assert (command, flag) == ("api", "--jq"), sys.argv
request = urllib.request.Request(
    os.environ["GITHUB_API_URL"] + "/" + path, headers={{"Authorization": "Bearer " + os.environ["GH_TOKEN"]}}
)
filters = {{
    ".event": lambda found: print(found["event"]),
    ".artifacts[].workflow_run.id": lambda found: [print(one["workflow_run"]["id"]) for one in found["artifacts"]],
}}
try:
    filters[filter](json.load(urllib.request.urlopen(request, timeout=20)))
except urllib.error.HTTPError as error:
    sys.exit(f"gh: HTTP {{error.code}}")
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `payload` is the forge's own JSON; `ref` and `sha` are what a run of it is for."""

    name: str
    payload: dict[str, Any]
    ref: str
    sha: str
    base_ref: str = ""
    head_ref: str = ""
    from_fork: bool = False


@dataclass
class ForgePlace:
    """A repository on a forge. `origin` is its git folder, `forge` the server of its API."""

    folder: Path
    origin: Path
    forge: Forge
    variables: dict[str, str] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {"teacher": {"TEACHER_KEY": "the-key-of-the-teacher"}}
    )
    attested: list[str] = field(default_factory=list)
    default_branch: str = "main"

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._numbers, self._machines = itertools.count(41), itertools.count(1)
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        for name, text in (("seedbed", _SEEDBED), ("gh", _GH)):
            program = self.programs / name
            program.write_text(text.format(python=sys.executable, seedbed=loaded_seedbed()), encoding="utf-8")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def next_run(self) -> int:
        return next(self._numbers)

    def new_machine(self, run: int) -> Path:
        """The folder of one hosted machine."""
        return self.folder / "runs" / f"{run}-{next(self._machines)}"

    def artifact(self, run: int, name: str) -> Path:
        return self.folder / "artifacts" / str(run) / name

    @property
    def pages(self) -> Path:
        """What was deployed last."""
        return self.folder / "pages"

    @property
    def machine(self) -> Path:
        """The working folder of the self-hosted machine, which stays."""
        return self.folder / "machine"

    def github(self, event: Event, *, run: int, workflow: str, token: str) -> dict[str, Any]:
        """The context `github`."""
        return {
            "event_name": event.name,
            "event": event.payload,
            "ref": event.ref,
            "ref_name": event.ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
            "ref_type": "tag" if event.ref.startswith("refs/tags/") else "branch",
            "sha": event.sha,
            "base_ref": event.base_ref,
            "head_ref": event.head_ref,
            "repository": REPOSITORY,
            "actor": str((event.payload.get("sender") or {}).get("login", "robin")),
            "run_id": str(run),
            "run_number": str(run),
            "run_attempt": "1",
            "server_url": "https://forge.example",
            "api_url": self.forge.address,
            "workflow": workflow,
            "token": token,
        }

    def variables_of(self, github: Mapping[str, Any]) -> dict[str, str]:
        """The environment of every step: what the forge sets, and this interpreter's programs first."""
        names = ("event_name", "ref", "ref_name", "ref_type", "sha", "base_ref", "head_ref", "repository")
        names += ("actor", "run_id", "run_number", "run_attempt", "server_url", "api_url", "workflow")
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            **{f"GITHUB_{name.upper()}": str(github[name]) for name in names},
            **self.programs_and_packages(),
        }

    def programs_and_packages(self) -> dict[str, str]:
        """Where a script finds `seedbed`, and this interpreter finds what it imports."""
        path = [str(self.programs), str(Path(sys.executable).parent), os.environ["PATH"]]
        packages = [folder for folder in sys.path if folder]
        return {"PATH": os.pathsep.join(path), "PYTHONPATH": os.pathsep.join(packages)}


def token_for(permissions: Mapping[str, str], *, from_fork: bool) -> str:
    """A token that writes only where the job asked for it, and never for a fork's own run."""
    if from_fork:
        return READING_TOKEN
    if permissions.get("pull-requests") == "write":
        return TOKEN
    if permissions.get("issues") == "write":
        return LABELLING_TOKEN
    return RUNS_TOKEN if permissions.get("actions") == "read" else READING_TOKEN


def git(*arguments: str, cwd: Path) -> str:
    """git's output; an error of git's is the caller's."""
    done = subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout
