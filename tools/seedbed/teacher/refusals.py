"""How much a server refuses whatever is asked of it, and whether it refuses more than that now.

One replica in three may be broken, or other people's requests may fill the server: such refusals do not become fewer when
less is asked, and asking less on their account only loses time. A trial tells the two apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

LEAST = 0.02  # share of refusals that any server may show, and nothing is made of
MOST = 0.7  # share above which a server is overloaded, whatever the load: it is left in peace
DEVIATIONS = 2.0  # above what is usual that are no chance
WINDOW = 4  # times as many requests as are allowed at a time are remembered
SHORTEST_WINDOW = 128  # requests
FULL = 0.9  # of the window: enough to say that a server has healed

TRIAL = 60  # outcomes
TRIAL_SECONDS = 120.0  # at most
FEWEST = 20  # answers from which the pace of a server can be told
EXPECTED = 4.0  # refusals that a trial without one would have met by now, if the load were not the cause
CLEAR = 0.05  # a share that a trial can tell from none
PACE = 0.5  # of the answers that came lately: a server that answers so many has room for half


@dataclass(frozen=True, slots=True)
class Refusals:
    """What is usual of one server, and what it made of the requests since the last cut, the later ones weighing more.

    Requests are counted when they are sent, for refusals come sooner than answers.
    """

    usual: float = LEAST  # share refused at any load
    sent: float = 0.0
    refused: float = 0.0

    @property
    def is_high(self) -> bool:
        """Whether a good part is refused at any load."""
        return self.usual > LEAST

    @property
    def alarming(self) -> bool:
        """Whether more is refused than is usual, beyond chance."""
        return self.refused > self.sent * self.usual + DEVIATIONS * self._deviation + 1.0

    def after_refusal(self, requests: int, allowed: int) -> Refusals:
        """After `requests` more were sent, `allowed` at a time, and the server had too much to do for one."""
        window = max(SHORTEST_WINDOW, WINDOW * allowed)
        kept = (1.0 - 1.0 / window) ** requests
        state = Refusals(self.usual, self.sent * kept + window * (1.0 - kept), self.refused * kept)
        if self.is_high and state.sent > FULL * window:
            state = state._healed()
        return replace(state, refused=state.refused + 1.0)

    def anew(self) -> Refusals:
        """After a cut, in a round of its own."""
        return Refusals(self.usual)

    def _healed(self) -> Refusals:
        """With less that is usual, where much less was refused for long."""
        if self.refused + DEVIATIONS * self._deviation >= self.sent * self.usual:
            return self
        share = (self.refused + self._deviation) / self.sent
        return replace(self, usual=share if share >= CLEAR else LEAST)

    @property
    def _deviation(self) -> float:
        return math.sqrt(self.sent * self.usual * (1.0 - self.usual))


@dataclass(frozen=True, slots=True)
class Trial:
    """So little is asked of a server for a while that whatever it refuses then, it would refuse at any load."""

    round: int  # of the requests that belong to it
    interval: float  # seconds from one request to the next
    until: float  # on the gate's clock
    before: float  # share of refusals that gave rise to it
    answers: int = 0
    refusals: int = 0

    @classmethod
    def after(cls, answers: int, refusals: int, seconds: float, *, round: int, now: float) -> Trial | None:
        """A trial of a server that answered and refused so many in so many seconds; None where it would tell nothing."""
        if seconds <= 0 or answers < FEWEST or PACE * answers / seconds * TRIAL_SECONDS < FEWEST:
            return None
        share = refusals / (answers + refusals)
        return cls(round, seconds / (PACE * answers), now + TRIAL_SECONDS, share)

    def outcome(self, *, refused: bool) -> Trial:
        """After the outcome of one of its requests."""
        return replace(self, answers=self.answers + (not refused), refusals=self.refusals + refused)

    def is_over(self, now: float) -> bool:
        """Whether it has told what it can."""
        outcomes = self.answers + self.refusals
        if self.refusals:
            clear = 2 * outcomes >= TRIAL and self.share > MOST
        else:
            clear = outcomes * self.before >= EXPECTED
        return clear or outcomes >= TRIAL or now >= self.until

    @property
    def share(self) -> float:
        """Refusals among the outcomes."""
        return self.refusals / max(1, self.answers + self.refusals)

    def finds(self, known: Refusals) -> Refusals | None:
        """What is usual of the server from now on; None where that is nothing new, or no share to live with."""
        share = self.share
        if self.refusals < 2 or 2 * share < self.before or not known.usual < share <= MOST:
            return None
        error = math.sqrt(share * (1.0 - share) / (self.answers + self.refusals))
        return Refusals(min(MOST, share + DEVIATIONS * error))
