from __future__ import annotations

import asyncio
import random

from support.fake_time import FakeTime, SimulatedTime

from seedbed.teacher.gate import Gate


def gate_of(ceiling: int, time: FakeTime) -> Gate:
    return Gate(ceiling, clock=time.now, sleep=time.sleep, jitter=random.Random(0))


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_no_more_enter_than_are_allowed_and_all_get_in_at_last() -> None:
    async def run() -> tuple[int, int]:
        gate, most, done = gate_of(3, FakeTime()), 0, 0

        async def visit() -> None:
            nonlocal most, done
            await gate.enter()
            most = max(most, gate.in_flight)
            await asyncio.sleep(0)
            gate.leave()
            done += 1

        await asyncio.gather(*(visit() for _ in range(50)))
        assert gate.in_flight == 0
        return most, done

    assert asyncio.run(run()) == (3, 50)


def test_those_who_wait_and_give_up_take_nobodys_place() -> None:
    """Cancelled while waiting, and cancelled in the very moment of being called in."""

    async def run() -> int:
        gate = gate_of(1, FakeTime())
        await gate.enter()
        waiting = [asyncio.create_task(gate.enter()) for _ in range(4)]
        await settled()
        waiting[0].cancel()
        await settled()
        gate.leave()  # calls in the second …
        waiting[1].cancel()  # … who gives up
        await settled()
        assert waiting[2].done() and not waiting[3].done()
        gate.leave()
        await settled()
        assert waiting[3].done()
        return gate.in_flight

    assert asyncio.run(run()) == 1


def test_many_give_up_at_the_moment_in_which_a_place_is_free() -> None:
    async def run() -> int:
        gate = gate_of(1, FakeTime())
        await gate.enter()
        waiting = [asyncio.create_task(gate.enter()) for _ in range(5)]
        await settled()
        for task in waiting[:4]:
            task.cancel()
        gate.leave()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [isinstance(one, asyncio.CancelledError) for one in ended] == [True] * 4 + [False]
        return gate.in_flight

    assert asyncio.run(run()) == 1


def test_after_an_overload_nobody_enters_for_as_long_as_was_asked() -> None:
    time = FakeTime()

    async def run() -> None:
        gate = gate_of(4, time)
        round = await gate.enter()
        gate.refused(round, asked=20.0)
        gate.leave()
        began = time.now()
        assert gate.load == float("inf")
        await asyncio.gather(gate.enter(), gate.enter(), gate.enter())
        assert 20.0 < time.now() - began <= 20.5
        assert gate.limit.allowed == 3 and gate.load == 1.0

    asyncio.run(run())


def test_how_long_an_overload_has_lasted_is_forgotten_with_the_first_answer() -> None:
    time = FakeTime()

    async def run() -> None:
        gate = gate_of(4, time)
        gate.refused(0, asked=1.0)
        await time.sleep(30.0)
        gate.refused(1, asked=1.0)
        gate.answered(0)  # sent before the overload: it says nothing about now
        assert gate.overloaded_for == 30.0
        gate.answered(2)
        assert gate.overloaded_for == 0.0

    asyncio.run(run())


def test_a_rate_limit_is_used_nearly_whole() -> None:
    """200 requests a second, of which none is saved for later by more than a second's worth; `Retry-After: 1`."""
    time, rate, wanted = SimulatedTime(), 200.0, 3000
    gate = Gate(64, clock=time.now, sleep=time.sleep, jitter=random.Random(0))
    tokens, filled, answered = rate, 0.0, 0

    async def client() -> None:
        nonlocal answered
        while answered < wanted:
            round = await gate.enter()
            got = take()
            await time.sleep(0.002)
            gate.leave()
            if got:
                answered += 1
                gate.answered(round)
            else:
                gate.refused(round, asked=1.0)

    def take() -> bool:
        nonlocal tokens, filled
        tokens, filled = min(rate, tokens + (time.now() - filled) * rate), time.now()
        if tokens < 1:
            return False
        tokens -= 1
        return True

    async def all_clients() -> None:
        await asyncio.gather(*(client() for _ in range(128)))

    seconds = asyncio.run(time.run(all_clients()))
    assert answered / seconds > 0.9 * rate
