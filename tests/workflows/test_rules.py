"""The workflows keep the promises that make them safe with pull requests from strangers, and cheap to understand.

These rules are our own; `test_judges.py` asks the published schemas, zizmor and actionlint. Each rule is first shown a
workflow that it must refuse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.workflows.forge_place import ROOT
from support.workflows.runner import load

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = [ROOT / "action.yml", *sorted((GITHUB / "actions").glob("*/action.yml"))]
OURS = re.compile(r"\$/\.github/(actions/[a-z]+|workflows/[a-z]+\.yml)")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
AFTER_A_RUN = re.compile(r"\s*github\.event_name == 'workflow_run'\s*&&[^|]*$")
ENVIRONMENTS = {"teacher": "a teacher's key", "release": "a release", "github-pages": "the pages"}


def breaches(workflow: dict[str, Any]) -> Iterator[str]:
    """Every way in which a workflow breaks our own rules, in words."""
    if workflow.get("permissions") != {}:
        yield "permissions at the top must be {}"
    for name, job in workflow["jobs"].items():
        yield from (f"{name}: {fault}" for fault in job_breaches(job, set(workflow["on"])))


def job_breaches(job: dict[str, Any], triggers: set[str]) -> Iterator[str]:
    """The same for one job."""
    writes = [scope for scope, level in job.get("permissions", {}).items() if level == "write"]
    secret = "secrets." in json.dumps(job)
    called = "uses" in job
    if "permissions" not in job:
        yield "states no permissions"
    if called:
        if not OURS.fullmatch(job["uses"]):
            yield f"{job['uses']} is not of this repository and commit"
        return
    if "timeout-minutes" not in job:
        yield "may run for ever"
    if "concurrency" not in job:
        yield "may run beside itself"
    if secret and job.get("environment") != "teacher":
        yield "holds a secret outside its environment"
    if secret and writes:
        yield "holds a secret and a token that writes"
    if "pull_request" in triggers and writes:
        yield "may write for a workflow that a pull request brings itself"
    if triggers & {"pull_request", "pull_request_target"} and "self-hosted" in job["runs-on"]:
        yield "a pull request reaches a machine of our own"
    for step in job["steps"]:
        # After a run that ended, and on the default branch, a checkout is the repository's own.
        target = "pull_request_target" in triggers and not AFTER_A_RUN.match(str(job.get("if", "")))
        yield from step_breaches(step, writes=bool(writes) and target)


def step_breaches(step: dict[str, Any], *, writes: bool) -> Iterator[str]:
    """The same for one step."""
    uses, settings = step.get("uses", ""), step.get("with", {})
    if uses and not PINNED.fullmatch(uses) and not OURS.fullmatch(uses):
        yield f"{uses} is not pinned to a commit"
    if EXPRESSION.search(step.get("run", "")):
        yield "an expression is pasted into a script"
    if uses.startswith("actions/cache") or settings.get("cache"):
        yield "a cache is restored, which another run wrote"
    if uses.startswith("actions/checkout@"):
        if settings.get("persist-credentials") is not False:
            yield "the checkout leaves its token behind"
        if "ref" in settings or "repository" in settings or "allow-unsafe-pr-checkout" in settings:
            yield "the checkout takes something other than the event's own commit"
        if writes:
            yield "a checkout beside a token that writes"
    if re.search(
        r"gh pr checkout|git (fetch|checkout|switch|worktree|restore|pull|archive)\b.*refs/pull",
        step.get("run", ""),
    ):
        yield "a script brings a pull request"


SAFE = """
on: {pull_request_target: null}
permissions: {}
jobs:
  read:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {contents: read}
    concurrency: {group: read}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with: {persist-credentials: false}
      - run: echo "$TITLE"
        env: {TITLE: "${{ github.event.pull_request.title }}"}
