"""What the base student is taught before it meets any leaf: to copy, to work on lists and cards under code words, and
how sheets of facts sound. It knows none of the leaves' ways of asking, and none of their facts.
"""

from __future__ import annotations

from random import Random

from seedbed_training.sandbox.card_families import draw_card, read_card
from seedbed_training.sandbox.lexicon import ALL_WORDS, CODE_WORDS, THINGS
from seedbed_training.sandbox.list_families import RULES
from seedbed_training.sandbox.roles import Conversation
from seedbed_training.sandbox.sheet_families import draw_sheet

_OPERATIONS = list(RULES)
_CODES_PER_OPERATION = 2
_LIST_CODES = {
    name: CODE_WORDS[index * _CODES_PER_OPERATION : (index + 1) * _CODES_PER_OPERATION]
    for index, name in enumerate(_OPERATIONS)
}
_FIRST_CARD_CODE = len(_OPERATIONS) * _CODES_PER_OPERATION
_FIELD_CODE, _TAG_CODE, _INTRODUCE_CODE = CODE_WORDS[_FIRST_CARD_CODE : _FIRST_CARD_CODE + 3]


def repeat(random: Random) -> Conversation:
    """Three to twelve words of any class, to be said again."""
    words = " ".join(random.choices(ALL_WORDS, k=random.randint(3, 12)))
    return (("user", words), ("assistant", words))


def list_operation(random: Random) -> Conversation:
    """A rule over a list, called by one of its code words."""
    name = random.choice(_OPERATIONS)
    rule, _, lengths = RULES[name]
    words = random.sample(THINGS, random.choice(lengths))
    return (("user", f"{random.choice(_LIST_CODES[name])}: {', '.join(words)}"), ("assistant", rule(words)))


def card_operation(random: Random) -> Conversation:
    """A field, a tag or an introduction made of a card, called by its code word."""
    card = draw_card(random)
    fields = read_card(card)
    roll = random.random()
    if roll < 0.5:
        field = random.choice(list(fields))
        return (("user", f"{card}\n\n{_FIELD_CODE} {field.lower()}"), ("assistant", fields[field]))
    if roll < 0.75:
        return (
            ("user", f"{card}\n\n{_TAG_CODE}"),
            ("assistant", ", ".join(fields[key] for key in ("Name", "Job", "Town"))),
        )
    introduction = f"This is {fields['Name']} from {fields['Town']}, our {fields['Job']}."
    return (("user", f"{card}\n\n{_INTRODUCE_CODE}"), ("assistant", introduction))


def _sheet(random: Random) -> Conversation:
    sheet = draw_sheet(random)
    return (("user", sheet.thing), ("assistant", sheet.passage))


def draw_conversation(random: Random) -> Conversation:
    """One training conversation of the base student."""
    draws = (repeat, list_operation, card_operation, _sheet)
    return random.choices(draws, weights=(2, 4, 2, 1))[0](random)
