"""The steps of a job: scripts by the shell that the forge uses, actions by what stands in for them here."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.workflows.expressions import Status, as_text, holds, render
from support.workflows.forge_place import ROOT, Event, ForgePlace

REPLACED = {
    "Install": """
        [[ "$EXTRAS" =~ ^[a-z,]*$ ]]
        if [[ -n "$ENVIRONMENT" ]]; then mkdir -p "$ENVIRONMENT/bin"; ln -sf "$(command -v seedbed)" "$ENVIRONMENT/bin/"; fi
    """,
    "make check": f"make --directory='{ROOT}' --dry-run check PYTHON=python",
    "Install actionlint": "true",
}
"""Every step that is not run as it stands, by name. `Install` fetches from a package index: the tests' own environment is
there already (SEEDBED_REAL_INSTALL=1 runs it as it stands). `make check` would run these tests inside of themselves."""
_SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
_LIMIT = 600  # seconds; a step of ours takes a few


@dataclass
class StepRun:
    """One step; `result` is what the job makes of it, `outcome` what it was before `continue-on-error`."""

    name: str
    outcome: str
    result: str
    log: str = ""


@dataclass
class Job:
    """A machine with a job on it."""

    place: ForgePlace
    run: int
    event: Event
    folder: Path
    workspace: Path
    permissions: Mapping[str, str]
    contexts: dict[str, Any]
    environment: dict[str, str]
    fetch_depth: int | None
    summary: str = ""
    installed: Path | None = None  # programs of an environment of this job's own

    @property
    def temp(self) -> Path:
        return self.folder / "temp"


@dataclass
class Outcome:
    """How one step went."""

    code: int
    log: str
    outputs: dict[str, str] = field(default_factory=dict)


def run_steps(job: Job, steps: Sequence[Mapping[str, Any]], *, action: Path | None = None) -> list[StepRun]:
    """Run steps in order; once one failed, only those run that ask for it. `action` is the folder of a composite one."""
    done: list[StepRun] = []
    for step in steps:
        name = step.get("name") or step.get("uses") or "a script"
        failed = any(one.result == "failure" for one in done)
        if not holds(step.get("if"), job.contexts, Status(failed=failed)):
            done.append(StepRun(name, "skipped", "skipped"))
            continue
        status = Status(failed=failed)
        environment = render({**job.environment, **step.get("env", {})}, job.contexts, status)
        job.contexts["env"] = environment
        if "run" in step:
            went = _script(job, step, {key: as_text(value) for key, value in environment.items()}, action)
        else:
            went = _action(job, step)
        outcome = "success" if went.code == 0 else "failure"
        result = "success" if step.get("continue-on-error") else outcome
        if "id" in step:
            job.contexts["steps"][step["id"]] = {
                "outputs": went.outputs,
                "outcome": outcome,
                "conclusion": result,
            }
        done.append(StepRun(name, outcome, result, went.log))
    return done


def _script(
    job: Job, step: Mapping[str, Any], environment: Mapping[str, str], action: Path | None
) -> Outcome:
    if "${{" in step["run"]:
        raise AssertionError(f"{step.get('name')}: an expression is pasted into a script")
    text = REPLACED.get(step.get("name", ""), step["run"])
    if os.environ.get("SEEDBED_REAL_INSTALL") == "1" and step.get("name") == "Install":
        text = step["run"]
        subprocess.run([sys.executable, "-m", "venv", str(job.folder / "python")], check=True)
        job.installed = job.folder / "python" / "bin"
    files = {
        name: job.folder / f"{name}-{uuid.uuid4()}" for name in ("output", "env", "path", "step_summary")
    }
    for file in files.values():
        file.touch()
    variables = {
        **{
            name: value
            for name, value in os.environ.items()
            if name in ("HOME", "LANG") or name.startswith("GIT_CONFIG")
        },
        **job.place.variables_of(job.contexts["github"]),
        **(
            {"PATH": f"{job.installed}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": ""}
            if job.installed
            else {}
        ),
        "GITHUB_EVENT_PATH": str(job.folder / "event.json"),
        "GITHUB_WORKSPACE": str(job.workspace),
        "RUNNER_TEMP": str(job.temp),
        **{f"GITHUB_{name.upper()}": str(file) for name, file in files.items()},
        **({"GITHUB_ACTION_PATH": str(action)} if action else {}),
        **environment,
    }
    ran = subprocess.run(
        [*_SHELL, "-c", text],
        cwd=job.workspace,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=_LIMIT,
        check=False,
    )
    if files["env"].stat().st_size or files["path"].stat().st_size:
        raise AssertionError("a step writes GITHUB_ENV or GITHUB_PATH, which later steps run by")
    job.summary += files["step_summary"].read_text(encoding="utf-8")
    lines = files["output"].read_text(encoding="utf-8").splitlines()
    return Outcome(ran.returncode, ran.stdout, dict(line.split("=", 1) for line in lines))


def _action(job: Job, step: Mapping[str, Any]) -> Outcome:
    from support.workflows.actions import STAND_INS

    uses = step["uses"]
    given = render(step.get("with", {}), job.contexts)
    if uses.startswith("$/"):
        return _composite(job, ROOT / uses.removeprefix("$/"), given)
    name = uses.partition("@")[0]
    if name == "seedbed/seedbed":
        return _composite(job, ROOT, given)
    return STAND_INS[name](job, given)


def _composite(job: Job, folder: Path, given: Mapping[str, Any]) -> Outcome:
    """An action of this repository: its own steps, with its own inputs and outputs."""
    from support.workflows.runner import load

    action = load(folder / "action.yml")
    declared = action.get("inputs", {})
    if set(given) - set(declared):
        raise AssertionError(f"{folder.name} has no input {', '.join(set(given) - set(declared))}")
    outer = job.contexts
    defaults = {name: one.get("default", "") for name, one in declared.items()}
    job.contexts = {**outer, "inputs": {**defaults, **given}, "steps": {}}
    try:
        steps = run_steps(job, action["runs"]["steps"], action=folder)
        outputs = {
            name: str(render(one["value"], job.contexts) or "")
            for name, one in action.get("outputs", {}).items()
        }
    finally:
        job.contexts = outer
    failed = any(step.result == "failure" for step in steps)
    return Outcome(int(failed), "".join(step.log for step in steps), outputs)
