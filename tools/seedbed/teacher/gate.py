"""The way in to one server: requests wait here while it holds as many as it may, or has asked for a pause."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from seedbed.teacher.limiter import Limit
from seedbed.teacher.refusals import Refusals, Trial

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

CUTS = 3  # that leave less than half: if that was no help, a trial says why
RARER = 8  # times as many cuts before the next trial, after one that found nothing new
SETTLED = 2.0  # seconds after the first cut, in which what a server had saved up is spent


@dataclass(slots=True)
class _Episode:
    """What came of cutting since the last trial."""

    since: float
    allowed: int  # before the first cut
    cuts: int = 0
    answers: int = 0
    refusals: int = 0


class Gate:
    """A `Limit` at work. First come, first served; one event loop at a time."""

    def __init__(self, ceiling: int, *, clock: Clock, sleep: Sleep, jitter: random.Random) -> None:
        self.limit = Limit.at_most(ceiling)
        self.refusals = Refusals()
        self.in_flight = 0
        self._uncounted = 0  # requests since the last refusal
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._open_at = float("-inf")
        self._overloaded_since: float | None = None
        self._episode: _Episode | None = None
        self._trial: Trial | None = None
        self._cuts_before_trial = CUTS
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def load(self) -> float:
        """Requests inside and waiting, over what is allowed: below 1 one would go in at once. Infinite in a pause."""
        if self._open_at > self._clock():
            return float("inf")
        return (self.in_flight + len(self._waiting)) / self.limit.allowed

    @property
    def overloaded_for(self) -> float:
        """Seconds since the server began to say nothing but that it is overloaded; 0 when it does not."""
        return 0.0 if self._overloaded_since is None else self._clock() - self._overloaded_since

    @property
    def slowed_for(self) -> float:
        """Seconds since less began to be allowed, for requests that were refused; 0 when all of it is allowed again."""
        return 0.0 if self._episode is None else self._clock() - self._episode.since

    async def enter(self) -> int:
        """Wait for a place and take it; the round to give back with the outcome. Follow it with `leave`."""
        while True:
            pause = self._open_at - self._clock()
            if pause > 0:
                await self._sleep(pause)
            elif self.in_flight < self.limit.allowed:
                self.in_flight += 1
                self._uncounted += 1
                if self._trial is not None:
                    self._open_at = self._clock() + self._trial.interval
                return self.limit.round
            else:
                await self._next_place()

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._call_in()

    def answered(self, round: int) -> None:
        """The server dealt with a request, well or badly."""
        episode = self._episode
        if episode is not None:
            episode.answers += 1
        if not self._tried(round, refused=False):
            self.limit = self.limit.answered(round)
            if episode is not None and self.limit.allowed >= episode.allowed:
                self._episode = None
        if not self.limit.overloads:
            self._overloaded_since = None

    def refused(self, round: int, asked: float = 0.0) -> bool:
        """The server had too much to do for a request and asks for `asked` seconds of peace; whether it is given them.

        Otherwise that request alone should wait: the server refuses some at any load, and asking less would not help.
        """
        now = self._clock()
        if self._overloaded_since is None:
            self._overloaded_since = now
        if self._tried(round, refused=True):
            return False
        if self._episode is not None:
            self._episode.refusals += 1
        if round == self.limit.round:
            self.refusals = self.refusals.after_refusal(self._uncounted, self.limit.allowed)
            self._uncounted = 0
            if self.refusals.alarming or (asked and not self.refusals.is_high):
                self._cut(now)
                self._pause(now, asked)
                self._consider_trial(now)
                return True
        elif not self.refusals.is_high:
            self._pause(now, asked)
            return True
        return False

    def _pause(self, now: float, asked: float) -> None:
        self._open_at = max(self._open_at, now + self.limit.pause(jitter=self._jitter.random(), asked=asked))

    def _cut(self, now: float) -> None:
        if self._episode is None:
            self._episode = _Episode(now, self.limit.allowed)
        self._episode.cuts += 1
        self.limit = self.limit.overloaded(self.limit.round)
        self.refusals, self._uncounted = self.refusals.anew(), 0

    def _consider_trial(self, now: float) -> None:
        """Begin one where cutting was no help, and enough is known of how much the server answers."""
        episode = self._episode
        if episode is None or episode.cuts < self._cuts_before_trial:
            return
        seconds = now - episode.since
        if seconds < SETTLED:
            return
        trial = Trial.after(episode.answers, episode.refusals, seconds, round=self.limit.round + 1, now=now)
        if trial is not None:
            self._trial = trial
            self.limit = self.limit.restored(self.limit.allowed)

    def _tried(self, round: int, *, refused: bool) -> bool:
        """Whether an outcome is dealt with by the trial that goes on."""
        trial, episode = self._trial, self._episode
        if trial is None or episode is None:
            return False
        if round == trial.round:
            self._trial = trial = trial.outcome(refused=refused)
        if trial.is_over(self._clock()):
            found = trial.finds(self.refusals)
            self._trial = self._episode = None
            self._open_at = self._clock()
            self._cuts_before_trial = CUTS if found else RARER * self._cuts_before_trial
            self.refusals, self._uncounted = found or self.refusals.anew(), 0
            if found:
                self.limit = self.limit.restored(episode.allowed)
                self._call_in()
        return True

    async def _next_place(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                with suppress(ValueError):  # passed over already
                    self._waiting.remove(place)
            else:  # called in and cancelled at once: the place is another's
                self._call_in()
            raise

    def _call_in(self) -> None:
        free = self.limit.allowed - self.in_flight
        while free > 0 and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1
