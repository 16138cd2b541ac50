"""A taxonomy on a forge, with a pull request: what a test changes in it, and what the workflows then make of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pygit2
from support.forge_server import Forge, forge_server
from support.repositories import ATTRIBUTION, AUTHOR
from support.workflows import events
from support.workflows.forge_place import ROOT, Event, ForgePlace
from support.workflows.log import commands
from support.workflows.runner import WorkflowRun, run_workflow

WORKFLOWS = ROOT / ".github" / "workflows"
CAPITALS = "taxonomy/compositional_skills/geography/capitals"
RIVERS = "taxonomy/compositional_skills/geography/rivers"
OWNERS = "* @grace\n/taxonomy/compositional_skills/ @ada\n"
_SHOWN = 60  # lines of a summary
_LEAF = """\
version: 3
created_by: robin
task_description: Name the longest river of {place}.
seed_examples:
  - question: Which river of {place} is the longest?
    answer: The {place} Loire
  - question: Name the longest river that flows through {place}.
    answer: It is the {place} Rhine.
  - question: I look for the greatest river of {place} by length. Which is it?
    answer: You look for the {place} Volga.
  - question: Where in {place} would one paddle for the longest time?
    answer: On the {place} Danube.
  - question: Of all rivers in {place}, none is longer than this one. What is it called?
    answer: The {place} Elbe
"""

Files = dict[str, str | None]
"""What a change writes, by path; None takes the file away."""


def leaf(folder: str, place: str = "Europe", *, broken: bool = False) -> Files:
    """A leaf that nothing is to be said about, or one whose key is misspelt."""
    text = _LEAF.format(place=place)
    if broken:
        text = text.replace("task_description", "task_descriptoin")
    return {f"{folder}/qna.yaml": text, f"{folder}/attribution.txt": ATTRIBUTION}


def without(folder: str) -> Files:
    """The leaf taken away."""
    return dict.fromkeys(leaf(folder))


class Stage:
    """One repository on a forge, bare of a working tree: its commits are made in the object store."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        self.forge = forge
        self.origin = pygit2.init_repository(str(folder / "origin"), bare=True, initial_head="main")
        self.origin.config["uploadpack.allowReachableSHA1InWant"] = True
        self.place = ForgePlace(folder / "place", folder / "origin", forge)
        self.base = self.head = self.merge = ""

    def begin(self, files: Files | None = None) -> None:
        """The default branch."""
        wanted = leaf(CAPITALS, "Asia") if files is None else files
        self.base = self.commit({".github/CODEOWNERS": OWNERS} | wanted, [], "base")
        self.refer("refs/heads/main", self.base)

    def propose(self, files: Files, **pull: Any) -> Event:
        """A pull request from a fork, or another push to it: only `refs/pull/7/*` hold it, and the forge's merge of it."""
        self.head = self.commit(files, [self.head or self.base], "change")
        merged = self.origin.merge_commits(self.base, self.head).write_tree(self.origin)
        self.merge = self._commit(merged, [self.base, self.head], "merge")
        self.refer("refs/pull/7/head", self.head)
        self.refer("refs/pull/7/merge", self.merge)
        pushed = 7 in self.forge.pulls
        if pushed:
            self.forge.pulls[7]["head"]["sha"] = self.head
        else:
            self.forge.add_pull(7, self.head, labels=tuple(pull.get("labels", ())))
            self.forge.pulls[7]["author_association"] = pull.get("association", "CONTRIBUTOR")
            self.forge.pulls[7]["head"]["label"] = f"robin:{pull.get('branch', 'rivers')}"
        labels = [{"name": name} for name in self.forge.labels(7)]
        action = "synchronize" if pushed else "opened"
        return events.pull_request(
            self.head, self.base, self.merge, **({"action": action} | pull | {"labels": labels})
        )

    def commit(self, files: Files, parents: list[str], message: str) -> str:
        """A commit of the first parent's files with these changed."""
        index = pygit2.Index()
        if parents:
            index.read_tree(self.origin[parents[0]].peel(pygit2.Tree))
        for path, text in files.items():
            if text is None:
                index.remove(path)
            else:
                blob = self.origin.create_blob(text.encode())
                index.add(pygit2.IndexEntry(path, blob, pygit2.enums.FileMode.BLOB))
        return self._commit(index.write_tree(self.origin), parents, message)

    def _commit(self, tree: pygit2.Oid, parents: list[str], message: str) -> str:
        return str(self.origin.create_commit(None, AUTHOR, AUTHOR, message, tree, parents))

    def refer(self, name: str, commit: str) -> None:
        """A branch, a tag or another reference, at a commit."""
        self.origin.references.create(name, pygit2.Oid(hex=commit), force=True)

    def run(self, workflow: str, event: Event, **options: Any) -> WorkflowRun:
        return run_workflow(self.place, WORKFLOWS / f"{workflow}.yml", event, **options)

    def publish(self, checked: WorkflowRun, **options: Any) -> WorkflowRun:
        """The publisher, after a run of the check."""
        event = events.workflow_run(checked.id, checked.event, checked.conclusion, self.base, **options)
        return self.run("publish", event)

    def told(self, *runs: WorkflowRun) -> str:
        """Everything that a person sees of some runs and of the pull request after them, for a golden file."""
        lines = [line for run in runs for line in _told(run)]
        lines += ["calls:", *(f"    {call}" for call in self.forge.changes())]
        pull = self.forge.pulls.get(7)
        if pull is not None:
            lines += [f"labels: {', '.join(self.forge.labels(7)) or 'none'}"]
            lines += [f"assigned: {', '.join(one['login'] for one in pull['assignees']) or 'nobody'}"]
        for comment in self.forge.comments:
            lines += ["comment:", *(f"    {line}".rstrip() for line in comment["body"].splitlines())]
        text = "\n".join(lines) + "\n"
        text = re.sub(r"written at [\d-]+ [\d:]+ UTC", "written at DATE", text)
        text = re.sub(r'("since": ")[^"]+', r"\1DATE", text)
        text = re.sub(r"(::stop-commands::)\S+", r"\1TOKEN", text)
        return re.sub(r'("digest": ")[0-9a-f]+', r"\1DIGEST", text)


def _told(run: WorkflowRun) -> Iterator[str]:
    yield f"{run.workflow}, on {run.event.name}: {run.conclusion}"
    for name, job in run.jobs.items():
        yield f"  {name}: {job.result}"
        yield from (f"    {line}" for line in commands(job.log))
        summary = job.summary.splitlines()
        yield from (f"    | {line}".rstrip() for line in summary[:_SHOWN])
        if len(summary) > _SHOWN:
            yield f"    | and {len(summary) - _SHOWN} more lines"
        if job.result == "failure" and not summary:
            yield from (f"    > {line}".rstrip() for line in job.log.splitlines()[-8:])


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """A stage whose forge runs until the end of the block."""
    with forge_server() as forge:
        yield Stage(folder, forge)
