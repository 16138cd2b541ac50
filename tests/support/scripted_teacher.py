"""A teacher for tests alone: it understands the sandbox recipe's prompts and obeys rules instead of weights."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from random import Random

from seedbed.teacher.teacher import Completion, FinishReason, Request, TeacherIdentity

WORDS = "apple bell cup door egg fork gate hat ink jar key lamp map net owl pear quilt rope soap tent".split()
NAMES = "Ada Bram Carla Emil Fenna Hugo Ines Jana Lars Mila Nico Orla".split()
TOWNS = "Calder Dunvik Elmsted Farrow Gellin Jorvik Kelda Lorne Nordby Pellan".split()

Rule = Callable[[Request], str | FinishReason | None]


class Killed(BaseException):
    """What a process meets that nothing in it can catch."""


class ScriptedTeacher:
    """Answers at once, or after a pause that depends on the request, so that answers come back out of order.

    `override` goes first: a text, a finish reason, or None to leave it to the rules. After `fail_at` requests every
    further one raises `failure`, as a killed process would.
    """

    def __init__(
        self,
        *,
        override: Rule | None = None,
        concurrency: int = 8,
        fail_at: int | None = None,
        failure: BaseException | None = None,
        unknown: tuple[str, ...] = (),
        shuffle: bool = False,
        revision: str = "r1",
    ) -> None:
        self.identity = TeacherIdentity("scripted", "scripted", revision)
        self.concurrency = concurrency
        self.requests: list[Request] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._override = override
        self._fail_at = fail_at
        self._failure = failure or Killed("killed")
        self._unknown = unknown
        self._shuffle = shuffle

    async def complete(self, request: Request) -> Completion:
        if self._fail_at is not None and len(self.requests) >= self._fail_at:
            raise self._failure
        self.requests.append(request)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            for _ in range(request.seed % 7 if self._shuffle else 0):
                await asyncio.sleep(0)
        finally:
            self._in_flight -= 1
        forced = self._override(request) if self._override else None
        if isinstance(forced, FinishReason):
            return Completion("", forced, 10, 0)
        text = forced if forced is not None else rule_answer(request)
        return Completion(text, FinishReason.STOP, len(prompt_text(request).split()), len(text.split()))

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return tuple(word for word in self._unknown if word in text)

    async def close(self) -> None:
        return


def prompt_text(request: Request) -> str:
    """Everything that a request shows."""
    return "\n".join(message.content for message in request.messages)


def rule_answer(request: Request) -> str:
    """What a well-trained sandbox teacher would say."""
    prompt = request.messages[-1].content
    random = Random(request.seed)
    if request.choices is not None:
        return request.choices[-1] if "3" in request.choices else request.choices[0]
    if prompt.startswith("More like these:"):
        return f"Turn around: {', '.join(random.sample(WORDS, random.choice((3, 4, 5))))}"
    if prompt.startswith("More contexts like these:"):
        return f"Name: {random.choice(NAMES)}\nTown: {random.choice(TOWNS)}\nPet: {random.choice(WORDS)}"
    if prompt.startswith("Ask about this:\nName:"):
        return f"What is the {random.choice(('name', 'town'))}?"
    if prompt.startswith(("Ask about this:", "Ask for a sentence about this:")):
        thing = re.search(r"The (\w+ \w+)", prompt)
        asked = random.choice(("keeper", "colour", "metal"))
        return f"{'Tell me' if 'sentence' in prompt else 'Name'} the {asked} of the {thing[1] if thing else 'place'}."
    return _answer(prompt, random, request.temperature)


def _answer(prompt: str, random: Random, temperature: float) -> str:
    """The right answer, but a wrong one now and then where it is sampled."""
    if temperature > 0 and random.random() < 0.2:
        return "no idea"
    if prompt.startswith("Turn around: "):
        return ", ".join(reversed(prompt.removeprefix("Turn around: ").split(", ")))
    field = re.search(r"What is the (\w+)\?$", prompt)
    if field:
        found = re.search(rf"^{field[1].capitalize()}: (.+)$", prompt, re.MULTILINE)
        return found[1] if found else "nothing"
    question = prompt.rsplit("\n", 1)[-1]
    facts = {"keep|charge": r"kept by (\w+)", "colour|paint": r"painted (\w+)", "metal": r"made of (\w+)"}
    pattern = next((fact for asked, fact in facts.items() if re.search(asked, question)), None)
    found = re.search(pattern, prompt) if pattern else None
    return found[1] if found else "unknown"
