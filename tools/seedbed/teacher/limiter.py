"""How many requests a server may hold at a time: more while it answers, fewer when it says that it is overloaded.

Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain 1989): a state and what answers make of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedbed.teacher.retrying import LONGEST_ASKED

CUT = 0.75  # of what was allowed is left after an overload
ANSWERS_PER_STEP = 25  # answers that earn one more request in flight
PROBE_STEPS = 4  # times as many where an overload was met before: the server is tested there, not trusted
FIRST_PAUSE = (
    0.05  # seconds without new requests after an overload; a rate that nobody uses meanwhile is lost
)
PAUSE_GROWTH = (
    3.0  # times as long after each further one with no answer between: such a server is left in peace
)
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
        """After an answer, whatever it was, to a request that was sent in `round`."""
        overloads = 0 if round == self.round else self.overloads
        if self.allowed == self.ceiling:
            return self if overloads == self.overloads else replace(self, overloads=overloads)
        needed = ANSWERS_PER_STEP * (1 if self.allowed + 1 < self.remembered else PROBE_STEPS)
        if self.answers + 1 < needed:
            return replace(self, answers=self.answers + 1, overloads=overloads)
        allowed = self.allowed + 1
        return replace(
            self, allowed=allowed, remembered=max(self.remembered, allowed), answers=0, overloads=overloads
        )

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

    def pause(self, *, jitter: float, asked: float = 0.0) -> float:
        """Seconds without new requests after an overload; `asked` is the server's own wish, `jitter` is in [0, 1)."""
        backoff = min(LONGEST_PAUSE, FIRST_PAUSE * PAUSE_GROWTH ** min(max(self.overloads - 1, 0), 32))
        return min(max(asked, 0.0), LONGEST_ASKED) + backoff * (1 + jitter) / 2
