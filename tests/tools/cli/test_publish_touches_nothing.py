"""Whatever a stranger left for the publisher: no file changes, no program starts, nobody is spoken to but the forge.

And of the forge, only the calls that docs/operator.md lists, about the one pull request that the event names.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.forge_server import REPOSITORY, TOKEN, Fault, Forge, forge_server
from support.pull_requests import HEAD, hostile
from support.sample_previews import hostile_preview
from support.watched import Watched, watched

from seedbed.forge.check_report import CheckReportFile
from seedbed.forge.facts import CheckRun
from seedbed.forge.report_file import write_report
from seedbed.reports.preview_json import preview_json

PROGRAM = "from seedbed.cli.main import main; main()"
CALLS = re.compile(
    r"GET /pulls/7(/reviews|/files)?|GET /issues/7/comments|POST /issues/7/(comments|labels|assignees)|"
    r"DELETE /issues/7/labels/[a-z: _-]+|PATCH /issues/comments/1|POST /pulls/7/requested_reviewers"
)
TEXTS = (
    "../../../../../../tmp/evil",
    "/etc/cron.d/evil",
    "~/.ssh/authorized_keys",
    "file:///etc/passwd",
    "http://evil.example/x",
    "$(touch evil)`touch evil`;touch evil",
    "--output=/tmp/evil",
    "a\x00b",
    ".github/CODEOWNERS",
    "pulls/8/../../issues/8",
)


class Place:
    """All that a runner has: a checkout of the base, a home, a folder of its own with the other run's artifact in it."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        self.folder, self.forge = folder, forge
        self.checkout, self.temp = folder / "checkout", folder / "temp"
        self.runs = 0
        self.artifact = self.temp / "artifact"
        for made in (self.checkout / ".github", self.artifact, folder / "home"):
            made.mkdir(parents=True)
        (self.checkout / ".github" / "CODEOWNERS").write_text("* @ada @seedbed/all\n", encoding="utf-8")
        (self.checkout / "seedbed.toml").write_text("", encoding="utf-8")
        (folder / "outside.json").write_text(write_report(report("outside")), encoding="utf-8")
        for name in ("env", "path", "output", "summary"):
            (self.temp / name).touch()

    def publish(self, option: str, name: str, event: object) -> Watched:
        (self.temp / "event.json").write_text(json.dumps(event), encoding="utf-8")
        environment = {
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_PATH": str(self.temp / "event.json"),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SERVER_URL": "https://forge.example",
            "GITHUB_RUN_ID": "1",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": self.forge.address,
            **{
                variable: str(self.temp / name)
                for variable, name in (
                    ("GITHUB_ENV", "env"),
                    ("GITHUB_PATH", "path"),
                    ("GITHUB_OUTPUT", "output"),
                    ("GITHUB_STEP_SUMMARY", "summary"),
                )
            },
        }
        before = pictured(self.folder)
        self.runs += 1
        ran = watched(
            PROGRAM,
            "publish",
            option,
            str(self.artifact / name),
            folder=self.checkout,
            environment=environment,
            log=self.folder.parent / f"watched-{self.runs}",
        )
        assert pictured(self.folder) == before, "publishing changes no file"
        return ran


def pictured(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Every path below a folder: its mode, when it changed, and what is in it."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.lstat().st_mtime_ns, _content(path))
        for path in folder.rglob("*")
    }


def _content(path: Path) -> str:
    if path.is_symlink():
        return str(path.readlink())
    if not path.is_file():
        return ""
    size = path.stat().st_size
    return hashlib.sha256(path.read_bytes()).hexdigest() if size < 1 << 20 else str(size)


def report(*texts: str) -> CheckReportFile:
    """A report of the form that is asked for, with these texts wherever a stranger can write one."""
    found = [run.report for text in texts if isinstance(run := hostile(text).run, CheckRun) and run.report]
    findings = tuple(finding for one in found for finding in one.findings)
    leaves = tuple(leaf for one in found for leaf in one.leaves)
    return replace(found[0], findings=findings, leaves=leaves)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with forge_server() as forge:
        forge.add_pull(7, HEAD)
        forge.add_pull(8, HEAD)
        yield Place(tmp_path / "machine", forge)


RUN = {
    "event": "pull_request",
    "head_sha": HEAD,
    "conclusion": "failure",
    "html_url": "https://forge.example/run/1",
    "pull_requests": [{"number": 7}],
    "head_repository": {"owner": {"login": "robin"}},
    "head_branch": "$(touch evil)",
}
CHECKED = {"workflow_run": RUN}
LABELLED = {"pull_request": {"number": 7, "head": {"sha": HEAD}}}


def a_report(place: Place) -> None:
    (place.artifact / "report.json").write_text(write_report(report(*TEXTS)), encoding="utf-8")


