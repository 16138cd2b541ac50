"""How long from an event on the forge to the verdict, once Seedbed is installed?

    python benchmarks/event.py [--leaves 100 10000] [--repeats 5] [--json FILE]

For taxonomies of so many leaves: a runner's checkout (depth 1, of the merge that the forge makes) of a pull request that
adds one leaf, edits one and moves one. Measured is what the workflow runs, whole processes, in its own environment:

- `verdict_seconds`: `seedbed check --head HEAD --report`, annotations and report included: the verdict is its exit code;
- `said_seconds`: `seedbed publish --report` against a forge on this machine: comment, labels, assignees;
- each with its `processor_seconds`, which a busy machine disturbs less.

The best of several runs, each in a checkout without caches. Exit 1 where a verdict takes more than 2 s of a processor: it is one
process, so that on an idle machine this is also how long it takes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from check import SEEDBED, make_repository

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.forge_server import REPOSITORY, TOKEN, forge_server

LIMIT = 2.0
"""Seconds to the verdict."""


def git(folder: Path, *arguments: str) -> str:
    """What git prints."""
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def merge_commit(bare: Path) -> tuple[str, str]:
    """The merge of the pull request, as the forge makes it, and the pull request's last commit."""
    head = git(bare, "rev-parse", "pull")
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    merge = git(
        bare,
        *who,
        "commit-tree",
        f"{head}^{{tree}}",
        "-p",
        git(bare, "rev-parse", "main"),
        "-p",
        head,
        "-m",
        "m",
    )
    git(bare, "update-ref", "refs/pull/7/merge", merge)
    return merge, head


def checkout(bare: Path, folder: Path) -> None:
    """As actions/checkout does: nothing but the merge and its parents' commits (depth 2)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(
        folder,
        "fetch",
        "--quiet",
        "--depth=2",
        f"file://{bare}",
        "refs/pull/7/merge:refs/remotes/pull/7/merge",
    )
    git(folder, "checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge")


def timed(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> tuple[float, float, int]:
    """Seconds, seconds on processors, and the exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        [*SEEDBED, *command], cwd=folder, env=os.environ | environment, capture_output=True, check=False
    )
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} failed: {done.stderr.decode()[-2_000:]}")
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, spent, done.returncode


def measure(leaves: int, repeats: int, place: Path) -> dict[str, float]:
    """The best of several runs."""
    bare = place / f"{leaves}.git"
    make_repository(bare, leaves)
    _, head = merge_commit(bare)
    event, report, folder = place / "event.json", place / "report.json", place / "checkout"
    runs: list[tuple[float, float, float, float]] = []
    for _ in range(repeats):
        checkout(bare, folder)
        with forge_server(lambda forge: forge.add_pull(7, head)) as forge:
            environment = {
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_TOKEN": TOKEN,
                "GITHUB_API_URL": forge.address,
            }
            pull = {"number": 7, "head": {"sha": head}, "user": {"login": "robin"}}
            event.write_text(json.dumps({"pull_request": pull}), encoding="utf-8")
            checking = environment | {"GITHUB_EVENT_NAME": "pull_request"}
            verdict, spent, code = timed(
                ("check", "--head", "HEAD", "--report", str(report)), folder, checking
            )
            run = {
                "event": "pull_request",
                "head_sha": head,
                "conclusion": "failure" if code else "success",
                "html_url": "https://forge.example/run/1",
                "pull_requests": [],
                "head_repository": {"owner": {"login": "robin"}},
                "head_branch": "change",
            }
            event.write_text(json.dumps({"workflow_run": run}), encoding="utf-8")
            saying = environment | {"GITHUB_EVENT_NAME": "workflow_run"}
            said, telling, _ = timed(("publish", "--report", str(report)), folder, saying)
            assert len(forge.comments) == 1
            runs.append((verdict, spent, said, telling))
    names = ("verdict_seconds", "verdict_processor_seconds", "said_seconds", "said_processor_seconds")
    return {name: round(min(column), 2) for name, column in zip(names, zip(*runs, strict=True), strict=True)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leaves", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for leaves in options.leaves:
            figures[str(leaves)] = measure(leaves, options.repeats, Path(temporary))
            print(f"{leaves:,} leaves: {json.dumps(figures[str(leaves)])}", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    slow = [leaves for leaves, found in figures.items() if found["verdict_processor_seconds"] > LIMIT]
    if slow:
        print(f"more than {LIMIT:.0f} s to a verdict with {', '.join(slow)} leaves", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
