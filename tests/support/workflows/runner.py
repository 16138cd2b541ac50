"""Runs a workflow for an event: which jobs, in which order, with which rights, and what came of them."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from support.forge_server import REPOSITORY
from support.workflows.expressions import Status, as_text, holds, render
from support.workflows.forge_place import ROOT, Event, ForgePlace, token_for
from support.workflows.steps import Job, StepRun, run_steps


class StartupFailure(Exception):
    """A workflow that the forge would not start: a called one asks for more than its caller has."""


@dataclass
class JobRun:
    """One job that was looked at; `result` is success, failure or skipped."""

    result: str
    steps: list[StepRun] = field(default_factory=list)
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return "".join(step.log for step in self.steps)


@dataclass
class WorkflowRun:
    """One run. `jobs` is empty when the workflow does not listen to the event."""

    id: int
    workflow: str
    event: Event
    jobs: dict[str, JobRun] = field(default_factory=dict)

    @property
    def conclusion(self) -> str:
        results = {job.result for job in self.jobs.values()}
        return "failure" if "failure" in results else "success" if "success" in results else "skipped"

    @property
    def log(self) -> str:
        return "".join(job.log for job in self.jobs.values())


def load(path: Path) -> dict[str, Any]:
    """A workflow as plain data; YAML 1.2, so that `on` is a word and not a truth value."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def run_workflow(
    place: ForgePlace,
    path: Path,
    event: Event,
    *,
    fetch_depth: int | None = None,
    parts_alone: bool = False,
) -> WorkflowRun:
    """Run every job of a workflow that the event starts. `fetch_depth` stands in for the one in the file, as if its
    owner had set another; with `parts_alone` the workflows that ours of all parts calls are named and not run. Raises
    StartupFailure as the forge does, before any job."""
    workflow = load(path)
    name = workflow.get("name", f".github/workflows/{path.name}")
    run = WorkflowRun(place.next_run(), name, event)
    if listens(workflow["on"], event):
        _start(path, workflow, None)
        called = Called(place, run, path, fetch_depth, parts_alone)
        run.jobs = called.jobs(workflow, inputs={}, secrets=None)
    return run


def listens(triggers: Any, event: Event) -> bool:
    """Whether `on:` names the event; types, branches, workflows and schedules too. `paths` are not looked at."""
    named = {triggers: None} if isinstance(triggers, str) else triggers
    named = dict.fromkeys(named) if isinstance(named, list) else named
    if event.name not in named:
        return False
    wanted = named[event.name] or {}
    if isinstance(wanted, list):  # schedule
        return True
    usual = ("opened", "synchronize", "reopened") if event.name.startswith("pull_request") else ()
    types = wanted.get("types", usual)
    if types and event.payload.get("action") not in types:
        return False
    if "workflows" in wanted and event.payload["workflow_run"]["name"] not in wanted["workflows"]:
        return False
    branch = event.ref.removeprefix("refs/heads/")
    return "branches" not in wanted or any(fnmatchcase(branch, one) for one in wanted["branches"])


