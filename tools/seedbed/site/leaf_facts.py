"""What a page of the site says of one leaf, and the little of it that pages about many leaves need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from seedbed.documents.read_documents import Document
from seedbed.generation.funnel import Funnel
from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role, ScoreRecord
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.status import LeafState
from seedbed.taxonomy.attribution import Attribution
from seedbed.taxonomy.history import Contributor, LastChange
from seedbed.taxonomy.leaf import Kind, Leaf


class Standing(StrEnum):
    """Where a leaf stands between its author and a release; a word for readers, and a colour in pictures."""

    LEARNED = "learned"  # the latest release was made of the leaf as it is
    GROWN = "grown"  # fresh, and its samples wait for a release
    FRESH = "fresh"  # new or changed, no samples yet
    UNREADABLE = "cannot be read"
    REVOKED = "revoked"  # in the taxonomy still, and no release learns it again


MEANINGS: Mapping[Standing, str] = {
    Standing.LEARNED: "the latest release was made of it as it is",
    Standing.GROWN: "new or changed since the latest release; its samples are stored",
    Standing.FRESH: "new or changed since the latest release; no samples yet",
    Standing.UNREADABLE: "no leaf can be made of the file; seedbed check says why",
    Standing.REVOKED: "in the taxonomy still, and no release learns it again",
}


@dataclass(frozen=True, slots=True)
class Learning:
    """What one release made of a leaf."""

    release: str
    record: LeafRecord
    score: ScoreRecord | None


@dataclass(frozen=True, slots=True)
class StoredSamples:
    """What the store holds of a leaf as it is: counts of all, and some of those to train on.

    What is held out is counted and never shown: an evaluation is worth nothing once its questions are public.
    """

    train: int = 0
    held_out: int = 0
    funnels: Mapping[Stage, Funnel] = field(default_factory=dict)
    shown: tuple[Sample, ...] = ()
    made_by: tuple[str, ...] = ()  # recipe and teacher of each making
    problem: str | None = None  # why they could not be read


@dataclass(frozen=True, slots=True)
class LeafFacts:
    """Everything about one leaf. Without `leaf`, `problem` says why it cannot be read."""

    name: str
    path: str
    blob: str
    standing: Standing
    why: str
    leaf: Leaf | None
    problem: str | None
    documents: tuple[Document, ...]
    fetched: bool  # whether `documents` are here, as in `LeafSource`
    attribution: Attribution | None
    contributors: tuple[Contributor, ...]
    last_change: LastChange | None
    stored: StoredSamples
    learned: tuple[Learning, ...]  # the latest release first

    @property
    def score(self) -> ScoreRecord | None:
        """How well the latest release does that was scored on the leaf as it is now."""
        scores = (one.score for one in self.learned if one.record.blob == self.blob)
        return next((score for score in scores if score is not None), None)

    @property
    def authors(self) -> tuple[str, ...]:
        """Those who wrote it: as git names them, else the leaf's `created_by`."""
        named = tuple(one.name for one in self.contributors)
        return named or ((self.leaf.created_by,) if self.leaf and self.leaf.created_by else ())


@dataclass(frozen=True, slots=True)
class LeafSummary:
    """A leaf as one line."""

    name: str
    standing: Standing
    kind: Kind | None
    about: str
    questions: int  # that people wrote
    samples: int
    score: float | None  # of the latest release that scored it, if that knew the leaf as it is
    licence: str | None
    authors: tuple[str, ...]
    changed: int  # seconds since 1970, UTC; 0 where unknown
    releases: tuple[str, ...]


_ABOUT_LENGTH = 110


def summary_of(facts: LeafFacts) -> LeafSummary:
    """The line of a leaf."""
    leaf = facts.leaf
    seeds = leaf.seed_examples if leaf else ()
    return LeafSummary(
        facts.name,
        facts.standing,
        leaf.kind if leaf else None,
        shortened(leaf.task_description if leaf else facts.problem or "", _ABOUT_LENGTH),
        sum(len(seed.questions_and_answers) for seed in seeds),
        facts.stored.train + facts.stored.held_out,
        facts.score.score if facts.score else None,
        facts.attribution.licence if facts.attribution else None,
        facts.authors,
        facts.last_change.authored.committed if facts.last_change else 0,
        tuple(one.release for one in facts.learned if one.record.role is not Role.DROPPED),
    )


def shortened(text: str, length: int) -> str:
    """The beginning of a text on one line, cut between words where that is near."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"


def standing_of(state: LeafState, *, readable: bool, samples: bool) -> Standing:
    """The standing of a leaf that is in the taxonomy."""
    if state is LeafState.REVOKED:
        return Standing.REVOKED
    if not readable:
        return Standing.UNREADABLE
    if state is LeafState.UNCHANGED:
        return Standing.LEARNED
    return Standing.GROWN if samples else Standing.FRESH


def learning_by_leaf(releases: Sequence[ReleaseManifest]) -> Mapping[str, tuple[Learning, ...]]:
    """What each release made of each leaf that it knew, the latest release first."""
    found: dict[str, list[Learning]] = {}
    for release in reversed(releases):
        scores = {score.leaf: score for score in release.scores}
        for record in release.leaves:
            learning = Learning(release.name, record, scores.get(record.name))
            found.setdefault(record.name, []).append(learning)
    return {name: tuple(learned) for name, learned in found.items()}
