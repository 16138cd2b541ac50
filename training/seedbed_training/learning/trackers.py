"""Where the metrics of each step go besides `metrics.jsonl`: TensorBoard, Weights & Biases, MLflow; when asked for.

All of them write beside the run, on this machine, unless their own environment variables name a server.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
    names: Sequence[str],
    run_directory: Path,
    *,
    run: str,
    done: int,
    settings: Mapping[str, Any],
    say: Callable[[str], None],
) -> Iterator[Tracker]:
    """The trackers called `names` as one, closed at the end; `run` identifies the run, `done` are its steps so far.

    A tracker that fails, be it as it opens or as it closes, is named to `say` and gets nothing more: no run ends for want
    of one. Raises MissingExtraError for one that is not installed.
    """
    open_ones = _Lasting(say)
    try:
        for name in dict.fromkeys(names):
            open_ones.open(name, _OPEN[name](run_directory, run, done, settings))
        yield open_ones
    finally:
        open_ones.close()


class _Lasting:
    """Several trackers, each for as long as it works."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._open: dict[str, tuple[Tracker, ExitStack]] = {}

    def open(self, name: str, opening: AbstractContextManager[Tracker]) -> None:
        stack = ExitStack()
        try:
            self._open[name] = stack.enter_context(opening), stack
        except MissingExtraError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a tracker's own code or its server does
            self._tell(name, error)

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        for name, (tracker, _) in list(self._open.items()):
            try:
                tracker.log(values, step=step)
            except Exception as error:  # noqa: BLE001  # as above
                self._tell(name, error)
                self._close(name)

    def close(self) -> None:
        for name in list(self._open):
            self._close(name)

    def _close(self, name: str) -> None:
        _, stack = self._open.pop(name)
        try:
            stack.close()
        except Exception as error:  # noqa: BLE001  # as above
            self._tell(name, error)

    def _tell(self, name: str, error: Exception) -> None:
        self._say(
            f"{name} failed and gets no more of this run's metrics ({type(error).__name__}: {error}); metrics.jsonl has "
            "all of them"
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
        with mlflow.start_run(run_name=run, run_id=_begun_before(mlflow, run)):
            mlflow.log_params(dict(settings))
            yield _MLflow(mlflow)
    finally:
        if own:  # mlflow puts it into the environment, where the next run of this process would find it
            mlflow.set_tracking_uri(None)
            os.environ.pop("MLFLOW_TRACKING_URI", None)


def _begun_before(mlflow: Any, run: str) -> str | None:
    """The id that the run got when it began, where it goes on."""
    found = mlflow.search_runs(
        experiment_names=["seedbed"],
        filter_string=f"attributes.run_name = '{run}'",
        order_by=["attributes.start_time ASC"],
        max_results=1,
        output_format="list",
    )
    return str(found[0].info.run_id) if found else None


_OPEN = {"tensorboard": _tensorboard, "wandb": _wandb, "mlflow": _mlflow}
