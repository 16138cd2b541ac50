"""How many questions were asked for, how many became samples, and why the others did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from seedbed.generation.sample import Stage

NAMED_LOSSES = 3


class Loss(StrEnum):
    """Why an attempt gave no sample."""

    EMPTY = "empty"  # the teacher said nothing
    CUT_OFF = "cut off"  # it reached max_tokens
    REFUSED = "refused"  # the server or a filter would not answer this one request
    FAILED = "failed"  # no answer after the retries
    UNPARSABLE = "unparsable"  # not the JSON that was asked for
    QUOTE_NOT_FOUND = "quote not found"  # the supporting quotation does not stand in the passage
    SEED_COPY = "copy of a seed"  # exact or near copy of any of the leaf's seeds, held-out ones included
    REPEATED = "repeated"  # exact or near copy of an earlier question of the same stage (and passage)
    UNFIT_QUESTION = "question judged unfit"
    WRONG = "answer judged wrong"
    UNSAFE = "judged unsafe"  # harm, personal data or profanity
    UNSURE = "verdict unsure"  # good, but less probable than the recipe asks
    NO_PROBABILITY = "verdict without probability"  # the recipe asks for one, the teacher gave none
    UNREADABLE_VERDICT = "verdict unreadable"  # a verdict outside its closed list
    ANSWERS_DIFFER = "second answer differs"
    SURPLUS = "surplus"  # good, but the target was met by earlier attempts


UNUSABLE = (Loss.EMPTY, Loss.CUT_OFF, Loss.FAILED, Loss.REFUSED, Loss.UNREADABLE_VERDICT, Loss.UNPARSABLE)
"""Losses that tell of the teacher, its server and the bounds it is given, not of what it makes of the leaf."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """Counts of one stage of one leaf. `asked` = `kept` + the sum of `lost`; `held_out` are part of `kept`.

    `wanted` is how many the recipe asks for, 0 where it asks for whatever its attempts give. `unanswered` counts the
    requests (not attempts) that got no usable answer by their cause, such as `HTTP 500`: what stands behind `failed` and
    `refused`.
    """

    asked: int = 0
    kept: int = 0
    held_out: int = 0
    lost: Mapping[Loss, int] = field(default_factory=dict)
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    wanted: int = 0
    unanswered: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many samples were wanted and not found, whatever was asked."""
        return max(0, self.wanted - self.kept)

    @property
    def largest_losses(self) -> tuple[tuple[Loss, int], ...]:
        """Why the most attempts gave no sample, the largest first; those that came too late are no loss."""
        lost = [(loss, count) for loss, count in self.lost.items() if loss is not Loss.SURPLUS]
        return tuple(sorted(lost, key=lambda pair: -pair[1])[:NAMED_LOSSES])

    @property
    def causes(self) -> tuple[tuple[str, int], ...]:
        """`unanswered`, the commonest cause first."""
        return tuple(sorted(self.unanswered.items(), key=lambda pair: (-pair[1], pair[0])))

    def __add__(self, other: Funnel) -> Funnel:
        lost = Counter(self.lost) + Counter(other.lost)
        return Funnel(
            self.asked + other.asked,
            self.kept + other.kept,
            self.held_out + other.held_out,
            {loss: lost[loss] for loss in Loss if lost[loss]},
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.wanted + other.wanted,
            dict(Counter(self.unanswered) + Counter(other.unanswered)),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, losses in the order in which they can happen."""
        return {
            "asked": self.asked,
            "kept": self.kept,
            "held_out": self.held_out,
            "lost": {str(loss): self.lost[loss] for loss in Loss if self.lost.get(loss)},
            "requests": self.requests,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "wanted": self.wanted,
            **({"unanswered": dict(sorted(self.unanswered.items()))} if self.unanswered else {}),
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Funnel:
        """Raises KeyError, TypeError or ValueError when `fields` is not what `to_json` writes."""
        lost = {Loss(name): int(count) for name, count in fields["lost"].items()}
        unanswered = {str(cause): int(count) for cause, count in fields.get("unanswered", {}).items()}
        return cls(**{**fields, "lost": lost, "unanswered": unanswered})


def named_causes(funnel: Funnel) -> str:
    """Such as `12 HTTP 500, 1 timed out`; empty where every request was answered."""
    return ", ".join(f"{count:,} {cause}" for cause, count in funnel.causes)


def total(funnels: Iterable[Funnel]) -> Funnel:
    """The sum of funnels."""
    return sum(funnels, Funnel())


Funnels = Mapping[Stage, Funnel]
"""One leaf's funnels by stage."""
