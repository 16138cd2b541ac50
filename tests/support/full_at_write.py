"""A disk that is full from the n-th write on, wherever in training that write is."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seedbed_training.learning import checkpoint, model


@contextmanager
def full_at_write(number: int) -> Iterator[Callable[[], bool]]:
    """The `number`-th write, rename or sync, and all later ones, raise ENOSPC; what is yielded says whether one did."""
    calls = itertools.count(1)
    failed = False

    def full(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **more: Any) -> Any:
            nonlocal failed
            if next(calls) >= number:
                failed = True
                raise OSError(errno.ENOSPC, "No space left on device")
            return function(*arguments, **more)

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", full(os.fsync))
        patch.setattr(shutil, "copyfile", full(shutil.copyfile))
        patch.setattr(checkpoint, "save_file", full(checkpoint.save_file))
        patch.setattr(model, "_name_dtype", full(model._name_dtype))
        for name in ("write_text", "rename", "replace", "mkdir"):
            patch.setattr(Path, name, full(getattr(Path, name)))
        yield lambda: failed
