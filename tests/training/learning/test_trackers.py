"""Metrics go where they are asked to go, and a tracker that is not installed is named with what brings it."""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.tiny_student import tiny_student, toy_plan, toy_samples

from seedbed.errors import MissingExtraError
from seedbed_training.learning.train import train


def run(tmp_path: Path, tracker: str) -> list[dict[str, Any]]:
    """Train five steps over two phases; what metrics.jsonl says of them."""
    samples = toy_samples(6)
    plan = toy_plan((samples, samples), steps=(3, 2))
    base = tiny_student(tmp_path / "base")
    train(plan, samples, base=base, run_directory=tmp_path / "run", trackers=[tracker])
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
