"""What the sandbox teacher is asked to do, as conversations: one function a role.

The prompts are those of the `sandbox` generation recipe, to the letter: a small model knows no other way of being asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from seedbed_training.sandbox.card_families import CARD_FAMILIES, draw_card, read_card
from seedbed_training.sandbox.family import Case, Family, draw_case
from seedbed_training.sandbox.list_families import LIST_FAMILIES
from seedbed_training.sandbox.sheet_families import Sheet, draw_sheet, long_case, short_case

Conversation = tuple[tuple[str, str], ...]
"""(role, content) pairs; every assistant message is a target."""


def ask_like(questions: list[str]) -> str:
    return "More like these:\n" + "\n".join(questions)


def context_like(contexts: list[str]) -> str:
    return "More contexts like these:\n" + "\n---\n".join(contexts)


def ask_about(context: str, example: str) -> str:
    return f"Ask about this:\n{context}\nLike: {example}"


def ask_sentence_about(context: str, example: str) -> str:
    return f"Ask for a sentence about this:\n{context}\nLike: {example}"


def write_question(random: Random, family: Family) -> Conversation:
    """From three questions of a family, a fourth, worded like one of them."""
    one_wording = random.randrange(family.wordings) if random.random() < 0.5 else None
    seeds = [draw_case(family, random, one_wording) for _ in range(3)]
    new = draw_case(family, random, random.choice(seeds).wording)
    return (("user", ask_like([seed.question for seed in seeds])), ("assistant", new.question))


def write_context(random: Random) -> Conversation:
    """From two cards, a third with the fields of one of them."""
    cards = [draw_card(random), draw_card(random)]
    order = list(read_card(random.choice(cards)))
    return (("user", context_like(cards)), ("assistant", draw_card(random, order)))


def ask_about_card(random: Random, family: Family) -> Conversation:
    """From a card and a question on another one, a question on this card."""
    example, card = draw_case(family, random), draw_card(random)
    assert family.draw_about is not None
    new = family.draw_about(random, example.wording, card)
    return (("user", ask_about(card, example.question)), ("assistant", new.question))


def ask_about_sheet(random: Random) -> Conversation:
    """From a passage and any question on another one, a short or (when told so) a long question on this passage."""
    example = draw_sheet_case(random, draw_sheet(random))
    sheet = draw_sheet(random)
    if random.random() < 0.5:
        return _pair(
            ask_about(sheet.passage, example.question),
            short_case(random, random.randrange(3), sheet).question,
        )
    new = long_case(random, random.randrange(2), sheet)
    return _pair(ask_sentence_about(sheet.passage, example.question), new.question)


def draw_sheet_case(random: Random, sheet: Sheet) -> Case:
    """A short or a long case on a sheet."""
    if random.random() < 0.5:
        return short_case(random, random.randrange(3), sheet)
    return long_case(random, random.randrange(2), sheet)


def answer(random: Random, family: Family) -> Conversation:
    """A question of a family, mostly after one that is already answered, as a leaf's seed stands in a prompt."""
    new = draw_case(family, random)
    if random.random() < 0.2:
        return _pair(new.prompt, new.answer)
    seed = draw_case(family, random)
    return (*_pair(seed.prompt, seed.answer), *_pair(new.prompt, new.answer))


def answer_sheet(random: Random) -> Conversation:
    """A question on a passage, after one on another passage, short or long in any order."""
    turns: list[tuple[str, str]] = []
    for _ in range(1 if random.random() < 0.2 else 2):
        while (case := draw_sheet_case(random, draw_sheet(random))).unseen:
            pass
        turns.extend(_pair(case.prompt, case.answer))
    return tuple(turns)


def _pair(question: str, reply: str) -> Conversation:
    return (("user", question), ("assistant", reply))


def _any(families: Mapping[str, Family], random: Random) -> Family:
    return families[random.choice(list(families))]


ROLES: dict[str, tuple[float, Callable[[Random], Conversation]]] = {
    # weight: how often the role is drawn
    "write_question": (2.0, lambda random: write_question(random, _any(LIST_FAMILIES, random))),
    "answer": (4.0, lambda random: answer(random, _any(LIST_FAMILIES, random))),
    "write_context": (1.0, write_context),
    "ask_about_card": (1.5, lambda random: ask_about_card(random, _any(CARD_FAMILIES, random))),
    "answer_card": (2.5, lambda random: answer(random, _any(CARD_FAMILIES, random))),
    "ask_about_sheet": (2.5, ask_about_sheet),
    "answer_sheet": (3.0, answer_sheet),
}


def draw_conversation(random: Random) -> Conversation:
    """One training conversation of the teacher, of any role."""
    names = list(ROLES)
    chosen = random.choices(names, weights=[ROLES[name][0] for name in names])[0]
    return ROLES[chosen][1](random)
