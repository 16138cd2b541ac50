"""Where the metrics of each step go besides `metrics.jsonl`: TensorBoard, Weights & Biases, MLflow; when asked for.

All of them write beside the run, on this machine, unless their own environment variables name a server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from seedbed.errors import MissingExtraError

TRACKERS = ("tensorboard", "wandb", "mlflow")


class Tracker(Protocol):
    """Takes the figures of one step."""

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        """`step` counts over all phases of the run, from 1."""
        ...


@contextmanager
def open_trackers(
    names: Sequence[str], run_directory: Path, *, run: str, done: int, settings: Mapping[str, Any]
) -> Iterator[tuple[Tracker, ...]]:
    """The trackers called `names`, closed at the end; `run` identifies the run, `done` are its steps so far.

    Raises MissingExtraError for one that is not installed.
    """
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(_OPEN[name](run_directory, run, done, settings))
            for name in dict.fromkeys(names)
        )


class _TensorBoard:
    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"training/{name}", value, step)


@contextmanager
def _tensorboard(directory: Path, run: str, done: int, settings: Mapping[str, Any]) -> Iterator[Tracker]:
    try:
        from torch.utils.tensorboard.writer import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("TensorBoard", "tensorboard", error.name or "tensorboard") from error
    writer: Any = SummaryWriter(str(directory / "tensorboard"), purge_step=done + 1)
    try:
        writer.add_text("settings", "\n".join(f"- {name}: {value}" for name, value in settings.items()))
        yield _TensorBoard(writer)
    finally:
        writer.close()


class _WeightsAndBiases:
    def __init__(self, run: Any) -> None:
        self._run = run

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        self._run.log({f"training/{name}": value for name, value in values.items()}, step=step)


@contextmanager
def _wandb(directory: Path, run: str, done: int, settings: Mapping[str, Any]) -> Iterator[Tracker]:
    try:
        import wandb
    except ImportError as error:
        raise MissingExtraError("Weights & Biases", "wandb", error.name or "wandb") from error
    opened = wandb.init(
        project=os.environ.get("WANDB_PROJECT", "seedbed"),
        dir=str(directory),
        id=run,
        resume="allow",
        mode=os.environ.get("WANDB_MODE", "offline"),
        config=dict(settings),
    )
    try:
        yield _WeightsAndBiases(opened)
    finally:
        opened.finish()


class _MLflow:
    def __init__(self, mlflow: Any) -> None:
        self._mlflow = mlflow

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        self._mlflow.log_metrics(dict(values), step=step)


@contextmanager
def _mlflow(directory: Path, run: str, done: int, settings: Mapping[str, Any]) -> Iterator[Tracker]:
    try:
        import mlflow
    except ImportError as error:
        raise MissingExtraError("MLflow", "mlflow", error.name or "mlflow") from error
    own = "MLFLOW_TRACKING_URI" not in os.environ
    if own:
        mlflow.set_tracking_uri(f"sqlite:///{directory.resolve() / 'mlflow.db'}")
    try:
        mlflow.set_experiment("seedbed")
        with mlflow.start_run(run_name=run):
            mlflow.log_params(dict(settings))
            yield _MLflow(mlflow)
    finally:
        if own:  # mlflow puts it into the environment, where the next run of this process would find it
            mlflow.set_tracking_uri(None)
            os.environ.pop("MLFLOW_TRACKING_URI", None)


_OPEN = {"tensorboard": _tensorboard, "wandb": _wandb, "mlflow": _mlflow}
