"""The workflows keep the promises that make them safe with pull requests from strangers.

Three judges: the published schemas (check-jsonschema), zizmor's audits, and the rules below, which are our own. Each is
first shown a workflow that it must refuse.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

GITHUB = Path(__file__).parents[1] / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def load(text: str) -> dict[str, Any]:
    """A workflow as plain data; YAML 1.2, so that `on` is a word and not a truth value."""
    return YAML(typ="safe", pure=True).load(text)


def run_tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a linter of the dev extra, from this interpreter's folder first; skip where it is not installed."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (it comes with the dev extra)")
    return subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False)


def breaches(workflow: dict[str, Any]) -> Iterator[str]:
    """Every way in which a workflow breaks our own rules, in words."""
    if workflow.get("permissions") != {}:
        yield "permissions at the top must be {}"
    for name, job in workflow["jobs"].items():
        writes = [scope for scope, level in job.get("permissions", {}).items() if level == "write"]
        secret = "secrets." in json.dumps(job)
        fork = "pull_request" in workflow["on"] or "pull_request_target" in workflow["on"]
        if "permissions" not in job:
            yield f"{name}: states no permissions"
        if "timeout-minutes" not in job:
            yield f"{name}: may run for ever"
        if secret and job.get("environment") != "teacher":
            yield f"{name}: holds a secret outside its environment"
        if secret and writes:
            yield f"{name}: holds a secret and a token that writes"
        if fork and "self-hosted" in job["runs-on"]:
            yield f"{name}: a pull request reaches a machine of our own"
        for step in job["steps"]:
            # A run that ended brings the default branch to the checkout; a pull request brings itself.
            risky = bool(writes) and set(workflow["on"]) != {"workflow_run"}
            yield from (f"{name}: {fault}" for fault in step_breaches(step, writes=risky))


def step_breaches(step: dict[str, Any], *, writes: bool) -> Iterator[str]:
    """The same for one step."""
    uses, settings = step.get("uses", ""), step.get("with", {})
    if uses and not PINNED.fullmatch(uses):
        yield f"{uses} is not pinned to a commit"
    if EXPRESSION.search(step.get("run", "")):
        yield "an expression is pasted into a script"
    if uses.startswith("actions/checkout@"):
        if settings.get("persist-credentials") is not False:
            yield "the checkout leaves its token behind"
        if "ref" in settings or "repository" in settings or "allow-unsafe-pr-checkout" in settings:
            yield "the checkout takes something other than the event's own commit"
        if writes:
            yield "a checkout beside a token that writes"


SAFE = """
on: {pull_request: null}
permissions: {}
jobs:
  read:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
        with: {persist-credentials: false}
      - run: echo "$TITLE"
        env: {TITLE: "${{ github.event.pull_request.title }}"}
