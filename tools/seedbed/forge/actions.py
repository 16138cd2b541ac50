"""Facts about a pull request → what to do about it. One pure function; all that is sent to the forge comes from here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedbed.forge.comment import check_section, preview_section
from seedbed.forge.facts import CheckRun, Facts
from seedbed.forge.labels import OURS, wanted_labels
from seedbed.forge.sections import Sections

MOST_ASSIGNEES = 10
"""As many as the forge takes."""


@dataclass(frozen=True, slots=True)
class WriteComment:
    """Write our one comment: anew, or in place of the one with this id."""

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


Action = WriteComment | AddLabels | RemoveLabel | Assign


def actions_of(facts: Facts) -> tuple[Action, ...]:
    """What is to be done; nothing when the run speaks of a commit that is no longer the head, or all is said already."""
    pull_request = facts.pull_request
    if facts.run.head != pull_request.head or not pull_request.open:
        return ()
    actions: list[Action] = []
    body = _body(facts)
    if facts.comment is None or not _says_the_same(facts.said, Sections.read(body)):
        actions.append(WriteComment(body, facts.comment.id if facts.comment else None))
    wanted = wanted_labels(facts)
    if new := tuple(sorted(wanted - pull_request.labels)):
        actions.append(AddLabels(new))
    actions += [RemoveLabel(name) for name in sorted((pull_request.labels & OURS) - wanted)]
    owners = [login for login in facts.owners if login.casefold() != pull_request.author.casefold()]
    known = {login.casefold() for login in pull_request.assignees}
    missing = [login for login in owners[:MOST_ASSIGNEES] if login.casefold() not in known]
    if missing and isinstance(facts.run, CheckRun):
        actions.append(Assign(tuple(missing)))
    return tuple(actions)


def _body(facts: Facts) -> str:
    said = facts.said
    if isinstance(facts.run, CheckRun):
        return replace(said, check=check_section(facts, facts.run)).write()
    return replace(said, preview=preview_section(facts.run, facts.now)).write()


def _says_the_same(before: Sections, after: Sections) -> bool:
    """Whether nothing but the time of writing differs: the same run played again edits nothing."""
    return _timeless(before) == _timeless(after)


def _timeless(sections: Sections) -> tuple[object, ...]:
    parts = (sections.check, sections.preview)
    return tuple(
        part and (part.head, [line for line in part.text.splitlines() if not line.startswith("<sub>")])
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


def _indented(body: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in body.removesuffix("\n").split("\n"))
