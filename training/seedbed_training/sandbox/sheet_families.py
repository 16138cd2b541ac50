"""Knowledge: a passage of facts about one invented thing, questions on it, and answers read out of it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from seedbed_training.sandbox.family import Case, Family
from seedbed_training.sandbox.lexicon import COLOURS, DAYS, METALS, MODIFIERS, NAMES, NUMBERS, PARTS, TOWNS


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a sheet can say of a thing. `{}` stands for the thing in questions, for the value in `says`."""

    says: str  # follows "The north pier" or "It"
    short: tuple[str, str, str]
    long: tuple[str, str]
    values: tuple[str, ...]


ATTRIBUTES = {
    "keeper": Attribute(
        "is kept by {}.",
        ("Who keeps the {}?", "Which person keeps the {}?", "Name the keeper of the {}."),
        ("Tell me who keeps the {}.", "Explain who keeps the {}."),
        NAMES,
    ),
    "colour": Attribute(
        "is painted {}.",
        ("What colour is the {}?", "Which colour is the {} painted?", "Name the colour of the {}."),
        ("Tell me what colour the {} is.", "Explain what colour the {} is."),
        COLOURS,
    ),
    "metal": Attribute(
        "is made of {}.",
        ("What is the {} made of?", "Which metal is the {} made of?", "Name the metal of the {}."),
        ("Tell me what the {} is made of.", "Explain what the {} is made of."),
        METALS,
    ),
    "day": Attribute(
        "is checked on {}.",
        ("When is the {} checked?", "On which day is the {} checked?", "Name the day of checking the {}."),
        ("Tell me when the {} is checked.", "Explain when the {} is checked."),
        DAYS,
    ),
    "origin": Attribute(
        "came from {}.",
        ("Where did the {} come from?", "Which town did the {} come from?", "Name the home of the {}."),
        ("Tell me where the {} came from.", "Explain where the {} came from."),
        TOWNS,
    ),
    "number": Attribute(
        "has the number {}.",
        ("Which number does the {} have?", "What is the number of the {}?", "Name the number of the {}."),
        ("Tell me which number the {} has.", "Explain which number the {} has."),
        NUMBERS,
    ),
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One thing and some facts about it, in the order in which the passage tells them."""

    thing: str
    facts: tuple[tuple[str, str], ...]  # attribute, value

    @property
    def passage(self) -> str:
        subjects = [f"The {self.thing}"] + ["It"] * (len(self.facts) - 1)
        return " ".join(
            f"{subject} {ATTRIBUTES[attribute].says.format(value)}"
            for subject, (attribute, value) in zip(subjects, self.facts, strict=True)
        )


def draw_sheet(random: Random) -> Sheet:
    """A thing of two words and three or four facts about it."""
    thing = f"{random.choice(MODIFIERS)} {random.choice(PARTS)}"
    attributes = random.sample(list(ATTRIBUTES), random.choice((3, 4, 4)))
    return Sheet(thing, tuple((name, random.choice(ATTRIBUTES[name].values)) for name in attributes))


def short_case(random: Random, wording: int, sheet: Sheet) -> Case:
    """A question on one fact of the sheet, answered by the value alone."""
    attribute, value = random.choice(sheet.facts)
    return Case(ATTRIBUTES[attribute].short[wording].format(sheet.thing), value, wording, sheet.passage)


def long_case(random: Random, wording: int, sheet: Sheet) -> Case:
    """A question on one fact of the sheet, answered in a sentence."""
    attribute, value = random.choice(sheet.facts)
    question = ATTRIBUTES[attribute].long[wording].format(sheet.thing)
    answer = f"The {sheet.thing} {ATTRIBUTES[attribute].says.format(value)}"
    return Case(question, answer, wording, sheet.passage)


SHEET_FAMILIES = {
    "sheet_short": Family(
        "sheet_short", 3, lambda random, wording: short_case(random, wording, draw_sheet(random))
    ),
    "sheet_long": Family(
        "sheet_long", 2, lambda random, wording: long_case(random, wording, draw_sheet(random))
    ),
}
