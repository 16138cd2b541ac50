"""What a person is told of a server that refuses requests: once, with what to do about it."""

from __future__ import annotations

from seedbed.teacher.gate import Gate

WAITED = 10.0  # seconds of nothing but refusals before it is told
AGAIN = 10.0  # times as long until that is told again
CROWDED = 30.0  # seconds for which a server has been asked for less


class OverloadNotices:
    """Looks at a gate after each refusal, and says what is new."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._next_wait = WAITED
        self._crowded_told = self._usual_told = False

    def notice(self, gate: Gate, status: int, deadline: float) -> str | None:
        """A line to be told now, after an HTTP status that says "too much to do"; `deadline` is how many seconds of
        nothing else end the run."""
        waited, limit = gate.overloaded_for, gate.limit
        if waited >= self._next_wait:
            self._next_wait = AGAIN * waited
            return (
                f"warning: the server at {self._address} has said nothing but HTTP {status} for {waited:.0f} s: it is "
                f"overloaded, or still starting. It is waited for, {deadline:g} s at most, and no answer is lost. "
                "Ctrl-C ends the run; the same command goes on with it later"
            )
        if gate.refusals.is_high and not self._usual_told:
            self._usual_told = True
            return (
                f"warning: the server at {self._address} refuses some requests (HTTP {status}) however little it is "
                "asked. They are put again and none is lost; but a part of it may be broken, or others keep it busy"
            )
        if gate.slowed_for >= CROWDED and 2 * limit.allowed <= limit.ceiling and not self._crowded_told:
            self._crowded_told = True
            requests = "1 request" if limit.allowed == 1 else f"{limit.allowed} requests"
            return (
                f"warning: the server at {self._address} has too much to do (HTTP {status}) and is given "
                f"{requests} at a time in place of {limit.ceiling}. To go faster give it more room, or "
                "name further servers in `url`; a `concurrency` that it can bear keeps it from being asked for more"
            )
        return None