"""

OUR_CONTROLS = {
    "permissions at the top must be {}": ("permissions: {}", "permissions: write-all"),
    "read: states no permissions": ("    permissions: {contents: read}\n", ""),
    "read: may run for ever": ("    timeout-minutes: 5\n", ""),
    "read: holds a secret outside its environment": ("github.event.pull_request.title", "secrets.KEY"),
    "read: a pull request reaches a machine of our own": ("ubuntu-24.04", "[self-hosted, gpu]"),
    "read: actions/checkout@v5 is not pinned to a commit": (
        "@08c6903cd8c0fde910a37f88322edcfb5dd907a8",
        "@v5",
    ),
    "read: an expression is pasted into a script": ("$TITLE", "${{ github.event.pull_request.title }}"),
    "read: the checkout leaves its token behind": ("persist-credentials: false", "persist-credentials: true"),
    "read: the checkout takes something other than the event's own commit": (
        "{persist-credentials: false}",
        "{persist-credentials: false, ref: '${{ github.event.pull_request.head.sha }}'}",
    ),
    "read: a checkout beside a token that writes": ("contents: read", "contents: write"),
}


def test_our_rules_let_a_safe_workflow_pass() -> None:
    assert list(breaches(load(SAFE))) == []


@pytest.mark.parametrize("breach", OUR_CONTROLS)
def test_our_rules_catch(breach: str) -> None:
    before, after = OUR_CONTROLS[breach]
    assert SAFE.count(before) == 1
    assert breach in list(breaches(load(SAFE.replace(before, after))))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_keeps_our_rules(path: Path) -> None:
    assert list(breaches(load(path.read_text(encoding="utf-8")))) == []


def test_there_are_five_workflows() -> None:
    assert [path.stem for path in WORKFLOWS] == ["check", "grow", "preview", "publish", "tests"]


def test_only_preview_and_publisher_run_with_the_repositorys_rights_for_a_pull_request() -> None:
    privileged = {"pull_request_target", "workflow_run", "issue_comment"}
    assert [path.stem for path in WORKFLOWS if privileged & set(load(path.read_text())["on"])] == [
        "preview",
        "publish",
    ]


def test_the_publisher_takes_one_file_and_holds_no_key() -> None:
    text = (GITHUB / "workflows" / "publish.yml").read_text(encoding="utf-8")
    [job] = load(text)["jobs"].values()
    assert "secrets." not in text and "environment" not in job
    [artifact] = [step["with"] for step in job["steps"] if "download-artifact" in step.get("uses", "")]
    check = load((GITHUB / "workflows" / "check.yml").read_text(encoding="utf-8"))["jobs"]["leaves"]
    [left] = [step["with"] for step in check["steps"] if "upload-artifact" in step.get("uses", "")]
    assert artifact["name"] == left["name"]
    assert artifact["path"] == "${{ runner.temp }}/report", "outside of the checkout"
    assert load(text)["on"]["workflow_run"]["workflows"] == [
        load((GITHUB / "workflows" / "check.yml").read_text(encoding="utf-8"))["name"]
    ]


def test_the_preview_is_bound_to_the_label_and_to_the_labelled_commit() -> None:
    jobs = load((GITHUB / "workflows" / "preview.yml").read_text())["jobs"]
    assert "github.event.label.name == 'preview'" in jobs["generate"]["if"]
    assert "github.event.action == 'synchronize'" in jobs["withdraw"]["if"]
    commits = [
        step["env"]["HEAD_SHA"] for step in jobs["generate"]["steps"] if "HEAD_SHA" in step.get("env", {})
    ]
    assert set(commits) == {"${{ github.event.pull_request.head.sha }}"}
    scripts = "\n".join(step.get("run", "") for step in jobs["generate"]["steps"])
    assert not re.search(r"git (checkout|switch|worktree|restore|merge|pull|archive)|gh pr checkout", scripts)


SCHEMAS = {
    "vendor.github-workflows": "workflows/*.yml",
    "custom.github-workflows-require-timeout": "workflows/*.yml",
    "vendor.dependabot": "dependabot.yml",
    "vendor.github-issue-forms": "ISSUE_TEMPLATE/[!c]*.yml",
    "vendor.github-issue-config": "ISSUE_TEMPLATE/config.yml",
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_published_schema(schema: str) -> None:
    files = sorted(GITHUB.glob(SCHEMAS[schema]))
    assert files
    checked = run_tool("check-jsonschema", "--builtin-schema", schema, *files)
    assert checked.returncode == 0, checked.stdout


def test_published_schema_catches_an_unknown_key(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text(SAFE.replace("runs-on", "run-on"), encoding="utf-8")
    assert run_tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", bad).returncode == 1


def audit(*paths: Path) -> set[str]:
    """Names of zizmor's audits that found something of medium severity or above."""
    audited = run_tool(
        "zizmor",
        "--offline",
        "--no-progress",
        "--no-config",
        "--min-severity",
        "medium",
        "--format",
        "json-v1",
        *paths,
    )
    assert audited.stdout, audited.stderr
    return {finding["ident"] for finding in json.loads(audited.stdout)}


PRIVILEGED = ("{pull_request: null}", "{pull_request_target: null}")

ZIZMOR_CONTROLS = {
    "template-injection": [("$TITLE", "${{ github.event.pull_request.title }}")],
    "dangerous-triggers": [PRIVILEGED],
    "excessive-permissions": [("permissions: {contents: read}", "permissions: write-all")],
    "unpinned-uses": [("@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@v5")],
    "github-env": [PRIVILEGED, ('echo "$TITLE"', 'echo "TITLE=$TITLE" >> $GITHUB_ENV')],
}


@pytest.mark.parametrize("name", ZIZMOR_CONTROLS)
def test_zizmor_catches(name: str, tmp_path: Path) -> None:
    text = SAFE
    for before, after in ZIZMOR_CONTROLS[name]:
        assert text.count(before) == 1
        text = text.replace(before, after)
    bad = tmp_path / ".github" / "workflows" / "bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(text, encoding="utf-8")
    assert name in audit(bad)


def test_zizmor_finds_nothing_of_medium_severity_or_above() -> None:
    assert audit(GITHUB) == set()
