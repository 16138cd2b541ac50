"""The template for GitLab: its published schema, and its scripts in a clone with the variables of a merge request."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.workflows.forge_place import ROOT, git
from support.workflows.judges import judged_by_schema
from support.workflows.runner import load
from support.workflows.stage import RIVERS, Stage, leaf, stage

TEMPLATE = ROOT / ".gitlab" / "seedbed.yml"


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        found.begin()
        yield found


def test_published_schema(tmp_path: Path) -> None:
    checked = judged_by_schema("vendor.gitlab-ci", TEMPLATE)
    assert checked.returncode == 0, checked.stdout
    bad = tmp_path / "bad.yml"
    bad.write_text(
        TEMPLATE.read_text(encoding="utf-8").replace("stage: test", "stages: test"), encoding="utf-8"
    )
    assert judged_by_schema("vendor.gitlab-ci", bad).returncode == 1


def test_no_job_of_a_merge_request_holds_more_than_it_needs() -> None:
    jobs = {name: job for name, job in load(TEMPLATE).items() if isinstance(job, dict) and "script" in job}
    assert set(jobs) == {"seedbed-check", "seedbed-publish", "seedbed-idle", "pages"}
    assert "SEEDBED_GITLAB_TOKEN" not in str(jobs["seedbed-check"])
    assert all("timeout" in job for job in jobs.values())
    assert jobs["seedbed-publish"]["allow_failure"] is True
    assert not [name for name, job in jobs.items() if "cache" in job]


@pytest.mark.parametrize("broken", [True, False])
def test_a_merge_request_gets_its_reports(played: Stage, tmp_path: Path, broken: bool) -> None:
    played.propose(leaf(RIVERS, broken=broken))
    clone = tmp_path / "clone"
    git("clone", "--quiet", f"file://{played.place.origin}", str(clone), cwd=tmp_path)
    git("fetch", "--quiet", "origin", "refs/pull/7/head", cwd=clone)
    git("checkout", "--quiet", "--detach", played.head, cwd=clone)
    job = load(TEMPLATE)["seedbed-check"]
    ran = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
        cwd=clone,
        env={
            **played.place.programs_and_packages(),
            "HOME": str(tmp_path),
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_COMMIT_SHA": played.head,
            "GITLAB_USER_LOGIN": "robin",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == int(broken), ran.stdout + ran.stderr
    issues = json.loads((clone / job["artifacts"]["reports"]["codequality"]).read_text(encoding="utf-8"))
    assert [(one["check_name"], one["location"]["path"]) for one in issues] == (
        [("SB111", f"{RIVERS}/qna.yaml")] if broken else []
    )
    cases = ElementTree.parse(clone / job["artifacts"]["reports"]["junit"]).getroot()
    assert len(list(cases.iter("failure"))) == int(broken)
    report = json.loads((clone / job["artifacts"]["paths"][0]).read_text(encoding="utf-8"))
    assert report["head"] == played.head