"""

CONTROLS = {
    "permissions at the top must be {}": ("permissions: {}", "permissions: write-all"),
    "read: states no permissions": ("    permissions: {contents: read}\n", ""),
    "read: may run for ever": ("    timeout-minutes: 5\n", ""),
    "read: may run beside itself": ("    concurrency: {group: read}\n", ""),
    "read: holds a secret outside its environment": ("github.event.pull_request.title", "secrets.KEY"),
    "read: holds a secret and a token that writes": (
        "{contents: read}",
        "{contents: write}\n    environment: teacher\n    env: {KEY: '${{ secrets.KEY }}'}",
    ),
    "read: may write for a workflow that a pull request brings itself": (
        "{pull_request_target: null}\npermissions: {}\njobs:\n  read:\n",
        "{pull_request: null}\npermissions: {}\njobs:\n  more: {uses: x/y/z.yml@v1, permissions: {}}\n  read:\n    if: true\n",
    ),
    "read: a pull request reaches a machine of our own": ("ubuntu-24.04", "[self-hosted, gpu]"),
    "read: actions/checkout@v5 is not pinned to a commit": (
        "@3d3c42e5aac5ba805825da76410c181273ba90b1",
        "@v5",
    ),
    "read: an expression is pasted into a script": ("$TITLE", "${{ github.event.pull_request.title }}"),
    "read: a cache is restored, which another run wrote": (
        "      - run: echo",
        "      - uses: actions/cache@3d3c42e5aac5ba805825da76410c181273ba90b1\n      - run: echo",
    ),
    "read: the checkout leaves its token behind": ("persist-credentials: false", "persist-credentials: true"),
    "read: the checkout takes something other than the event's own commit": (
        "{persist-credentials: false}",
        "{persist-credentials: false, ref: '${{ github.event.pull_request.head.sha }}'}",
    ),
    "read: a checkout beside a token that writes": ("contents: read", "contents: write"),
    "read: a script brings a pull request": ('echo "$TITLE"', "git fetch origin refs/pull/7/head"),
}


def parsed(text: str) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(text)


def test_our_rules_let_a_safe_workflow_pass() -> None:
    assert list(breaches(parsed(SAFE))) == []


@pytest.mark.parametrize("breach", CONTROLS)
def test_our_rules_catch(breach: str) -> None:
    before, after = CONTROLS[breach]
    assert SAFE.count(before) == 1
    text = SAFE.replace(before, after)
    if breach.startswith("read: may write"):
        text = text.replace("contents: read", "contents: write")
    assert breach in list(breaches(parsed(text)))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_keeps_our_rules(path: Path) -> None:
    assert list(breaches(load(path))) == []


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.parent.name)
def test_action_keeps_our_rules(path: Path) -> None:
    steps = load(path)["runs"]["steps"]
    assert [fault for step in steps for fault in step_breaches(step, writes=False)] == []
    assert all(step.get("shell") == "bash" for step in steps if "run" in step)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_scripts_stop_at_the_first_error_of_a_pipe(path: Path) -> None:
    workflow = load(path)
    scripts = [step for job in workflow["jobs"].values() for step in job.get("steps", ()) if "run" in step]
    if scripts:
        assert workflow["defaults"] == {"run": {"shell": "bash"}}, "with pipefail, which the default lacks"


def test_only_preview_and_publisher_run_with_the_repositorys_rights_for_a_pull_request() -> None:
    privileged = {"pull_request_target", "workflow_run", "issue_comment"}
    assert [path.stem for path in WORKFLOWS if privileged & set(load(path)["on"])] == ["preview", "publish"]


def test_the_check_that_must_pass_is_never_skipped() -> None:
    """A required check that does not start stands open for ever, and one that is skipped counts as passed."""
    check = load(GITHUB / "workflows" / "check.yml")
    assert check["on"]["pull_request"] is None and check["on"]["merge_group"] is None, "no filter"
    for job in check["jobs"].values():
        assert "if" not in job and "needs" not in job
        assert not [step for step in job["steps"] if step.get("continue-on-error")]


def test_nothing_that_waits_to_be_said_is_thrown_out() -> None:
    """Of the runs that wait in a group the forge keeps the last alone, unless it is told to keep them all."""
    for name in ("publish", "preview"):
        for job in load(GITHUB / "workflows" / f"{name}.yml")["jobs"].values():
            group = job["concurrency"]
            assert group["cancel-in-progress"] or group["queue"] == "max"


def test_every_job_and_what_it_may_write_is_told_to_operators() -> None:
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    table = page.partition("|---|")[2]
    rows = re.findall(r"^\| (\w+) / ([\w, ]+) \|[^|]*\| ([^|]+) \|", table, re.MULTILINE)
    told = {(workflow, job): rights for workflow, jobs, rights in rows for job in jobs.split(", ")}
    seen = {}
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            if "uses" not in job and path.stem != "tests":
                seen[path.stem, name] = set(job["permissions"].values())
    assert told.keys() == seen.keys()
    assert {job for job, rights in told.items() if re.search("write|sign", rights)} == {
        job for job, levels in seen.items() if "write" in levels
    }
    assert {job for job, rights in told.items() if rights == "nothing at all"} == {("preview", "generate")}


def test_each_job_names_an_environment_that_is_described() -> None:
    """docs/operator.md says how each is set up; one with a slip in its name would be made anew, without protection."""
    described = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    for path in WORKFLOWS:
        for job in load(path)["jobs"].values():
            environment = job.get("environment")
            name = environment["name"] if isinstance(environment, dict) else environment
            if name is not None:
                assert name in ENVIRONMENTS and f"`{name}`" in described


def test_the_publisher_takes_one_file_and_holds_no_key() -> None:
    path = GITHUB / "workflows" / "publish.yml"
    publish = load(path)
    job = publish["jobs"]["comment"]
    assert "secrets." not in path.read_text(encoding="utf-8") and "environment" not in job
    [artifact] = [step["with"] for step in job["steps"] if "download-artifact" in step.get("uses", "")]
    steps = load(GITHUB / "actions" / "check" / "action.yml")["runs"]["steps"]
    [left] = [step["with"] for step in steps if "upload-artifact" in step.get("uses", "")]
    assert artifact["name"] == left["name"]
    assert artifact["path"] == "${{ runner.temp }}/report", "outside of the checkout"
    heard = [load(GITHUB / "workflows" / f"{name}.yml")["name"] for name in ("check", "review")]
    assert publish["on"]["workflow_run"]["workflows"] == heard


def test_every_action_is_pinned_alike_and_says_its_version() -> None:
    """One commit and one version of each action in all files, so that an update is one decision."""
    seen: dict[str, set[str]] = {}
    for path in (*WORKFLOWS, *ACTIONS):
        for uses in re.findall(r"uses: ([\w./-]+@\S+ # v[\d.]+)", path.read_text(encoding="utf-8")):
            seen.setdefault(uses.partition("@")[0], set()).add(uses)
        assert not re.findall(r"uses: [\w./-]+@\S+\n", path.read_text(encoding="utf-8")), "no version is said"
    assert seen and all(len(versions) == 1 for versions in seen.values()), seen
