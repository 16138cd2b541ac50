"""How likely each of a closed list of answers was, from the log-probabilities that a server tells with its answer.

A server tells, for each token of its answer, what stood beside it. A choice may be spelt in several ways (`YES`,
`Y` + `ES`), so the ways are summed: every listed token that leaves one choice only gives that choice all its mass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

MASKED = -9999.0
"""What vLLM says of a token that the closed list excludes. No choice is said to be less likely than this."""


def choice_log_probabilities(
    logprobs: object, choices: Sequence[str], answer: str
) -> dict[str, float] | None:
    """The natural log-probability of each choice, summing to 1 over the choices; None when `logprobs` do not tell.

    `logprobs` is the `choices[0].logprobs` of an OpenAI-compatible server, `answer` the choice that was given. Mass that
    is not listed cannot be shared out: a choice that never appears has MASKED.
    """
    mass = dict.fromkeys(choices, 0.0)
    said, reached = "", 0.0  # the answer so far, and how likely it was
    for token, listed in _steps(logprobs):
        for text, log_probability in listed.items():
            if text != token:
                _share(mass, choices, said + text, reached + log_probability)
        ended = said.strip() == answer and not _open(choices, said + token)  # the mark that ends an answer
        said, reached = said if ended else said + token, reached + listed[token]
        if ended or (said.strip() and len(_open(choices, said)) < 2):
            break
    if answer not in _open(choices, said):
        return None  # these are not the tokens of this answer
    mass[answer] += math.exp(reached)
    whole = sum(mass.values())
    if not whole:
        return None
    return {choice: math.log(part / whole) if part else MASKED for choice, part in mass.items()}


def _share(mass: dict[str, float], choices: Sequence[str], text: str, log_probability: float) -> None:
    possible = _open(choices, text)
    if len(possible) == 1:
        mass[possible[0]] += math.exp(log_probability)


def _open(choices: Sequence[str], text: str) -> list[str]:
    """The choices that an answer beginning with `text` may still become. Blanks alone decide nothing."""
    begun, whole = text.lstrip(), text.strip()
    return [choice for choice in choices if begun and (choice.startswith(begun) or choice == whole)]


def _steps(logprobs: object) -> Iterator[tuple[str, dict[str, float]]]:
    """Each token of the answer with the log-probability of every token listed for its place; ends where it is unclear."""
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    for entry in content if isinstance(content, list) else ():
        token = entry.get("token") if isinstance(entry, Mapping) else None
        if not isinstance(token, str):
            return
        beside = entry.get("top_logprobs")
        listed: dict[str, float] = {}
        for other in (entry, *(beside if isinstance(beside, list) else ())):
            text = other.get("token") if isinstance(other, Mapping) else None
            told = other.get("logprob") if isinstance(other, Mapping) else None
            if isinstance(text, str) and isinstance(told, float | int) and -math.inf < told <= 1e-6:
                listed[text] = min(float(told), 0.0)
        if token not in listed:
            return
        yield token, listed