def a_preview(place: Place) -> None:
    texts = [hostile_preview(text) for text in TEXTS]
    leaves = tuple(leaf for one in texts for leaf in one.leaves)
    shown = replace(texts[0], head=HEAD, leaves=leaves, removed=TEXTS, left_out=TEXTS)
    (place.artifact / "preview.json").write_text(preview_json(shown), encoding="utf-8")


def a_link_to_a_file(place: Place) -> None:
    for name in ("report.json", "preview.json"):
        (place.artifact / name).symlink_to(place.folder / "outside.json")


def a_link_to_itself(place: Place) -> None:
    (place.artifact / "report.json").symlink_to("report.json")


def a_folder(place: Place) -> None:
    (place.artifact / "report.json" / "report.json").mkdir(parents=True)


def a_pipe(place: Place) -> None:
    os.mkfifo(place.artifact / "report.json")


def larger_than_the_machine(place: Place) -> None:
    for name in ("report.json", "preview.json"):
        with (place.artifact / name).open("wb") as file:
            file.truncate(1 << 40)  # a terabyte of nothing, which takes no room


def files_that_programs_look_for(place: Place) -> None:
    a_report(place)
    for name in (
        "seedbed.toml",
        "CODEOWNERS",
        "sitecustomize.py",
        "usercustomize.py",
        "json.py",
        ".netrc",
        "pyproject.toml",
    ):
        (place.artifact / name).write_text("raise SystemExit('evil')\n", encoding="utf-8")
    for name in ("seedbed", ".git", "schema"):
        (place.artifact / name).mkdir()
        (place.artifact / name / "__init__.py").write_text("raise SystemExit('evil')\n", encoding="utf-8")


CASES: list[tuple[Callable[[Place], None], str, str]] = [
    (a_report, "report", "leaves need a change"),
    (a_preview, "preview", "What the teacher makes"),
    (a_link_to_a_file, "report", "the report is a link"),
    (a_link_to_a_file, "preview", "the preview is a link"),
    (a_link_to_itself, "report", "the report is a link"),
    (a_folder, "report", "the report is no file"),
    (a_pipe, "report", "the report is no file"),
    (larger_than_the_machine, "report", "the report is larger than"),
    (larger_than_the_machine, "preview", "the preview is larger than"),
    (files_that_programs_look_for, "report", "leaves need a change"),
]


@pytest.mark.parametrize(("artifact", "kind", "said"), CASES)
def test_nothing_is_touched(place: Place, artifact: Callable[[Place], None], kind: str, said: str) -> None:
    artifact(place)
    event = CHECKED if kind == "report" else LABELLED
    ran = place.publish(f"--{kind}", f"{kind}.json", event)
    assert ran.ended.returncode == 0, ran.ended.stdout + ran.ended.stderr
    host, port = place.forge.address.removeprefix("http://").split(":")
    assert set(ran.spoken_to) == {str((host, int(port)))}
    assert ran.written == () and ran.started == ()
    assert [call for call in place.forge.calls if not CALLS.fullmatch(call)] == []
    [comment] = place.forge.comments
    assert said in comment["body"]
    assert place.forge.pulls[8]["labels"] == [] and place.forge.pulls[8]["assignees"] == []


ELSEWHERE = "http://127.0.0.2:9/"


@pytest.mark.parametrize(
    "faults",
    [
        {"GET /pulls/7": [Fault(307, headers={"Location": ELSEWHERE})]},
        {"GET /issues/7/comments": [Fault(200, b"[]", {"Link": f'<{ELSEWHERE}>; rel="next"'})]},
    ],
    ids=["a redirect", "the next page"],
)
def test_a_forge_that_points_elsewhere_is_not_followed(place: Place, faults: dict[str, list[Fault]]) -> None:
    """With the token in its headers, a call to anybody else would hand it over."""
    a_report(place)
    place.forge.faults = faults
    ran = place.publish("--report", "report.json", CHECKED)
    assert ran.ended.returncode == 2 and "127.0.0.2" not in "".join(ran.spoken_to)
    assert TOKEN not in ran.ended.stdout + ran.ended.stderr
    assert place.forge.changes() == []


def test_what_is_touched_is_noticed(tmp_path: Path) -> None:
    """The watcher itself, shown a program that does all of it."""
    code = (
        "import os, socket, subprocess\n"
        "open('made', 'w').close(); os.mkdir('folder'); os.rename('made', 'moved'); os.symlink('a', 'b'); os.remove('b')\n"
        "subprocess.run(['true'])\n"
        "try: socket.create_connection(('127.0.0.1', 9), 1)\n"
        "except OSError: pass\n"
    )
    ran = watched(code, folder=tmp_path, environment={}, log=tmp_path / "watched")
    assert ran.ended.returncode == 0, ran.ended.stderr
    assert ran.written == ("made", "folder", "made", "a", "b")
    assert ran.started == ("true",) and ran.spoken_to == ("('127.0.0.1', 9)",)
