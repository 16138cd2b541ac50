"""The card's list of what was taught: each leaf in its author's words, with who it is from and how well it was learned."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.generation.release_manifest import LeafRecord, Role
from seedbed_training.releasing.attribution_file import ATTRIBUTION_FILE
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.markdown import MOST_ROWS, code, figure, inline
from seedbed_training.releasing.plots.matrix import FELL

_LENGTH = 200  # characters of a description


def taught_section(facts: CardFacts) -> str:
    """Fresh leaves, then the old ones, each a line that reads at any width: description, name, authors, licence, scores."""
    fresh = [leaf for leaf in facts.kept if leaf.role is Role.FRESH]
    old = [leaf for leaf in facts.kept if leaf.role is not Role.FRESH]
    parts = [
        _listed(facts, "New or changed in this release", fresh),
        _listed(facts, "Taught before", old),
    ]
    return "\n".join(part for part in parts if part)


def _listed(facts: CardFacts, title: str, leaves: Sequence[LeafRecord]) -> str:
    if not leaves:
        return ""
    lines = [f"- {_line(facts, leaf)}" for leaf in leaves[:MOST_ROWS]]
    if len(leaves) > MOST_ROWS:
        more = len(leaves) - MOST_ROWS
        lines.append(f"- and {more:,} more, which [{ATTRIBUTION_FILE}]({ATTRIBUTION_FILE}) names")
    return f"**{title}**\n\n" + "\n".join(lines) + "\n"


def _line(facts: CardFacts, leaf: LeafRecord) -> str:
    described = facts.descriptions.get(leaf.name)
    text = described.what[:1].upper() + described.what[1:] if described else ""
    what = inline(text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1]}…").rstrip(".")
    people = inline(", ".join(leaf.authors) or "authors not stated")
    licence = inline(leaf.licence or "licence not stated")
    return (
        f"{what + ' — ' if what else ''}{code(leaf.name)}, from {people}, {licence}: {_scores(facts, leaf)}"
    )


def _scores(facts: CardFacts, leaf: LeafRecord) -> str:
    score = next((score for score in facts.manifest.scores if score.leaf == leaf.name), None)
    if score is None:
        return "not scored"
    before = score.parent if score.parent is not None else score.base
    fell = leaf.role is not Role.FRESH and before is not None and before - score.score > FELL
    return f"score {figure(before)} → **{score.score:.2f}**{', worse' if fell else ''}"
