from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.teacher.batching import (
    LENGTH_STEP,
    PATIENCE,
    BatchQueue,
    Shape,
    next_shape,
    padded_length,
    row_count,
)

Batch = tuple[Shape, list[int], int]


@given(st.integers(0, 100_000))
def test_a_prompt_is_padded_by_at_least_one_and_at_most_a_step(tokens: int) -> None:
    assert 1 <= padded_length(tokens) - tokens <= LENGTH_STEP


@given(st.integers(1, 100_000), st.integers(1, 100_000), st.sampled_from([1, 2, 64, 256]))
def test_a_batch_stays_within_its_tokens_or_has_one_row(length: int, tokens: int, most: int) -> None:
    rows = row_count(length, tokens=tokens, most=most)
    assert 1 <= rows <= most
    assert rows == 1 or rows * length <= tokens
    assert rows == most or 2 * rows * length > tokens


def test_the_fullest_shape_goes_first_and_the_oldest_is_not_forgotten() -> None:
    one, two = Shape(16), Shape(32)
    assert next_shape([(one, 0), (two, 0), (two, 0)]) == two
    assert next_shape([(one, 0), (two, 0)]) == one
    assert next_shape([(one, PATIENCE), (two, 0), (two, 0)]) == one


def computed(requests: Sequence[tuple[Shape, int]]) -> tuple[list[int], list[Batch]]:
    """Results of all requests at a time, and the batches that were made."""
    batches: list[Batch] = []

    def compute(shape: Shape, work: Sequence[int], rows: int, cancelled: Callable[[], bool]) -> list[int]:
        batches.append((shape, list(work), rows))
        return [2 * item for item in work]

    async def submit_all() -> list[int]:
        queue = BatchQueue(compute, tokens=64, most=8)
        results = await asyncio.gather(*(queue.submit(shape, item) for shape, item in requests))
        queue.close()
        return results

    return asyncio.run(submit_all()), batches


@given(
    st.lists(
        st.tuples(st.sampled_from([Shape(16), Shape(32), Shape(16, 4)]), st.integers(0, 99)), max_size=30
    )
)
def test_every_request_gets_its_own_result_in_batches_of_one_shape(requests: list[tuple[Shape, int]]) -> None:
    results, batches = computed(requests)
    assert results == [2 * item for _, item in requests]
    assert sorted((shape, item) for shape, work, _ in batches for item in work) == sorted(requests)
    for shape, work, rows in batches:
        assert len(work) <= rows == row_count(shape.length, tokens=64, most=8)


def test_an_exception_reaches_every_caller_of_its_batch_and_no_other() -> None:
    def compute(shape: Shape, work: Sequence[int], rows: int, cancelled: Callable[[], bool]) -> Sequence[int]:
        if shape.scored:
            raise ArithmeticError("no score")
        return work

    async def submit_all() -> list[object]:
        queue = BatchQueue(compute, tokens=64, most=8)
        shapes = [Shape(16), Shape(16, 2), Shape(16, 2), Shape(16)]
        results = await asyncio.gather(*(queue.submit(shape, 7) for shape in shapes), return_exceptions=True)
        queue.close()
        return list(results)

    results = asyncio.run(submit_all())
    assert [type(result) for result in results] == [int, ArithmeticError, ArithmeticError, int]


def test_callers_that_gave_up_are_not_computed() -> None:
    computed_work: list[int] = []

    def compute(shape: Shape, work: Sequence[int], rows: int, cancelled: Callable[[], bool]) -> Sequence[int]:
        computed_work.extend(work)
        return work

    async def give_up() -> None:
        queue = BatchQueue(compute, tokens=64, most=8)
        tasks = [asyncio.create_task(queue.submit(Shape(16), item)) for item in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        queue.close()

    asyncio.run(give_up())
    assert computed_work == [0, 2]


def test_an_interrupted_event_loop_stops_the_computation() -> None:
    """As Ctrl-C does: the loop's tasks are cancelled while the thread computes, and the thread must notice."""
    started = threading.Event()
    noticed = threading.Event()

    def compute(shape: Shape, work: Sequence[int], rows: int, cancelled: Callable[[], bool]) -> Sequence[int]:
        started.set()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if cancelled():
                noticed.set()
                raise CancelledError
            time.sleep(0.005)
        return work

    complaints: list[dict[str, object]] = []

    async def interrupted() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        queue = BatchQueue(compute, tokens=64, most=8)
        waiting = asyncio.create_task(queue.submit(Shape(16), 1))
        await asyncio.to_thread(started.wait, 10)
        batches = queue._batches
        assert batches is not None
        batches.cancel()  # as the end of asyncio.run does
        await asyncio.gather(waiting, batches, return_exceptions=True)
        await asyncio.to_thread(noticed.wait, 5)
        await asyncio.sleep(0.05)  # the computation's outcome arrives

    asyncio.run(interrupted())
    gc.collect()
    assert noticed.is_set()
    assert complaints == [], "an interruption must not be followed by asyncio's complaints"


@pytest.mark.parametrize("module", ["torch", "transformers", "aiohttp", "orjson", "jinja2", "vllm"])
def test_naming_a_teacher_imports_no_model_library(module: str) -> None:
    program = (
        f"import sys, seedbed.teacher.open_teacher, seedbed.teacher.journal; print({module!r} in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
