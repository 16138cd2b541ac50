"""Requests without an answer that could be used: how many of each cause, and what was said of one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from seedbed.teacher.teacher import Completion, FinishReason

UNTOLD = "cause not recorded"  # of answers from before causes were


@dataclass(frozen=True, slots=True)
class Trouble:
    """One cause (see `teacher.Cause`), and what the first answer of that kind said in full."""

    cause: str
    requests: int
    example: str


def cause_of(completion: Completion) -> str | None:
    """Why an answer is none; None when it is one, be it cut off or empty."""
    if completion.finish_reason not in (FinishReason.FAILED, FinishReason.REFUSED):
        return None
    return completion.cause or UNTOLD


class Troubles:
    """What went wrong in a run, tallied answer by answer."""

    def __init__(self, completions: Iterable[Completion] = ()) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        for completion in completions:
            self.add(completion)

    def add(self, completion: Completion) -> None:
        """Count one answer, if it is none."""
        cause = cause_of(completion)
        if cause is not None:
            self._counts[cause] += 1
            self._examples.setdefault(cause, completion.detail)

    def commonest(self) -> tuple[Trouble, ...]:
        """Every cause, that of the most requests first."""
        ordered = sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(Trouble(cause, requests, self._examples[cause]) for cause, requests in ordered)
