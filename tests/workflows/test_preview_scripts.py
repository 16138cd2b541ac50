"""The scripts inside the workflows, run by the same shell with the same options, on real repositories.

`gh` is the one thing that is not real: a small program that notes how it was called and answers from a file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.repositories import RepositoryBuilder

WORKFLOWS = Path(__file__).parents[2] / ".github" / "workflows"

GH = """#!/bin/sh
printf '%s\\n' "$*" >> "$GH_CALLS"
case "$*" in
  *"--jq .head.sha"*) cat "$GH_HEAD" ;;
  *comments*select*) cat "$GH_MINE" ;;
esac
"""


def script(workflow: str, job: str, step: str) -> str:
    """What a step of a workflow runs."""
    text = (WORKFLOWS / f"{workflow}.yml").read_text(encoding="utf-8")
    steps: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(text)["jobs"][job]["steps"]
    [found] = [each["run"] for each in steps if each.get("name") == step]
    return str(found)


class Runner:
    """A machine that runs steps: a working tree, a temporary folder, a summary and a `gh`."""

    def __init__(self, folder: Path) -> None:
        self.temporary = folder / "temp"
        self.summary = folder / "summary.md"
        self.calls = folder / "calls"
        self.head, self.mine = folder / "head", folder / "mine"
        programs = folder / "bin"
        for directory in (self.temporary, programs):
            directory.mkdir()
        for file in (self.summary, self.calls, self.head, self.mine):
            file.touch()
        (programs / "gh").write_text(GH, encoding="utf-8")
        (programs / "gh").chmod(0o755)
        self.path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])

    def run(self, text: str, *, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script as the workflows' `shell: bash` does."""
        variables = {
            "PATH": self.path,
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "seedbed/seedbed",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GH_CALLS": str(self.calls),
            "GH_HEAD": str(self.head),
            "GH_MINE": str(self.mine),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
        return subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | variables | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    folder = tmp_path / "runner"
    folder.mkdir()
    return Runner(folder)


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryBuilder:
    built = RepositoryBuilder(tmp_path / "repository")
    built.write_leaf("taxonomy/compositional_skills/geography/capitals")
    built.commit()
    return built


FETCH = script("preview", "generate", "Fetch the labelled commit as data")


@pytest.fixture
def clone(tmp_path: Path, repository: RepositoryBuilder) -> tuple[Path, str]:
    """A clone as the checkout leaves it, and a commit that only the pull request's own reference holds."""
    repository.branch("change")
    repository.write("evil.sh", "touch evil")
    head = repository.commit("change")
    repository.checkout("main")
    repository.set_reference("refs/pull/7/head", head)
    repository.git.branches.local["change"].delete()
    repository.git.config["uploadpack.allowReachableSHA1InWant"] = True
    path = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", f"file://{repository.path}", str(path)], check=True)
    return path, head


def test_fetch_brings_the_commit_and_touches_no_file(runner: Runner, clone: tuple[Path, str]) -> None:
    path, head = clone
    before = sorted(path.glob("*"))
    ran = runner.run(FETCH, cwd=path, HEAD_SHA=head)
    assert ran.returncode == 0, ran.stderr
    kind = subprocess.run(
        ["git", "cat-file", "-t", head], cwd=path, capture_output=True, text=True, check=True
    )
    assert kind.stdout.strip() == "commit"
    assert sorted(path.glob("*")) == before
    assert not (path / ".git" / "FETCH_HEAD").exists()


@pytest.mark.parametrize("head", ["main", "--upload-pack=touch evil", "refs/pull/7/head", "a" * 39, ""])
def test_fetch_takes_nothing_but_a_full_commit_id(runner: Runner, clone: tuple[Path, str], head: str) -> None:
    assert runner.run(FETCH, cwd=clone[0], HEAD_SHA=head).returncode != 0


PUBLISH = script("preview", "publish", "Write the comment, or bring it up to date")
HEAD = "c" * 40


def publish(runner: Runner, preview: str, *, head: str = HEAD, mine: str = "") -> str:
    """Publish a preview; returns the calls that change something."""
    (runner.temporary / "preview").mkdir()
    (runner.temporary / "preview" / "preview.md").write_text(preview, encoding="utf-8")
    runner.head.write_text(head, encoding="utf-8")
    runner.mine.write_text(mine, encoding="utf-8")
    ran = runner.run(
        PUBLISH, cwd=runner.temporary, NUMBER="7", HEAD_SHA=HEAD, RUN_URL="https://example.org/run"
    )
    assert ran.returncode == 0, ran.stderr
    return "\n".join(line for line in runner.calls.read_text().splitlines() if "--method" in line)


def comment(runner: Runner) -> str:
    return (runner.temporary / "comment.md").read_text(encoding="utf-8")


def test_publish_writes_one_comment(runner: Runner) -> None:
    calls = publish(runner, "Eight samples.\n")
    assert "--method POST repos/seedbed/seedbed/issues/7/comments " in calls
    assert comment(runner).startswith("<!-- seedbed preview -->\n")
    assert HEAD in comment(runner) and comment(runner).endswith("Eight samples.\n")


def test_publish_brings_its_own_comment_up_to_date(runner: Runner) -> None:
    calls = publish(runner, "Eight samples.\n", mine="41\n42\n")
    assert "--method PATCH repos/seedbed/seedbed/issues/comments/41 " in calls
    assert "POST" not in calls


def test_publish_says_nothing_of_a_commit_that_is_no_longer_the_head(runner: Runner) -> None:
    assert publish(runner, "Eight samples.\n", head="d" * 40) == ""


def test_publish_never_runs_what_it_posts(runner: Runner) -> None:
    publish(runner, "$(touch evil) `touch evil` ${{ secrets.KEY }}\n")
    assert "$(touch evil) `touch evil`" in comment(runner)
    assert not (runner.temporary / "evil").exists()


def test_publish_points_to_the_run_when_a_comment_could_not_hold_it(runner: Runner) -> None:
    publish(runner, "long " * 20_000)
    assert len(comment(runner)) < 1000
    assert "artifacts" in comment(runner)
