"""Skills without a context: rules over a short list of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from seedbed_training.sandbox.family import Case, Family
from seedbed_training.sandbox.lexicon import COUNTS, THINGS

Rule = Callable[[Sequence[str]], str]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _phrase(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _family(name: str, rule: Rule, wordings: tuple[str, ...], lengths: range) -> Family:
    """`wordings` hold one `{}` each, for the words of the list."""

    def draw(random: Random, wording: int) -> Case:
        words = random.sample(THINGS, random.choice(lengths))
        return Case(wordings[wording].format(_listed(words)), rule(words), wording)

    return Family(name, len(wordings), draw)


RULES: dict[str, tuple[Rule, tuple[str, ...], range]] = {
    "backwards": (
        lambda words: _listed(words[::-1]),
        (
            "Write these words backwards: {}",
            "Reverse the order of these words: {}",
            "List these from last to first: {}",
        ),
        range(3, 6),
    ),
    "last": (
        lambda words: words[-1],
        ("Which word comes last: {}?", "Name the last word: {}", "What is the final word here: {}?"),
        range(3, 6),
    ),
    "second": (
        lambda words: words[1],
        ("Which word comes second: {}?", "Name the second word: {}", "What follows the first word: {}?"),
        range(3, 6),
    ),
    "swap_ends": (
        lambda words: _listed([words[-1], *words[1:-1], words[0]]),
        (
            "Swap the first and the last word: {}",
            "Exchange the two end words: {}",
            "Let the ends change places: {}",
        ),
        range(3, 6),
    ),
    "rotate": (
        lambda words: _listed([*words[1:], words[0]]),
        (
            "Move the first word to the end: {}",
            "Put the first word last: {}",
            "Let the front word go to the back: {}",
        ),
        range(3, 6),
    ),
    "drop_first": (
        lambda words: _listed(words[1:]),
        ("Leave out the first word: {}", "Drop the first word: {}", "Give all but the first word: {}"),
        range(3, 6),
    ),
    "count": (
        lambda words: COUNTS[len(words) - 2],
        ("How many words are there: {}?", "Count these words: {}", "How many things are listed here: {}?"),
        range(2, 8),
    ),
    "bullets": (
        lambda words: "\n".join(f"- {word}" for word in words),
        ("Write this as a list: {}", "Turn these into bullet points: {}", "Make a packing list of these: {}"),
        range(3, 6),
    ),
    "phrase": (
        _phrase,
        (
            "Join these words into a phrase: {}",
            "Write this in one line with and: {}",
            "Read these out as one phrase: {}",
        ),
        range(3, 6),
    ),
    "request": (
        lambda words: f"May I have the {_phrase(words)}, please?",
        (
            "Ask politely for these: {}",
            "Write a polite request for these: {}",
            "Say nicely that I need these: {}",
        ),
        range(2, 5),
    ),
}

LIST_FAMILIES = {name: _family(name, *parts) for name, parts in RULES.items()}
