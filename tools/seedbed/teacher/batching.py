"""Which requests are computed together, decided so that no request's answer depends on its companions.

A matrix product may round a row differently when the shape around it changes, and near a tie that changes a token.
So every batch has a shape that follows from each of its requests alone: the prompt is padded to a length bucket, and
a bucket always has the same number of rows, empty ones included. A request then gives the same bits alone, among
others, and after an interruption.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

LENGTH_STEP = 16  # tokens; on average 8 of 70 are padding
PATIENCE = 8  # batches that a request may be overtaken by fuller groups
GATHERING_SECONDS = 0.002  # those just answered ask again before the next batch is put together


class Shape(NamedTuple):
    """What requests must share to share a batch: padded prompt tokens, and the positions that are scored (0: none)."""

    length: int
    scored: int = 0


def padded_length(tokens: int) -> int:
    """The bucket of a prompt: the next multiple of `LENGTH_STEP` that leaves at least one column of padding.

    With padding in every row, a model's attention never takes the path for unpadded batches, which rounds differently.
    """
    return (tokens // LENGTH_STEP + 1) * LENGTH_STEP


def row_count(length: int, *, tokens: int, most: int) -> int:
    """Rows of a batch of padded `length`: a power of two, at most `most`, with at most `tokens` tokens or one row."""
    rows = most
    while rows > 1 and rows * length > tokens:
        rows //= 2
    return rows


def next_shape(waiting: Sequence[tuple[Shape, int]]) -> Shape:
    """The shape to compute next, from each waiting request's (shape, batches waited), the oldest first.

    It is the shape with the most requests, unless the oldest one has been overtaken `PATIENCE` times.
    """
    oldest, waited = waiting[0]
    if waited >= PATIENCE:
        return oldest
    counts = Counter(shape for shape, _ in waiting)
    return max(counts, key=lambda shape: counts[shape])  # the first of equals, hence the oldest


@dataclass(slots=True)
class _Job:
    shape: Shape
    work: Any
    done: asyncio.Future[Any]
    waited: int = 0


class BatchQueue:
    """Collects work from many coroutines and computes it batch by batch in one thread."""

    def __init__(
        self,
        compute: Callable[[Shape, Sequence[Any], int, Callable[[], bool]], Sequence[Any]],
        *,
        tokens: int,
        most: int,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """`compute(shape, work, rows, cancelled)` gives one result per item of `work`, of which there are at most
        `rows`; it asks `cancelled()` now and then and raises CancelledError if so. `prepare` runs once, first, in the
        thread that computes."""
        self._compute = compute
        self._tokens = tokens
        self._most = most
        self._cancelled = threading.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="teacher", initializer=prepare)
        self._waiting: list[_Job] = []
        self._batches: asyncio.Task[None] | None = None

    async def submit(self, shape: Shape, work: Any) -> Any:
        """The result of `work`, computed with whatever of the same shape waits at the time."""
        job = _Job(shape, work, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._batches is None or self._batches.done():
            self._batches = asyncio.create_task(self._run_batches())
        return await job.done

    def close(self) -> None:
        """Stop as soon as the computation asks, and end the thread; work not done is cancelled."""
        self._cancelled.set()
        for job in self._waiting:
            job.done.cancel()
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def _run_batches(self) -> None:
        while True:
            await asyncio.sleep(GATHERING_SECONDS)
            self._waiting = [
                job for job in self._waiting if not job.done.done()
            ]  # without callers that gave up
            if not self._waiting:
                return
            await self._run_batch(*self._next_batch())

    async def _run_batch(self, batch: Sequence[_Job], rows: int) -> None:
        def compute() -> Sequence[Any]:
            return self._compute(batch[0].shape, [job.work for job in batch], rows, self._cancelled.is_set)

        computing = asyncio.get_running_loop().run_in_executor(self._thread, compute)
        try:
            await asyncio.wait({computing})
        except asyncio.CancelledError:
            self._cancelled.set()  # the event loop is ending; the thread must not hold it up
            computing.add_done_callback(_look_at)
            for job in batch:
                job.done.cancel()
            raise
        error = computing.exception()
        for index, job in enumerate(batch):
            if job.done.done():
                continue
            if error is not None:
                job.done.set_exception(error)
            else:
                job.done.set_result(computing.result()[index])

    def _next_batch(self) -> tuple[list[_Job], int]:
        shape = next_shape([(job.shape, job.waited) for job in self._waiting])
        rows = row_count(shape.length, tokens=self._tokens, most=self._most)
        batch = [job for job in self._waiting if job.shape == shape][:rows]
        taken = {id(job) for job in batch}
        self._waiting = [job for job in self._waiting if id(job) not in taken]
        for job in self._waiting:
            job.waited += 1
        return batch, rows


def _look_at(computing: asyncio.Future[Any]) -> None:
    """Take the outcome of a computation that nobody waits for any more: asyncio reports one that nobody looked at."""
    if not computing.cancelled():
        computing.exception()
