"""A forge that fails, limits and lies; strangers who name things like commands; reviews, drafts and the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.forge_server import Fault
from support.workflows import events
from support.workflows.log import commands
from support.workflows.stage import RIVERS, Files, Stage, leaf, stage

from seedbed.forge.labels import missing_labels

PATIENT = {"Retry-After": "0"}
COMMENT = "POST /issues/7/comments"


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        found.begin()
        yield found


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({COMMENT: [Fault(502, headers=PATIENT, after=True)]}, True),
        ({"GET /pulls/7": [Fault(429, headers=PATIENT), Fault(503, headers=PATIENT)]}, True),
        ({"GET /pulls/7": [Fault(body=b"<html>all is well</html>")]}, False),
        ({"GET /pulls/7": [Fault(body=b'{"number": 8, "state": "open"}')]}, False),
        ({COMMENT: [Fault(403), Fault(403)]}, False),
    ],
    ids=["a lost answer", "limits", "a page instead of JSON", "half an answer", "refusal"],
)
def test_a_forge_that_fails_changes_no_verdict(
    played: Stage, faults: dict[str, list[Fault]], told: bool
) -> None:
    checked = played.run("check", played.propose(leaf(RIVERS)))
    played.forge.faults = faults
    run = played.publish(checked)
    assert checked.conclusion == "success"
    assert run.conclusion == ("success" if told else "failure"), run.log
    assert len(played.forge.comments) == int(told), "never two"
    assert "Traceback" not in run.log
    if not told:  # run again by hand, once the forge is well
        assert played.publish(checked).conclusion == "success" and len(played.forge.comments) == 1


TEXT = "x\n::error::forged\r\n  ::add-mask::a\n##[set-output name=a]b @seedbed/all #1 `touch evil` $(touch evil) <img src=x>"


OURS = ("::error title=seedbed", "::warning title=seedbed", "::notice title=seedbed")


def test_names_and_texts_of_strangers_are_neither_run_nor_obeyed(played: Stage) -> None:
    text = leaf(RIVERS)[f"{RIVERS}/qna.yaml"]
    assert text is not None
    hostile: Files = {
        "taxonomy/compositional_skills/a\n::error::forged\nb/qna.yaml": text,
        "taxonomy/compositional_skills/$(touch evil)/qna.yaml": text,
        "taxonomy/compositional_skills/-rf `touch evil`/qna.yaml": text,
        "taxonomy/compositional_skills/@seedbed/qna.yaml": text.replace("Europe", "::add-mask::a ##[error]b"),
        "taxonomy/compositional_skills/##[error]x/qna.yaml": "::stop-commands::x\n- [",
    }
    event = played.propose(
        hostile,
        branch="$(touch${IFS}evil)`touch${IFS}evil`",
        title=TEXT,
        body=TEXT,
    )
    checked = played.run("check", event)
    assert checked.conclusion == "failure"
    obeyed = commands(checked.log)
    assert obeyed
    assert [line for line in obeyed if not line.startswith(OURS)] == []
    played.forge.files = [{"filename": ".github/workflows/check.yml"}]
    told = played.publish(checked)
    assert told.conclusion == "success", told.log
    assert "by which it is checked itself" in played.forge.comments[0]["body"]
    assert [line.partition("::")[2].partition("::")[0] for line in commands(told.log)] == ["stop-commands"]
    opened = events.pull_request_target(
        "pull_request",
        played.head,
        played.base,
        action="opened",
        title=TEXT,
        body=TEXT,
        branch="$(touch${IFS}evil)",
    )
    assert played.run("publish", opened).conclusion == "success"
    [comment] = played.forge.comments
    assert "<img" not in comment["body"] and "\n::" not in comment["body"]
    assert not list(played.place.folder.rglob("evil"))


def test_a_review_moves_the_turn(played: Stage) -> None:
    checked = played.run("check", played.propose(leaf(RIVERS)))
    played.publish(checked)
    assert "needs-maintainer" in played.forge.labels(7)
    played.forge.reviews.append(
        {
            "user": {"login": "ada"},
            "state": "CHANGES_REQUESTED",
            "commit_id": played.head,
            "author_association": "MEMBER",
            "submitted_at": "2026-11-21T08:30:00Z",
        }
    )
    event = events.review(played.head, played.base, played.merge)
    reviewed = played.run("review", event)
    assert reviewed.conclusion == "success" and played.forge.comments[0]["id"] == 1
    told = played.run(
        "publish",
        events.workflow_run(reviewed.id, event, reviewed.conclusion, played.base, workflow="review"),
    )
    assert told.conclusion == "success", told.log
    assert "needs-author" in played.forge.labels(7) and "needs-maintainer" not in played.forge.labels(7)
    assert len(played.forge.comments) == 1


def test_idle_pull_requests_are_tended_daily_and_by_hand_only_in_words(played: Stage) -> None:
    played.publish(played.run("check", played.propose(leaf(RIVERS))))
    played.forge.known = [{"name": name} for name in played.forge.labels(7)]
    before = played.forge.changes()
    by_hand = played.run("stale", events.workflow_dispatch("stale", played.base, **{"dry-run": "true"}))
    assert by_hand.conclusion == "success", by_hand.log
    assert played.forge.changes() == before
    daily = played.run("stale", events.schedule(played.base))
    assert daily.conclusion == "success", daily.log
    assert set(played.forge.changes()[len(before) :]) == {"POST /labels"}, "nothing is idle yet"
    assert missing_labels(frozenset(label["name"] for label in played.forge.known or [])) == ()
