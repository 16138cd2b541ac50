"""What the studies teach: a world of leaves made by rules, in the words that the sandbox student reads.

A skill leaf is one rule over short lists (`sandbox/list_families.py`), asked for in three ways. A knowledge leaf is a
sheet of facts on things that no other leaf speaks of; each fact can be asked for in three ways, of which training sees
two: the third is held out. Facts can't be guessed, rules can't be looked up, and each is tested on questions that
training never showed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.taxonomy.leaf import Span
from seedbed.teacher.teacher import Message, TeacherIdentity
from seedbed_training.sandbox.family import draw_case
from seedbed_training.sandbox.lexicon import MODIFIERS, PARTS
from seedbed_training.sandbox.list_families import LIST_FAMILIES
from seedbed_training.sandbox.sheet_families import ATTRIBUTES

MAKER = TeacherIdentity("code", "seedbed_training.studies", "1")
"""Stands in provenance where a teacher would: these samples are right by construction."""

_WORDINGS = 3
ASKED = ("keeper", "origin", "number", "colour")
"""Attributes with 19 values at least: those with fewer are too easily guessed."""


@dataclass(frozen=True, slots=True)
class StudyLeaf:
    """One leaf of the world, with what it is taught by and what it is tested with."""

    name: str
    training: tuple[Sample, ...]
    held_out: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class World:
    """How many leaves of which kind there are, and how large they are. Every study says its own."""

    skills: tuple[str, ...]  # names of list families
    sheets: int
    samples: int | tuple[int, ...] = 300  # of each skill leaf, or of each in turn
    things: int = 24  # of each sheet
    facts: int = 3  # of each thing
    tests: int = 40  # questions to each leaf


def make_world(world: World, seed: int) -> dict[str, StudyLeaf]:
    """Every leaf by name; another seed gives other lists and other facts."""
    sizes = world.samples if isinstance(world.samples, tuple) else (world.samples,) * len(world.skills)
    skills = [
        skill_leaf(family, samples=size, tests=world.tests, seed=seed)
        for family, size in zip(world.skills, sizes, strict=True)
    ]
    sheets = knowledge_leaves(
        world.sheets, things=world.things, facts=world.facts, tests=world.tests, seed=seed
    )
    return {leaf.name: leaf for leaf in (*sheets, *skills)}


def skill_name(family: str) -> str:
    """The leaf that teaches a list family."""
    return f"compositional_skills/lists/{family}"


def sheet_name(number: int) -> str:
    """The knowledge leaf numbered from 0."""
    return f"knowledge/sheets/sheet_{number + 1}"


def skill_leaf(family: str, *, samples: int, tests: int, seed: int) -> StudyLeaf:
    """A rule over lists: `samples` different lists to learn from, `tests` others to be asked."""
    name = skill_name(family)
    drawn = {
        unseen: _distinct(LIST_FAMILIES[family].name, count, unseen=unseen, seed=f"{seed}/{family}")
        for unseen, count in ((False, samples), (True, tests))
    }
    return StudyLeaf(
        name,
        *(
            tuple(
                _sample(name, Stage.COMPOSITIONAL, question, answer, held_out=unseen)
                for question, answer in drawn[unseen]
            )
            for unseen in (False, True)
        ),
    )


def knowledge_leaves(count: int, *, things: int, facts: int, tests: int, seed: int) -> tuple[StudyLeaf, ...]:
    """`count` leaves of `things` things with `facts` facts each; no two leaves know the same thing.

    `tests` facts of each leaf are asked, each in the one wording that its training samples leave out.
    """
    random = Random(f"{seed}/things")
    names = [f"{modifier} {part}" for modifier, part in product(MODIFIERS, PARTS)]
    chosen = random.sample(names, count * things)
    return tuple(
        _sheet(sheet_name(number), chosen[number * things :][:things], facts, tests, seed)
        for number in range(count)
    )


def blob_of(leaf: str) -> str:
    """Stands for the git blob id of a leaf that no repository has: 40 hex digits, its own."""
    return leaf.encode().hex()[-40:].rjust(40, "0")


def _sheet(name: str, things: Sequence[str], facts: int, tests: int, seed: int) -> StudyLeaf:
    random = Random(f"{seed}/{name}")
    training: list[Sample] = []
    held_out: list[Sample] = []
    line = 0
    for thing in things:
        for attribute in random.sample(ASKED, facts):
            line += 1
            wordings, values = ATTRIBUTES[attribute].short, ATTRIBUTES[attribute].values
            value, kept = random.choice(values), random.randrange(_WORDINGS)
            for number, wording in enumerate(wordings):
                asked = _sample(
                    name,
                    Stage.KNOWLEDGE_SHORT,
                    wording.format(thing),
                    value,
                    held_out=number == kept,
                    line=line,
                )
                (held_out if number == kept else training).append(asked)
    return StudyLeaf(name, tuple(training), tuple(random.sample(held_out, min(tests, len(held_out)))))


def _distinct(family: str, count: int, *, unseen: bool, seed: str) -> Iterable[tuple[str, str]]:
    random = Random(f"{seed}/{unseen}")
    found: dict[str, str] = {}
    while len(found) < count:
        case = draw_case(LIST_FAMILIES[family], random, unseen=unseen)
        found[case.prompt] = case.answer
    return found.items()


def _sample(
    leaf: str, stage: Stage, question: str, answer: str, *, held_out: bool, line: int | None = None
) -> Sample:
    """`line` is where a fact stands in its sheet: what tells one fact from another."""
    provenance = Provenance(
        leaf_blob=blob_of(leaf),
        prompts_digest="0" * 64,
        teacher=MAKER,
        seed=0,
        parameters={},
        document_blob=None if line is None else "0" * 40,
        passage=None if line is None else Span(line, 1, line, 2),
    )
    messages = (Message("user", question), Message("assistant", answer))
    return Sample(leaf, stage, messages, held_out, provenance)
