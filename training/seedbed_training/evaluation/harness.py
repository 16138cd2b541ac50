"""One task of lm-evaluation-harness on a saved model, in a process of its own."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from seedbed.errors import MissingExtraError, TrainingError
from seedbed_training.evaluation.standard_benchmarks import BenchmarkScore, BenchmarkTask, read_results

_SHOWN = 8  # last lines of what the harness said, when it fails


def harness_version() -> str:
    """`lm-evaluation-harness 0.4.13`. Raises MissingExtraError when it is not installed."""
    if importlib.util.find_spec("lm_eval") is None:
        raise MissingExtraError("standard benchmarks", "evaluate", "lm-eval")
    return f"lm-evaluation-harness {importlib.metadata.version('lm-eval')}"


def run_task(
    model: Path, task: BenchmarkTask, *, include: Path | None = None, limit: int | None = None
) -> BenchmarkScore:
    """Score the model in `model`; `include` is a folder with tasks of one's own, `limit` caps the cases, for a trial.

    The harness's own progress goes to standard error. Data sets come from the hub or, offline, from its cache. Raises
    MissingExtraError, or TrainingError with the harness's last words when it fails.
    """
    harness_version()
    with tempfile.TemporaryDirectory(prefix="seedbed-benchmark-") as folder:
        command = [
            *(sys.executable, "-m", "lm_eval", "run", "--model", "hf"),
            *("--model_args", f"pretrained={model},dtype={_dtype()}", "--tasks", task.name),
            *("--device", _device(), "--output_path", folder, "--batch_size", "8", "--seed", "0"),
            *(("--num_fewshot", str(task.shots)) if task.shots is not None else ()),
            *(("--include_path", str(include)) if include is not None else ()),
            *(("--limit", str(limit)) if limit is not None else ()),
        ]
        said = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        written = sorted(Path(folder).rglob("results_*.json"))
        if said.returncode != 0 or not written:
            last = "\n".join(said.stdout.strip().splitlines()[-_SHOWN:])
            raise TrainingError(
                f"lm-evaluation-harness could not run {task.name} (exit {said.returncode}):\n{last}",
                hint="`lm_eval ls tasks` lists the tasks; data sets need a network or a filled cache",
            )
        return read_results(json.loads(written[-1].read_text(encoding="utf-8")), task)


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _dtype() -> str:
    return "bfloat16" if _device() == "cuda" else "float32"
