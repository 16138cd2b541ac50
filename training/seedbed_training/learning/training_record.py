"""`training.json`: what a run that ended well was made of, and how to tell that it need not run again."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from seedbed import __version__
from seedbed.generation.release_manifest import PhaseRecord
from seedbed_training.learning.encode import LeftOut
from seedbed_training.learning.model import model_digest
from seedbed_training.learning.position import Position, RunIdentity
from seedbed_training.learning.run_files import read_record
from seedbed_training.learning.world import World
from seedbed_training.planning.plan import TrainingPlan


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run made: `model` is a folder in the transformers format, `digest` its revision (40 hex digits)."""

    model: Path
    digest: str
    phases: tuple[PhaseRecord, ...]
    identity: RunIdentity  # digests of plan, recipe, tokenizer and base
    left_out: tuple[LeftOut, ...]


def phase_records(plan: TrainingPlan, position: Position) -> tuple[PhaseRecord, ...]:
    """What each phase read and cost; tokens are counted as they were trained on."""
    return tuple(
        PhaseRecord(
            name=phase.recipe.name,
            checkpoint_digest=digest,
            steps=len(phase.steps),
            tokens=tokens,
            replay_tokens=replay_tokens,
            seconds=round(seconds, 3),
        )
        for phase, digest, tokens, replay_tokens, seconds in zip(
            plan.phases,
            position.digests,
            position.tokens,
            position.replay_tokens,
            position.seconds,
            strict=True,
        )
    )


def finished(run_directory: Path, identity: RunIdentity) -> TrainingResult | None:
    """The result of a run that ended here before, if it is this run and its model is still what it was.

    Raises UsageError when it is another run.
    """
    record = read_record(run_directory)
    if record is None:
        return None
    identity.refuse_other(RunIdentity(**record["identity"]), directory=run_directory)
    model = run_directory / "model"
    if not model.is_dir() or model_digest(model) != record["model_digest"]:
        return None
    return TrainingResult(
        model=model,
        digest=record["model_digest"],
        phases=tuple(PhaseRecord(**phase) for phase in record["phases"]),
        identity=identity,
        left_out=tuple(LeftOut(**entry) for entry in record["left_out"]),
    )


def made_with(world: World) -> dict[str, str]:
    """What rounds in ways of its own, besides the numbers of threads and processes: device and libraries."""
    import transformers

    if world.device.type == "cuda":
        device = torch.cuda.get_device_name(world.device)
    else:
        device = f"{platform.machine()} ({torch.backends.cpu.get_cpu_capability()})"
    return {"device": device, "torch": torch.__version__, "transformers": transformers.__version__}


def record_of(plan: TrainingPlan, result: TrainingResult, base: str | Path, world: World) -> dict[str, Any]:
    """Everything that made the model, as `training.json` tells it."""
    import transformers

    return {
        "version": 1,
        "release": plan.release,
        "parent": plan.parent,
        "taxonomy_commit": plan.taxonomy_commit,
        "base": str(base),
        "identity": asdict(result.identity),
        "recipe": asdict(plan.recipe),
        "seed": plan.seed,
        "phases": [asdict(phase) for phase in result.phases],
        "left_out": [asdict(entry) for entry in result.left_out],
        "model_digest": result.digest,
        "environment": {
            "seedbed": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "machine": platform.machine(),
            "device": str(world.device),
            "threads": torch.get_num_threads(),
            "processes": world.size,
        },
    }
