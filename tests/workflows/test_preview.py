"""A preview from label to comment: three jobs, of which none holds a stranger's text, the key and a token that writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.openai_server import FaultyServer, answer, openai_server
from support.workflows import events
from support.workflows.expressions import Status, holds
from support.workflows.forge_place import Event
from support.workflows.log import commands
from support.workflows.runner import WorkflowRun, listens, load
from support.workflows.stage import CAPITALS, RIVERS, WORKFLOWS, Files, Stage, leaf, stage

KEY = "the-key-of-the-teacher"
EVIL: Files = {
    "evil.sh": "touch evil",
    "seedbed.toml": '[teacher]\nbackend = "openai"\nurl = "http://evil.example"\n',
}


HOSTILE = "::add-mask::a\n##[error]x\n@seedbed/all `touch evil` $(touch evil) ${{ secrets.KEY }} <img src=x>"


def settings(address: str) -> Files:
    """A teacher behind HTTP that wants a key, and no student, whose loading takes longer than all the rest."""
    lines = ["[teacher]", 'backend = "openai"', f'url = "{address}"', 'model = "tiny"']
    lines += ['api_key_variable = "SEEDBED_TEACHER_KEY"', "[preview]", 'student = "/nowhere"', ""]
    return {"seedbed.toml": "\n".join(lines)}


@pytest.fixture
def teacher() -> Iterator[FaultyServer]:
    with openai_server(otherwise=answer(HOSTILE)) as server:
        yield server


@pytest.fixture
def played(tmp_path: Path, teacher: FaultyServer) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        found.begin(leaf(CAPITALS, "Asia") | settings(teacher.address))
        yield found


def labelled(stage: Stage, *, label: str = "preview", sender: str = "ada") -> Event:
    """A maintainer sets a label on the pull request."""
    stage.forge.pulls[7]["labels"].append({"name": label})
    labels = [{"name": name} for name in stage.forge.labels(7)]
    return events.pull_request_target(
        "labeled", stage.head, stage.base, label=label, labels=labels, sender=sender
    )


def results(run: WorkflowRun) -> dict[str, str]:
    return {name: job.result for name, job in run.jobs.items()}


def everything_written(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path.name, path.read_bytes()


def test_from_label_to_comment(played: Stage, teacher: FaultyServer) -> None:
    checked = played.run("check", played.propose(leaf(RIVERS) | EVIL))
    played.publish(checked)
    leave(played, checked.id, "[" * 1_000)
    run = played.run("preview", labelled(played))
    assert results(run) == {
        "withdraw": "skipped",
        "prepare": "success",
        "generate": "success",
        "publish": "success",
    }, run.log
    assert played.head in run.jobs["prepare"].summary, "the reviewer sees which commit"
    assert "compositional_skills/geography/rivers" in run.jobs["prepare"].summary
    assert teacher.bodies and {one["Authorization"] for one in teacher.headers} == {f"Bearer {KEY}"}
    [comment] = played.forge.comments
    first = comment["body"].splitlines()[0]
    assert '"check"' in first and '"preview"' in first, "one comment in two parts"
    assert "all clear" in comment["body"] and "@seedbed" not in comment["body"]
    assert "compared with" not in comment["body"], "what a pull request's own run left is nobody's preview"

    # Nothing of the pull request or of the model is laid out, run or obeyed, and the key is nowhere.
    for name, content in everything_written(played.place.folder):
        assert KEY.encode() not in content, name
        assert name not in ("evil", "evil.sh")
    for name in ("prepare", "generate"):
        assert commands(run.jobs[name].log) == []
    [stopped] = commands(run.jobs["publish"].log)
    assert stopped.startswith("::stop-commands::")

    # The next one says what is new since this one, found among what others left later.
    leave(played, checked.id, "{}")
    again = played.run("preview", labelled(played))
    assert results(again)["publish"] == "success", again.log
    [comment] = played.forge.comments
    assert f"compared with the preview of {played.head[:12]}" in comment["body"]


def leave(stage: Stage, run: int, text: str) -> None:
    """A run leaves a preview of the pull request, whatever it may be: the last of that name."""
    kept = stage.place.artifact(run, "preview-7")
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "preview.json").write_text(text, encoding="utf-8")
    stage.forge.artifacts.insert(0, ("preview-7", run))


def test_an_earlier_preview_that_cannot_be_read_is_left_aside(played: Stage) -> None:
    """One of ours, in a form of another day: there is a preview all the same."""
    checked = played.run("check", played.propose(leaf(RIVERS)))
    played.forge.runs[checked.id] = "pull_request_target"
    leave(played, checked.id, '{"version": 99}')
    run = played.run("preview", labelled(played))
    assert results(run)["publish"] == "success", run.log
    assert "left aside" in run.jobs["generate"].log
    [comment] = played.forge.comments
    assert "What the teacher makes" in comment["body"] and "compared with" not in comment["body"]


def test_a_push_takes_the_label_back(played: Stage) -> None:
    played.propose(leaf(RIVERS))
    labelled(played)
    event = played.propose(leaf(RIVERS, "Africa"))
    pushed = events.pull_request_target(
        "pull_request",
        played.head,
        played.base,
        action="synchronize",
        labels=event.payload["pull_request"]["labels"],
    )
    assert results(played.run("preview", pushed))["withdraw"] == "success"
    assert played.forge.labels(7) == []


@pytest.mark.parametrize("sort", ["a push without the label", "another label", "opened"])
def test_nothing_starts_by_itself(played: Stage, teacher: FaultyServer, sort: str) -> None:
    played.propose(leaf(RIVERS))
    action = "synchronize" if sort == "a push without the label" else "opened"
    event = events.pull_request_target("pull_request", played.head, played.base, action=action)
    if sort == "another label":
        event = labelled(played, label="previews")
    run = played.run("preview", event)
    assert {results(run).get(name, "skipped") for name in ("prepare", "generate")} == {"skipped"}
    assert played.forge.changes() == [] and teacher.bodies == []


def test_a_comment_that_is_edited_into_a_command_starts_nothing(played: Stage, teacher: FaultyServer) -> None:
    played.propose(leaf(RIVERS))
    event = events.comment(played.base, f"/preview {played.head}")
    edited = replace(event, payload=event.payload | {"action": "edited"})
    # Whoever calls the workflow without naming the type `created` hears of this too.
    assert not listens(load(WORKFLOWS / "preview.yml")["on"], edited)
    jobs = load(WORKFLOWS / "preview.yml")["jobs"]
    contexts = {"github": played.place.github(edited, run=1, workflow="preview", token="")}
    assert not holds(jobs["prepare"]["if"], contexts, Status())
    contexts = {"github": played.place.github(event, run=1, workflow="preview", token="")}
    assert holds(jobs["prepare"]["if"], contexts, Status())


def test_a_commit_that_is_not_the_last_is_not_prepared(played: Stage) -> None:
    played.propose(leaf(RIVERS))
    before = played.head
    played.propose(leaf(RIVERS, "Africa"))
    run = played.run("preview", events.comment(played.base, f"/preview {before}"))
    assert (results(run)["prepare"], results(run)["generate"]) == ("failure", "skipped")
    assert f"is {played.head}, not {before}" in run.jobs["prepare"].summary
    assert results(run)["publish"] == "success" and played.forge.comments == []


@pytest.mark.parametrize("commit", ["--upload-pack=touch evil", "refs/pull/7/head", "0" * 40])
def test_by_hand_only_a_whole_commit_id_that_is_there_will_do(played: Stage, commit: str) -> None:
    played.propose(leaf(RIVERS))
    run = played.run("preview", events.comment(played.base, f"/preview {commit}"))
    assert (results(run)["prepare"], results(run)["generate"]) == ("failure", "skipped")
    assert not [name for name, _ in everything_written(played.place.folder) if name == "evil"]


def test_settings_that_changed_since_the_branch_began_are_not_used(played: Stage) -> None:
    """The merge base may be years old, and its seedbed.toml name a teacher that somebody else answers for by now."""
    played.propose(leaf(RIVERS))
    tip = played.commit({"seedbed.toml": "[preview]\nmost_tokens = 5\n"}, [played.base], "settings")
    played.refer("refs/heads/main", tip)
    run = played.run("preview", events.comment(tip, f"/preview {played.head}"))
    assert (results(run)["prepare"], results(run)["generate"]) == ("failure", "skipped")
    assert "bring it up to date" in run.jobs["prepare"].summary
    [comment] = played.forge.comments
    assert "Merge the main branch into it" in comment["body"], "its author is who can"


def test_settings_that_somebody_once_had_on_a_merged_branch_are_not_used(
    played: Stage, teacher: FaultyServer
) -> None:
    """A first pull request names a teacher of its own and takes it back before it is merged; a second begins in between."""
    named = played.commit(EVIL, [played.base], "a teacher of my own")
    taken_back = played.commit({"seedbed.toml": settings(teacher.address)["seedbed.toml"]}, [named], "back")
    tip = played.commit({}, [played.base, taken_back], "merged, with nothing amiss")
    played.refer("refs/heads/main", tip)
    played.head = named
    played.propose(leaf(RIVERS))
    run = played.run("preview", events.comment(tip, f"/preview {played.head}"))
    assert (results(run)["prepare"], results(run)["generate"]) == ("failure", "skipped")
    assert teacher.bodies == [] and "bring it up to date" in run.jobs["prepare"].summary


def test_by_hand_with_the_commit_that_was_looked_at(played: Stage) -> None:
    """Here the teacher's server is away: the contributor hears of it, by the commit that was looked at."""
    played.base = played.commit(settings("http://127.0.0.1:9/v1"), [played.base], "settings")
    played.refer("refs/heads/main", played.base)
    played.propose(leaf(RIVERS))
    event = events.comment(played.base, f"/preview {played.head}")
    run = played.run("preview", event)
    assert (results(run)["prepare"], results(run)["publish"]) == ("success", "success"), run.log
    [comment] = played.forge.comments
    assert played.head in comment["body"]
    assert KEY not in comment["body"] + run.log

    played.forge.pulls[7]["head"]["sha"] = "d" * 40
    told = comment["body"]
    run = played.run("preview", event)
    assert results(run)["publish"] == "success", run.log
    assert played.forge.comments == [comment | {"body": told}], (
        "of a commit that is no longer the last, nothing is said"
    )


def test_the_key_reaches_one_job_that_may_do_nothing_else() -> None:
    jobs = load(WORKFLOWS / "preview.yml")["jobs"]
    assert [name for name, job in jobs.items() if "secrets." in str(job)] == ["generate"]
    assert jobs["generate"]["permissions"] == {} and jobs["generate"]["environment"] == "teacher"
    for name in ("generate", "publish"):
        assert not [step for step in jobs[name]["steps"] if "checkout" in step.get("uses", "")]
    writing = [name for name, job in jobs.items() if "write" in job["permissions"].values()]
    assert writing == ["withdraw", "publish"]
    assert all(jobs[name]["permissions"] == {"pull-requests": "write"} for name in writing)
