"""A repository with a leaf of each kind, which the scripted teacher understands."""

from __future__ import annotations

from pathlib import Path

from support.repositories import RepositoryBuilder

FREEFORM = "foundational_skills/order/turn_around"
GROUNDED = "compositional_skills/cards/read"
KNOWLEDGE = "knowledge/harbours/velm"
LEAVES = (GROUNDED, FREEFORM, KNOWLEDGE)

_TURNS = [
    ("apple, bell, cup", "cup, bell, apple"),
    ("door, egg, fork", "fork, egg, door"),
    ("gate, hat, ink, jar", "jar, ink, hat, gate"),
    ("key, lamp, map", "map, lamp, key"),
    ("net, owl, pear, quilt", "quilt, pear, owl, net"),
    ("rope, soap, tent", "tent, soap, rope"),
    ("bell, door, gate", "gate, door, bell"),
    ("ink, hat, fork", "fork, hat, ink"),
]
_CARDS = [
    ("Ada", "Velm", "cat", "name"),
    ("Bram", "Osk", "dog", "town"),
    ("Carla", "Istria", "owl", "name"),
    ("Emil", "Tarn", "hen", "town"),
    ("Fenna", "Rillet", "pig", "name"),
    ("Hugo", "Quarr", "frog", "town"),
]
HARBOUR = """\
# Velm harbour

## The north pier

The north pier is kept by Ada. It is painted red.
It is made of iron.

## The old crane

The old crane is kept by Bram. It is painted blue. It is made of steel.

## The south ramp

The south ramp is kept by Carla. It is painted grey. It is made of brass.
"""
_FACTS = [
    ("The north pier is kept by Ada. It is painted red.", "Who keeps the north pier?", "Ada"),
    ("The north pier is kept by Ada. It is painted red.", "Name the colour of the north pier.", "red"),
    ("The old crane is kept by Bram. It is painted blue.", "What paint is on the old crane?", "blue"),
    ("The old crane is kept by Bram. It is painted blue.", "Say who keeps the old crane.", "Bram"),
    ("The south ramp is kept by Carla. It is painted grey.", "Who has charge of the south ramp?", "Carla"),
]


def freeform_leaf(task: str = "Turn a list of words around.") -> str:
    seeds = "".join(
        f'  - question: "Turn around: {words}"\n    answer: {answer}\n' for words, answer in _TURNS
    )
    return f"version: 3\ncreated_by: robin\ntask_description: {task}\nseed_examples:\n{seeds}"


def grounded_leaf() -> str:
    seeds = "".join(
        f"  - context: |-\n      Name: {name}\n      Town: {town}\n      Pet: {pet}\n"
        f"    question: What is the {field}?\n    answer: {name if field == 'name' else town}\n"
        for name, town, pet, field in _CARDS
    )
    return f"version: 3\ncreated_by: robin\ntask_description: Read a card.\nseed_examples:\n{seeds}"


def knowledge_leaf() -> str:
    seeds = "".join(
        f"  - context: {context}\n    questions_and_answers:\n"
        + "".join(
            f"      - question: {q}\n        answer: {a}\n"
            for q, a in ((question, answer), *_paraphrases(question, answer))
        )
        for context, question, answer in _FACTS
    )
    return (
        "version: 3\ncreated_by: robin\ndomain: harbours\ndocument_outline: The harbour of Velm\n"
        f"document:\n  patterns:\n    - harbour.md\nseed_examples:\n{seeds}"
    )


def _paraphrases(question: str, answer: str) -> tuple[tuple[str, str], ...]:
    """Two more ways to ask; none contains another."""
    asked, subject = question.rstrip("?.").rsplit(" the ", 1)
    return (
        (f"Regarding the {subject} of Velm, {asked[0].lower()}{asked[1:]} it?", answer),
        (f"{asked} what visitors call the {subject}?", answer),
    )


def small_taxonomy(path: Path) -> RepositoryBuilder:
    """A committed repository with the three leaves of `LEAVES`."""
    builder = RepositoryBuilder(path)
    builder.write_leaf(f"taxonomy/{FREEFORM}", freeform_leaf())
    builder.write_leaf(f"taxonomy/{GROUNDED}", grounded_leaf())
    builder.write_leaf(f"taxonomy/{KNOWLEDGE}", knowledge_leaf())
    builder.write(f"taxonomy/{KNOWLEDGE}/harbour.md", HARBOUR)
    builder.commit("three leaves")
    return builder