@dataclass
class Called:
    """A workflow of a run, and those that it calls."""

    place: ForgePlace
    run: WorkflowRun
    path: Path
    fetch_depth: int | None
    parts_alone: bool = False

    def jobs(
        self,
        workflow: Mapping[str, Any],
        *,
        inputs: Mapping[str, Any],
        secrets: Mapping[str, str] | None,
    ) -> dict[str, JobRun]:
        """Every job once those that it needs are done. `secrets` is what a caller handed on, None at the top."""
        done: dict[str, JobRun] = {}
        waiting = dict(workflow["jobs"])
        while waiting:
            name = next(one for one, job in waiting.items() if set(_needs(job)) <= done.keys())
            job = waiting.pop(name)
            default = workflow.get("permissions", {})
            permissions = job.get("permissions", default)
            needs = {
                other: {"result": done[other].result, "outputs": done[other].outputs} for other in _needs(job)
            }
            contexts = self._contexts(job, permissions, needs, inputs)
            status = Status(failed=any(need["result"] != "success" for need in needs.values()))
            if not holds(job.get("if"), contexts, status):
                done[name] = JobRun("skipped")
            elif "uses" in job:
                done |= {name: JobRun("success")}
                below = self._call(job, contexts, secrets)
                done |= {f"{name} / {other}": one for other, one in below.items()}
                if any(one.result == "failure" for one in below.values()):
                    done[name].result = "failure"
            else:
                done[name] = self._job(workflow, job, permissions, contexts, secrets)
        return done

    def _call(
        self,
        job: Mapping[str, Any],
        contexts: Mapping[str, Any],
        secrets: Mapping[str, str] | None,
    ) -> dict[str, JobRun]:
        path = workflow_at(job["uses"])
        called = load(path)
        declared = called["on"]["workflow_call"] or {}
        given = render(job.get("with", {}), contexts)
        unknown = set(given) - set(declared.get("inputs", {}))
        unknown |= set(job.get("secrets", {})) - set(declared.get("secrets", {}))
        if unknown:
            raise StartupFailure(f"{path.name} declares no {', '.join(sorted(unknown))}")
        defaults = {name: one.get("default") for name, one in declared.get("inputs", {}).items()}
        if self.parts_alone and self.path == ROOT / ".github" / "workflows" / "seedbed.yml":
            return {}
        below = Called(self.place, self.run, path, self.fetch_depth, self.parts_alone)
        # What environments hold is not known here: the job that names one reads it.
        handed = dict.fromkeys(job.get("secrets", {}), "") if secrets is None else dict(secrets)
        return below.jobs(called, inputs=defaults | given, secrets=handed)

    def _contexts(
        self,
        job: Mapping[str, Any],
        permissions: Mapping[str, str],
        needs: Mapping[str, Any],
        inputs: Mapping[str, Any],
    ) -> dict[str, Any]:
        token = token_for(permissions, from_fork=self.run.event.from_fork)
        github = self.place.github(self.run.event, run=self.run.id, workflow=self.run.workflow, token=token)
        return {"github": github, "needs": needs, "vars": self.place.variables, "inputs": dict(inputs)}

    def _job(
        self,
        workflow: Mapping[str, Any],
        job: Mapping[str, Any],
        permissions: Mapping[str, str],
        contexts: dict[str, Any],
        secrets: Mapping[str, str] | None,
    ) -> JobRun:
        own = _environment(job)
        held = dict(secrets or {})
        if own is not None:
            held |= self.place.environments.get(own, {})
        if self.run.event.from_fork:
            held = {}
        found = JobRun("success")
        for matrix in _matrices(job):
            contexts |= {"matrix": matrix, "secrets": held, "steps": {}, "env": {}}
            folder = self.place.new_machine(self.run.id)
            hosted = "self-hosted" not in job["runs-on"]
            workspace = folder / "workspace" if hosted else self.place.machine
            for made in (folder / "temp", workspace):
                made.mkdir(parents=True, exist_ok=True)
            (folder / "event.json").write_text(json.dumps(self.run.event.payload), encoding="utf-8")
            if "concurrency" in job and not render(job["concurrency"], contexts)["group"]:
                raise StartupFailure("a concurrency group without a name")
            environment = render({**workflow.get("env", {}), **job.get("env", {})}, contexts)
            place = Job(
                self.place,
                self.run.id,
                self.run.event,
                folder,
                workspace,
                permissions,
                {**contexts, "runner": {"temp": str(folder / "temp")}},
                {name: as_text(value) for name, value in environment.items()},
                self.fetch_depth,
            )
            steps = run_steps(place, job["steps"])
            found.steps += steps
            found.summary += place.summary
            if any(step.result == "failure" for step in steps):
                found.result = "failure"
            outputs = render(job.get("outputs", {}), place.contexts)
            found.outputs |= {name: str(value or "") for name, value in outputs.items()}
            if hosted:
                shutil.rmtree(workspace)
        return found


def workflow_at(uses: str) -> Path:
    """The file that a job's `uses:` means; this repository is the only one that is known."""
    for beginning in ("$/", "./", f"{REPOSITORY}/"):
        if uses.startswith(beginning):
            return ROOT / uses.removeprefix(beginning).partition("@")[0]
    raise StartupFailure(f"{uses}: another repository")


def _needs(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _start(path: Path, workflow: Mapping[str, Any], granted: Mapping[str, str] | None) -> None:
    """What the forge looks at before it starts anything, skipped jobs included: no called workflow asks for more than its
    caller has."""
    order = {"none": 0, "read": 1, "write": 2}
    for name, job in workflow["jobs"].items():
        permissions = job.get("permissions", workflow.get("permissions", {}))
        for scope, level in permissions.items():
            if granted is not None and order[level] > order[granted.get(scope, "none")]:
                raise StartupFailure(
                    f"{path.name}, {name} asks for {scope}: {level}, more than its caller has"
                )
        if "uses" in job:
            below = workflow_at(job["uses"])
            _start(below, load(below), permissions)


def _environment(job: Mapping[str, Any]) -> str | None:
    environment = job.get("environment")
    return environment["name"] if isinstance(environment, Mapping) else environment


def _matrices(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    matrix = job.get("strategy", {}).get("matrix", {})
    for values in itertools.product(*matrix.values()):
        yield dict(zip(matrix, values, strict=True))
