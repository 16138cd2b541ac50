"""The demo's own git repository: leaves are committed, branched and merged in it as contributors would."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from seedbed.bundled_files import bundled_file
from seedbed.errors import UsageError

SETTINGS = """\
[taxonomy]
root = "taxonomy"

[teacher]
backend = "transformers"
model = "sandbox"

[student]
model = "sandbox"

[generation]
recipe = "sandbox"
"""


class ScratchRepository:
    """A repository at `root` with a `main` branch; every commit has the same author and time, so ids repeat."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._minute = 0

    @classmethod
    def create(cls, root: Path) -> ScratchRepository:
        """An empty repository but for `seedbed.toml` and what git is to leave alone."""
        root.mkdir(parents=True)
        repository = cls(root)
        repository._git("init", "--quiet", "--initial-branch", "main")
        (root / "seedbed.toml").write_text(SETTINGS, encoding="utf-8")
        (root / ".gitignore").write_text(".seedbed/\n", encoding="utf-8")
        repository.commit("A taxonomy with the sandbox as its teacher")
        return repository

    def add_leaf(self, name: str) -> Path:
        """Copy a leaf that ships with Seedbed, documents and attribution included; returns its `qna.yaml`."""
        source = bundled_file(f"taxonomy/{name}")
        if not source.is_dir():
            raise UsageError(f"no leaf {name} ships with this Seedbed", hint="reinstall Seedbed")
        shutil.copytree(source, self.root / "taxonomy" / name, dirs_exist_ok=True)
        return self.root / "taxonomy" / name / "qna.yaml"

    def commit(self, message: str) -> str:
        """Commit everything in the working tree; returns the commit's id."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)
        return self._git("rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        """Start a branch here and move to it."""
        self._git("checkout", "--quiet", "-b", name)

    def merge(self, name: str) -> str:
        """Merge a branch into `main` as a forge does, with a merge commit; returns its id."""
        self._git("checkout", "--quiet", "main")
        self._git("merge", "--quiet", "--no-ff", "--message", f"Merge branch '{name}'", name)
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        self._minute += 1
        moment = f"2026-01-01T{self._minute // 60:02}:{self._minute % 60:02}:00Z"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),  # neither the person's own settings nor hooks have a say here
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Demo",
            "GIT_AUTHOR_EMAIL": "demo@seedbed.invalid",
            "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_NAME": "Demo",
            "GIT_COMMITTER_EMAIL": "demo@seedbed.invalid",
            "GIT_COMMITTER_DATE": moment,
        }
        try:
            finished = subprocess.run(
                ["git", *arguments],
                cwd=self.root,
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
        except FileNotFoundError as error:
            raise UsageError(
                "the demo needs the git program, which was not found", hint="install git"
            ) from error
        except subprocess.CalledProcessError as error:
            raise UsageError(f"git {arguments[0]} failed in {self.root}: {error.stderr.strip()}") from error
        return finished.stdout.strip()
