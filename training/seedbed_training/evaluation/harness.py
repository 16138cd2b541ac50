"""One task of lm-evaluation-harness on a saved model, in a process of its own."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from seedbed.errors import MissingExtraError, TrainingError, UsageError
from seedbed_training.evaluation.standard_benchmarks import BenchmarkScore, BenchmarkTask, read_results

_SHOWN = 8  # last lines of what the harness said, when it fails
_KEPT = 16_384  # bytes of it

Hear = Callable[[str], None]
"""Told what the harness says as it says it: lines, and bars that draw themselves anew after a carriage return."""


def harness_version() -> str:
    """`lm-evaluation-harness 0.4.13`. Raises MissingExtraError when it is not installed."""
    if importlib.util.find_spec("lm_eval") is None:
        raise MissingExtraError("standard benchmarks", "evaluate", "lm-eval")
    return f"lm-evaluation-harness {importlib.metadata.version('lm-eval')}"


def run_task(
    model: Path,
    task: BenchmarkTask,
    *,
    include: Path | None = None,
    limit: int | None = None,
    hear: Hear = lambda text: None,
) -> BenchmarkScore:
    """Score the model in `model`; `include` is a folder with tasks of one's own, `limit` caps the cases, for a trial.

    Data sets come from the hub or, offline, from its cache. Raises MissingExtraError, UsageError for a folder whose
    name the harness would read as several settings, TrainingError with the harness's last words when it fails.
    """
    harness_version()
    if "," in str(model):
        raise UsageError(
            f"lm-evaluation-harness reads the comma in {model} as the end of the name",
            hint="move the repository to a folder without one",
        )
    with tempfile.TemporaryDirectory(prefix="seedbed-benchmark-") as folder:
        command = [
            *(sys.executable, "-m", "lm_eval", "run", "--model", "hf"),
            *("--model_args", f"pretrained={model},dtype={_dtype()}", "--tasks", task.name),
            *("--device", _device(), "--output_path", folder, "--batch_size", "8", "--seed", "0"),
            *(("--num_fewshot", str(task.shots)) if task.shots is not None else ()),
            *(("--include_path", str(include)) if include is not None else ()),
            *(("--limit", str(limit)) if limit is not None else ()),
        ]
        exit_code, last = _run(command, hear)
        written = sorted(Path(folder).rglob("results_*.json"))
        if exit_code != 0 or not written:
            raise TrainingError(
                f"lm-evaluation-harness could not run {task.name} (exit {exit_code}):\n{last}",
                hint="`lm_eval ls tasks` lists the tasks; data sets need a network or a filled cache",
            )
        return read_results(json.loads(written[-1].read_text(encoding="utf-8")), task)


def _run(command: Sequence[str], hear: Hear) -> tuple[int, str]:
    """The exit code, and the last lines of what it said."""
    last = b""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0) as process:
        assert process.stdout is not None
        while block := process.stdout.read(4096):
            hear(block.decode("utf-8", "replace"))
            last = (last + block)[-_KEPT:]
    lines = last.decode("utf-8", "replace").strip().splitlines()
    return process.returncode, "\n".join(lines[-_SHOWN:])


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _dtype() -> str:
    return "bfloat16" if _device() == "cuda" else "float32"
