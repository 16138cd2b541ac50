"""Several processes that train together, as torchrun would start them; forked, so that each is there at once."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


def in_ranks(size: int, directory: Path, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `function(*arguments)` returns in each of `size` processes; they meet through a file in `directory`.

    Raises AssertionError with the traceback of the first one that failed.
    """
    meeting = directory / f"meeting-{os.getpid()}-{len(list(directory.iterdir()))}"
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in range(size)]
    processes = [
        context.Process(target=_rank, args=(rank, size, meeting, pipe[1], function, arguments))
        for rank, pipe in enumerate(pipes)
    ]
    for process in processes:
        process.start()
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
    answer: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    import torch
    from torch import distributed

    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
    try:
        if size > 1:
            distributed.init_process_group(
                "gloo", init_method=f"file://{meeting}", rank=rank, world_size=size
            )
        answer.send_bytes(
            pickle.dumps((True, function(*arguments)))
        )  # torch would share tensors by file handles
    except BaseException:  # noqa: BLE001  # told to the test
        answer.send_bytes(pickle.dumps((False, traceback.format_exc())))
    finally:
        os._exit(0)  # what the test process has open is its own
