"""Facts about a pull request → what to do about it. One pure function; all that is sent to the forge comes from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from seedbed.forge.comment import check_section, preview_section, standing_text
from seedbed.forge.facts import CheckRun, Facts, PreviewRun
from seedbed.forge.labels import OURS, PREVIEW, wanted_labels
from seedbed.forge.outcome import Outcome
from seedbed.forge.sections import Sections
from seedbed.forge.standing import Next, outcome_of, standing

_FAILED = frozenset({"failure", "timed_out", "startup_failure"})
"""How a run ends that takes a pull request out of the merge queue."""
MOST_ASSIGNEES = 10
"""As many as the forge takes."""


@dataclass(frozen=True, slots=True)
class WriteComment:
    """Write a comment: anew, or in place of the one with this id."""

    body: str
    id: int | None


@dataclass(frozen=True, slots=True)
class AddLabels:
    """Set labels; those that are there already stay."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveLabel:
    """Take one label off."""

    name: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Assign people, besides those that are."""

    logins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskTeams:
    """Ask teams, by their short names, for a review."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveComment:
    """Take a comment of ours away."""

    id: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close the pull request without merging it."""


Action = WriteComment | RemoveComment | AddLabels | RemoveLabel | Assign | AskTeams | Close


def actions_of(facts: Facts) -> tuple[Action, ...]:
    """What is to be done; nothing when the run speaks of a commit that is no longer the head, or all is said already."""
    pull_request, run = facts.pull_request, facts.run
    if run is not None and (run.head != pull_request.head or not pull_request.open):
        return ()
    if isinstance(run, CheckRun) and run.queue and run.conclusion not in _FAILED:
        return ()  # it is being merged, or the queue was put together anew without this run
    said = _said(facts)
    actions: list[Action] = [RemoveComment(double.id) for double in facts.doubles]
    if pull_request.open and not _says_the_same(facts.said, said) and _is_worth_saying(facts, said):
        actions.append(WriteComment(said.write(), facts.comment.id if facts.comment else None))
    wanted = wanted_labels(facts, said)
    if new := tuple(sorted(wanted - pull_request.labels)):
        actions.append(AddLabels(new))
    unwanted = (pull_request.labels & OURS) - wanted
    if PREVIEW in pull_request.labels and not _consent_holds(facts):
        unwanted |= {PREVIEW}
    actions += [RemoveLabel(name) for name in sorted(unwanted)]
    if isinstance(run, CheckRun):
        actions += _calls(facts, said)
    return tuple(actions)


def _said(facts: Facts) -> Sections:
    """What the comment will say."""
    said, run = facts.said, facts.run
    if isinstance(run, CheckRun):
        outcome = _timed(outcome_of(run), facts)
        said = replace(said, check=check_section(run, outcome, facts.now))
    elif isinstance(run, PreviewRun):
        said = replace(said, preview=preview_section(run, facts.now))
    elif said.check is not None and said.check.outcome is not None:
        said = replace(said, check=replace(said.check, outcome=_timed(said.check.outcome, facts)))
    return replace(said, standing=standing_text(facts.pull_request, said))


def _timed(outcome: Outcome, facts: Facts) -> Outcome:
    """The outcome with who has to act, and since when: since the last commit, or since the turn changed."""
    before = facts.said.check
    head = facts.run.head if facts.run else before.head if before else ""
    if head != facts.pull_request.head:
        return outcome
    next_ = standing(outcome, facts.pull_request).next or ""
    if before and before.outcome and before.head == head and before.outcome.next == next_:
        since = before.outcome.since
    else:
        since = facts.now.isoformat(timespec="seconds")
    return replace(outcome, next=str(next_), since=since)


def _consent_holds(facts: Facts) -> bool:
    """A maintainer's label speaks of the commit that was looked at: it ends with the next push, and with the end."""
    return facts.pull_request.open and not facts.pushed


def _calls(facts: Facts, said: Sections) -> Iterator[Action]:
    """Whoever owns what changes: people are assigned; teams are asked once it is for them to act."""
    pull_request, owners = facts.pull_request, facts.owners
    author = pull_request.author.casefold()
    known = {login.casefold() for login in pull_request.assignees}
    people = [login for login in owners.people if login.casefold() != author][:MOST_ASSIGNEES]
    if missing := tuple(login for login in people if login.casefold() not in known):
        yield Assign(missing)
    turn = said.check.outcome.next if said.check and said.check.outcome else ""
    asked = {team.casefold() for team in pull_request.asked_teams}
    teams = tuple(team for team in owners.teams if team.casefold() not in asked)
    if teams and turn == Next.MAINTAINER and not pull_request.reviews:
        yield AskTeams(teams)


def _is_worth_saying(facts: Facts, said: Sections) -> bool:
    """Not before anything ran; and a robot's pull request that changes no leaf needs no word of ours."""
    outcome = said.check.outcome if said.check else None
    of_a_robot = facts.pull_request.author.endswith("[bot]") and facts.comment is None
    if of_a_robot and outcome and outcome.failed is False and not outcome.leaves:
        return said.preview is not None
    return said.check is not None or said.preview is not None


def _says_the_same(before: Sections, after: Sections) -> bool:
    """Whether nothing but the time of writing differs: the same run played again edits nothing."""
    return _timeless(before) == _timeless(after)


def _timeless(sections: Sections) -> tuple[object, ...]:
    parts = (sections.check, sections.preview)
    return sections.standing, *(
        part
        and (
            part.head,
            part.outcome,
            [line for line in part.text.splitlines() if not line.startswith("<sub>")],
        )
        for part in parts
    )


def describe(actions: tuple[Action, ...]) -> str:
    """What would be done, for a dry run: one line each, the comment in full below its line."""
    lines = [_described(action) for action in actions]
    return "\n".join(lines or ["nothing to do"]) + "\n"


def _described(action: Action) -> str:
    match action:
        case WriteComment(body, None):
            return f"write a comment:\n{_indented(body)}"
        case WriteComment(body, id):
            return f"edit comment {id}:\n{_indented(body)}"
        case AddLabels(names):
            return f"add labels: {', '.join(names)}"
        case RemoveLabel(name):
            return f"remove label: {name}"
        case Assign(logins):
            return f"assign: {', '.join(logins)}"
        case AskTeams(names):
            return f"ask teams for a review: {', '.join(names)}"
        case RemoveComment(id):
            return f"remove comment {id}"
        case Close():
            return "close it"


def _indented(body: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in body.removesuffix("\n").split("\n"))
