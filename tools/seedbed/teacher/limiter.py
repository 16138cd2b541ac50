"""How many requests a server may hold at a time: more while it answers, fewer when it says that it is overloaded.

Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain 1989): a state and what answers make of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedbed.teacher.retrying import LONGEST_ASKED

CUT = 0.75  # of what was allowed is left after an overload
ANSWERS_PER_STEP = 25  # answers that earn one more request in flight
PROBE_STEPS = 4  # times as many where an overload was met before: the server is tested there, not trusted
TRUSTED = 0.5  # of where an overload was met: up to there every answer earns one more, as in TCP's slow start
FIRST_PAUSE = (
    0.05  # seconds without new requests after an overload; a rate that nobody uses meanwhile is lost
)
PAUSE_GROWTH = (
    3.0  # times as long after each further one with no answer between: such a server is left in peace
)
FIRST_OWN_PAUSE = (
    0.02  # seconds that a request waits by itself which the server refuses as it does some at any load
)
OWN_GROWTH = 2.0  # times as long after each further refusal of a request that waits alone
LONGEST_OWN_PAUSE = 2.0  # seconds, likewise
LONGEST_PAUSE = 30.0  # seconds, unless the server asks for more


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests that one server may hold. 1 <= `allowed` <= `ceiling` always.

    `round` counts the cuts. A request carries the round that it was sent in: forty requests that meet the same
    overload report it forty times, and only the first of them cuts.
    """

    ceiling: int
    allowed: int
    remembered: int  # where overload was last met; `ceiling` while it never was
    round: int = 0
    answers: int = 0  # since `allowed` last changed
    overloads: int = 0  # cuts in a row, without an answer to a later request between them

    @classmethod
    def at_most(cls, ceiling: int) -> Limit:
        """Begin with all that is allowed: a server that wants less says so at once, and nothing is lost by asking."""
        assert ceiling >= 1
        return cls(ceiling, ceiling, ceiling)

    def answered(self, round: int) -> Limit:
        """After an answer, whatever it was, to a request that was sent in `round`.

        One sent before the last cut says nothing of what is allowed now, but that the server is there.
        """
        if round < self.round - 1:
            return self
        if round < self.round or self.allowed == self.ceiling:
            return replace(self, overloads=0) if self.overloads else self
        if self.answers + 1 < self._answers_needed:
            return replace(self, answers=self.answers + 1, overloads=0)
        allowed, remembered = self.allowed + 1, self.remembered
        if allowed > remembered:  # it is not met there any more
            remembered = min(self.ceiling, 2 * allowed)
        return replace(self, allowed=allowed, remembered=remembered, answers=0, overloads=0)

    @property
    def _answers_needed(self) -> int:
        if self.allowed + 1 <= TRUSTED * self.remembered:
            return 1
        return ANSWERS_PER_STEP * (1 if self.allowed + 1 < self.remembered else PROBE_STEPS)

    def overloaded(self, round: int) -> Limit:
        """After the server said of a request sent in `round` that it has too much to do."""
        if round < self.round:
            return self
        return replace(
            self,
            allowed=max(1, int(self.allowed * CUT)),
            remembered=self.remembered if self.overloads else self.allowed,
            round=self.round + 1,
            answers=0,
            overloads=self.overloads + 1,
        )

    def restored(self, allowed: int) -> Limit:
        """With so many allowed again, in a round of its own: the cuts since then were for nothing."""
        assert 1 <= allowed <= self.ceiling
        return Limit(self.ceiling, allowed, max(self.remembered, allowed), self.round + 1)

    def pause(self, *, jitter: float, asked: float = 0.0) -> float:
        """Seconds without new requests after an overload; `asked` is the server's own wish, `jitter` is in [0, 1)."""
        return _pause(FIRST_PAUSE, PAUSE_GROWTH, self.overloads, LONGEST_PAUSE, jitter, asked)


def own_pause(refusals: int, *, jitter: float, asked: float = 0.0) -> float:
    """Seconds that a request waits by itself after being refused so many times, while others go on."""
    return _pause(FIRST_OWN_PAUSE, OWN_GROWTH, refusals, LONGEST_OWN_PAUSE, jitter, asked)


def _pause(first: float, growth: float, times: int, longest: float, jitter: float, asked: float) -> float:
    backoff = min(longest, first * growth ** min(max(times - 1, 0), 32))
    return min(max(asked, 0.0), LONGEST_ASKED) + backoff * (1 + jitter) / 2
