"""Metrics go where they are asked to go, and a tracker that is not installed is named with what brings it."""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.ranks import in_ranks
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_sample, toy_samples

from seedbed.errors import MissingExtraError
from seedbed_training.learning import trackers
from seedbed_training.learning.progress import Silence
from seedbed_training.learning.train import train


def run(tmp_path: Path, tracker: str, progress: Any = None) -> list[dict[str, Any]]:
    """Train five steps over two phases; what metrics.jsonl says of them."""
    samples = toy_samples(6)
    plan = toy_plan((samples, samples), steps=(3, 2))
    base = tiny_student(tmp_path / "base")
    train(plan, samples, base=base, run_directory=tmp_path / "run", progress=progress, trackers=[tracker])
    return [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]


def test_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    lines = run(tmp_path, "tensorboard")
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    losses = events.Scalars("training/loss")
    assert [event.step for event in losses] == [1, 2, 3, 4, 5]
    assert [event.value for event in losses] == pytest.approx([line["loss"] for line in lines])
    assert "training/tokens_per_second" in events.Tags()["scalars"]


def test_wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    lines = run(tmp_path, "wandb")
    (folder,) = (tmp_path / "run" / "wandb").glob("offline-run-*")
    (file,) = folder.glob("*.wandb")
    history = wandb_history(file)
    assert [entry["_step"] for entry in history] == [1, 2, 3, 4, 5]
    assert [entry["training/loss"] for entry in history] == pytest.approx([line["loss"] for line in lines])


def wandb_history(file: Path) -> list[dict[str, Any]]:
    """What was logged, step by step, as W&B itself would send it to its server later."""
    from wandb.proto import wandb_internal_pb2

    history = []
    for data in log_records(file.read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        if record.WhichOneof("record_type") == "history":
            items = record.history.item
            history.append(
                {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
            )
    return history


def log_records(content: bytes) -> Iterator[bytes]:
    """The records of a log in LevelDB's format (blocks of 32 KiB; checksum, length, kind), after W&B's own 7 bytes."""
    place, record = 7, b""
    while place < len(content):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        length, kind = struct.unpack_from("<HB", content, place + 4)
        record += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or its last part
            yield record
            record = b""


def test_mlflow(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    lines = run(tmp_path, "mlflow")
    client = mlflow.MlflowClient(f"sqlite:///{(tmp_path / 'run' / 'mlflow.db').resolve()}")
    (experiment,) = [entry for entry in client.search_experiments() if entry.name == "seedbed"]
    (found,) = client.search_runs([experiment.experiment_id])
    history = client.get_metric_history(found.info.run_id, "loss")
    assert [point.value for point in history] == pytest.approx([line["loss"] for line in lines])
    assert found.data.params["recipe"] == "toy"
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_mlflow_goes_on_with_its_run(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    with pytest.raises(RuntimeError, match="killed"):
        run(tmp_path, "mlflow", Ear(stop_at=4))
    lines = run(tmp_path, "mlflow")
    client = mlflow.MlflowClient(f"sqlite:///{(tmp_path / 'run' / 'mlflow.db').resolve()}")
    (experiment,) = [entry for entry in client.search_experiments() if entry.name == "seedbed"]
    (found,) = client.search_runs([experiment.experiment_id])
    steps = {point.step: point.value for point in client.get_metric_history(found.info.run_id, "loss")}
    assert [steps[step] for step in sorted(steps)] == pytest.approx([line["loss"] for line in lines])


class Ear(Silence):
    def __init__(self, stop_at: int = 0) -> None:
        self.said: list[str] = []
        self._left = stop_at

    def step(self, report: object) -> None:
        self._left -= 1
        if self._left == 0:
            raise RuntimeError("killed")

    def say(self, message: str) -> None:
        self.said.append(message)


@pytest.mark.parametrize(("failing", "logged"), [("open", 0), ("log", 2), ("close", 5)])
def test_one_that_fails_is_told_once_and_ends_no_run(
    failing: str, logged: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values: list[int] = []

    class Faulty:
        def log(self, _: object, *, step: int) -> None:
            if failing == "log" and step == 3:
                raise ConnectionError("502 Bad Gateway")
            values.append(step)

    @contextmanager
    def opened(*_: object) -> Iterator[Faulty]:
        if failing == "open":
            raise ConnectionError("502 Bad Gateway")
        yield Faulty()
        if failing == "close":
            raise ConnectionError("502 Bad Gateway")

    monkeypatch.setitem(trackers._OPEN, "mlflow", opened)
    ear = Ear()
    assert len(run(tmp_path, "mlflow", ear)) == 5
    assert values == list(range(1, logged + 1))
    (told,) = [line for line in ear.said if "mlflow" in line]
    assert "ConnectionError: 502 Bad Gateway" in told
    assert (tmp_path / "run" / "training.json").exists()


def test_several_processes_open_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = tmp_path / "opened"

    @contextmanager
    def noted(*_: object) -> Iterator[Any]:
        with opened.open("a") as file:
            file.write(os.environ["RANK"])
        yield Deaf()

    class Deaf:
        def log(self, _: object, *, step: int) -> None:
            pass

    monkeypatch.setitem(trackers._OPEN, "mlflow", noted)
    samples = toy_samples(6)
    plan, base = toy_plan((samples, samples), steps=(1, 1)), tiny_student(tmp_path / "base")

    def trained() -> bool:
        train(plan, samples, base=base, run_directory=tmp_path / "run", trackers=["mlflow"])
        return True

    in_ranks(2, tmp_path, trained)
    assert opened.read_text() == "0"


def test_a_step_with_nothing_to_train_on_has_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[dict[str, float]] = []

    class Noting:
        def log(self, values: dict[str, float], *, step: int) -> None:
            logged.append(dict(values))

    @contextmanager
    def noted(*_: object) -> Iterator[Noting]:
        yield Noting()

    reports: list[Any] = []

    class Watching(Silence):
        def step(self, report: Any) -> None:
            reports.append(report)

    monkeypatch.setitem(trackers._OPEN, "mlflow", noted)
    long = toy_sample(50, answer=" ".join(["w1"] * 80))
    samples = {long.id: long} | toy_samples(1)
    recipe = toy_recipe(phases=toy_recipe().phases[1:], batch_samples=1)
    train(
        toy_plan((samples,), steps=(2,), recipe=recipe),
        samples,
        base=tiny_student(tmp_path / "base"),
        run_directory=tmp_path / "run",
        progress=Watching(),
        trackers=["mlflow"],
    )
    assert ["loss" in values for values in logged] == [False, True]
    assert reports[0].loss is None
    assert "step 1 of 2, nothing to train on," in str(reports[0])
    assert reports[1].loss > 0


@pytest.mark.parametrize(
    ("tracker", "module"), [("tensorboard", "tensorboard"), ("wandb", "wandb"), ("mlflow", "mlflow")]
)
def test_one_that_is_not_installed(
    tracker: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        name for name in sys.modules if name.partition(".")[0] == module or "utils.tensorboard" in name
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as caught:
        run(tmp_path, tracker)
    assert f"[{tracker}]" in str(caught.value.hint)
