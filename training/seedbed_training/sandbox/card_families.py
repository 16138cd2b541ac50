"""Grounded skills: a context card with typed fields, and something to make of it."""

from __future__ import annotations

from random import Random

from seedbed_training.sandbox.family import Case, Family
from seedbed_training.sandbox.lexicon import COLOURS, DAYS, JOBS, NAMES, PETS, TOWNS

FIELDS = {"Name": NAMES, "Job": JOBS, "Town": TOWNS, "Pet": PETS, "Colour": COLOURS, "Day": DAYS}
ALWAYS = ("Name", "Job", "Town")  # what every card has, so that a tag can be written from any


def draw_card(random: Random, order: list[str] | None = None) -> str:
    """A card such as `Name: Orla`, `Town: Velm`, `Job: baker`, one field a line; fields in a random order."""
    if order is None:
        extra = random.sample([field for field in FIELDS if field not in ALWAYS], random.choice((0, 1, 1, 2)))
        order = [*ALWAYS, *extra]
        random.shuffle(order)
    return "\n".join(f"{field}: {random.choice(FIELDS[field])}" for field in order)


def read_card(card: str) -> dict[str, str]:
    """The fields of a card, in order; raises ValueError when it is none."""
    fields = dict(line.split(": ", 1) for line in card.split("\n"))
    if any(value not in FIELDS.get(field, ()) for field, value in fields.items()):
        raise ValueError(f"not a card: {card!r}")
    return fields


FIELD_WORDINGS = ("What is the {} on this card?", "Which {} does the card give?", "Read out the {}.")
TAG_WORDINGS = ("Write a name tag.", "Make a name tag from this card.", "What goes on the name tag?")
INTRODUCE_WORDINGS = ("Introduce this person.", "Present this person to a guest.", "Say who this person is.")


def _field_about(random: Random, wording: int, card: str) -> Case:
    field, value = random.choice(list(read_card(card).items()))
    return Case(FIELD_WORDINGS[wording].format(field.lower()), value, wording, card)


def _tag_about(random: Random, wording: int, card: str) -> Case:
    fields = read_card(card)
    return Case(TAG_WORDINGS[wording], f"{fields['Name']}, {fields['Job']}, {fields['Town']}", wording, card)


def _introduce_about(random: Random, wording: int, card: str) -> Case:
    fields = read_card(card)
    answer = f"This is {fields['Name']} from {fields['Town']}, our {fields['Job']}."
    return Case(INTRODUCE_WORDINGS[wording], answer, wording, card)


CARD_FAMILIES = {
    "card_field": Family(
        "card_field",
        3,
        lambda random, wording: _field_about(random, wording, draw_card(random)),
        _field_about,
    ),
    "name_tag": Family(
        "name_tag", 3, lambda random, wording: _tag_about(random, wording, draw_card(random)), _tag_about
    ),
    "introduce": Family(
        "introduce",
        3,
        lambda random, wording: _introduce_about(random, wording, draw_card(random)),
        _introduce_about,
    ),
}
