"""Several processes that train together, as torchrun would start them; forked, so that each is there at once."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import tempfile
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any


def start_ranks(
    size: int,
    directory: Path,
    function: Callable[..., Any],
    *arguments: Any,
    answers: Sequence[Connection | None] = (),
) -> list[ForkProcess]:
    """`size` processes that have begun with `function(*arguments)`; they meet through a file in `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    meeting = Path(tempfile.mkdtemp(prefix=".meeting-", dir=directory)) / "file"
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=_rank, args=(rank, size, meeting, answer, function, arguments))
        for rank, answer in enumerate(answers or [None] * size)
    ]
    for process in processes:
        process.start()
    return processes


def in_ranks(size: int, directory: Path, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `function(*arguments)` returns in each of `size` processes; they meet through a file in `directory`.

    Raises AssertionError with the traceback of the first one that failed.
    """
    pipes = [multiprocessing.get_context("fork").Pipe(duplex=False) for _ in range(size)]
    processes = start_ranks(size, directory, function, *arguments, answers=[sender for _, sender in pipes])
    try:
        results = [
            pickle.loads(receiver.recv_bytes()) if receiver.poll(120) else (False, "no answer")
            for receiver, _ in pipes
        ]
    finally:
        for process in processes:
            process.join(10)
            process.kill()
    for fine, result in results:
        assert fine, result
    return [result for _, result in results]


def _rank(
    rank: int,
    size: int,
    meeting: Path,
    answer: Connection | None,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    import torch
    from torch import distributed

    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
    fine = False
    try:
        if size > 1:
            distributed.init_process_group(
                "gloo", init_method=f"file://{meeting}", rank=rank, world_size=size
            )
        result = function(*arguments)
        fine = True
    except BaseException:  # noqa: BLE001  # told to the test
        result = traceback.format_exc()
        print(result, flush=True)
    finally:
        if answer is not None:  # torch would share tensors by file handles
            answer.send_bytes(pickle.dumps((fine, result)))
        os._exit(0 if fine else 1)  # what the test process has open is its own
