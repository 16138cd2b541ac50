"""From a plan to a trained model: every phase in order, from wherever an earlier process got to."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from seedbed import __version__
from seedbed.errors import ConfigurationError, UsageError
from seedbed.generation.release_manifest import PhaseRecord
from seedbed.generation.sample import Sample
from seedbed_training.learning.checkpoint import (
    Position,
    RunIdentity,
    load_checkpoint,
    newest_checkpoint,
    weights_digest,
    write_checkpoint,
)
from seedbed_training.learning.encode import EncodedSample, LeftOut, load_encoder
from seedbed_training.learning.interruption import Interruption, postponed_interruption
from seedbed_training.learning.loop import (
    StepResult,
    fitting_threads,
    is_out_of_memory,
    new_optimizer,
    repeatable,
    train_phase,
)
from seedbed_training.learning.model import (
    Student,
    find_base,
    load_student,
    model_digest,
    save_student,
    tokenizer_digest,
)
from seedbed_training.learning.progress import Progress, Silence, StepReport
from seedbed_training.learning.run_files import Metrics, read_record, sole_user, write_record
from seedbed_training.planning.plan import PhasePlan, TrainingPlan, Why
from seedbed_training.planning.plan_file import plan_digest
from seedbed_training.planning.read_recipe import recipe_digest


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run made: `model` is a folder in the transformers format, `digest` its revision (40 hex digits)."""

    model: Path
    digest: str
    phases: tuple[PhaseRecord, ...]
    identity: RunIdentity  # digests of plan, recipe, tokenizer and base
    left_out: tuple[LeftOut, ...]


def train(
    plan: TrainingPlan,
    samples: Mapping[str, Sample],
    *,
    base: str | Path,
    run_directory: Path,
    progress: Progress | None = None,
) -> TrainingResult:
    """Teach the model `base` what `plan` says; `samples` has every sample of the plan by its id.

    Writes `<run>/model/`, `<run>/checkpoints/`, `<run>/metrics.jsonl` and, last, `<run>/training.json`. A run that was
    killed at any moment goes on from its newest complete checkpoint when called again in the same way, and ends in
    weights that are bit for bit those of an unbroken run (same machine type, number of threads and torch release). A
    run that ended is not run again. Ctrl-C saves a checkpoint first.

    Raises TrainingError when training diverges, ConfigurationError when the base or a sample cannot be trained with,
    UsageError when `run_directory` belongs to another run or is in use, StoreError when it cannot be written.
    """
    progress = progress or Silence()
    if not any(phase.steps for phase in plan.phases):
        raise UsageError(
            f"the plan of {plan.release} has no step to train: no leaf is fresh",
            hint="change or add a leaf and generate its samples; `seedbed status` shows what is fresh",
        )
    folder = find_base(base)
    identity = RunIdentity(
        plan=plan_digest(plan),
        recipe=recipe_digest(plan.recipe),
        tokenizer=tokenizer_digest(folder),
        base=model_digest(folder),
    )
    with sole_user(run_directory), repeatable():
        if finished := _finished(run_directory, identity):
            progress.say(f"{run_directory} is trained already; remove it to train anew")
            return finished
        encoded, left_out = _encode(plan, samples, folder, progress)
        student = load_student(folder)
        _check_context(plan, student)
        run = _Run(plan, identity, encoded, load_encoder(folder).pad_id, student, run_directory, progress)
        with fitting_threads(student.model):
            phases = run.all_phases()
        digest = save_student(student, run_directory / "model")
        result = TrainingResult(run_directory / "model", digest, phases, identity, left_out)
        write_record(run_directory, _record(plan, result, base, student))
        return result


@dataclass(frozen=True, slots=True)
class _Run:
    """One process's part of a run."""

    plan: TrainingPlan
    identity: RunIdentity
    encoded: Mapping[str, EncodedSample]
    pad_id: int
    student: Student
    directory: Path
    progress: Progress

    def all_phases(self) -> tuple[PhaseRecord, ...]:
        """Run what is left of the plan; the records cover all of it."""
        position, optimizer = self._resume()
        metrics = Metrics(
            self.directory,
            phases=[phase.recipe.name for phase in self.plan.phases],
            done=position.order,
        )
        try:
            with postponed_interruption() as interruption:
                while True:
                    if not position.final:
                        position = self._phase(position, optimizer, metrics, interruption)
                    if position.phase_index + 1 == len(self.plan.phases):
                        break
                    position, optimizer = self._next_phase(position), None
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            tokens = self.plan.recipe.micro_batch_tokens
            raise ConfigurationError(
                f"a micro-batch of {tokens} tokens does not fit into memory: {str(error).splitlines()[0]}",
                hint=f"set micro_batch_tokens: {max(1, tokens // 2)} in the recipe, remove {self.directory} and train "
                "again; samples weigh the same however they are cut, but rounding differs, so a run that has begun "
                "keeps the figure it began with",
            ) from error
        finally:
            metrics.close()
        return tuple(
            _phase_record(phase, self.encoded, digest, seconds)
            for phase, digest, seconds in zip(
                self.plan.phases, position.digests, position.seconds, strict=True
            )
        )

    def _resume(self) -> tuple[Position, torch.optim.Optimizer | None]:
        """Where to go on, with the student's weights brought there; the optimiser too in the midst of a phase."""
        found = newest_checkpoint(self.directory / "checkpoints", self.identity, self.progress.say)
        if found is None:
            return self._begin(0, seconds=(), digests=()), None
        path, position = found
        self.progress.say(f"going on from checkpoint {path.name}")
        if position.threads != torch.get_num_threads():
            self.progress.say(
                f"the checkpoint was made with {position.threads} CPU threads, this process has "
                f"{torch.get_num_threads()}: the last bits of the weights may differ from those of an unbroken run"
            )
        optimizer = None if position.final else self._optimizer(position)
        load_checkpoint(path, self.student.model, optimizer)
        return replace(position, threads=torch.get_num_threads()), optimizer

    def _begin(self, index: int, *, seconds: tuple[float, ...], digests: tuple[str, ...]) -> Position:
        phase = self.plan.phases[index]
        begun = Position(
            identity=self.identity,
            seed=self.plan.seed,
            phase_index=index,
            phase=phase.recipe.name,
            step=0,
            steps=len(phase.steps),
            seconds=(*seconds, 0.0),
            digests=digests,
            threads=torch.get_num_threads(),
        )
        return begun if phase.steps else self._ended(begun)  # a phase without steps is over as it begins

    def _next_phase(self, position: Position) -> Position:
        return self._begin(position.phase_index + 1, seconds=position.seconds, digests=position.digests)

    def _ended(self, position: Position) -> Position:
        return replace(position, digests=(*position.digests, weights_digest(self.student.model)))

    def _optimizer(self, position: Position) -> torch.optim.Optimizer:
        phase = self.plan.phases[position.phase_index].recipe
        return new_optimizer(self.student.model, phase, self.plan.recipe)

    def _phase(
        self,
        position: Position,
        optimizer: torch.optim.Optimizer | None,
        metrics: Metrics,
        interruption: Interruption,
    ) -> Position:
        """Run what is left of a phase; checkpoints on the way, and one at its end."""
        phase = self.plan.phases[position.phase_index]
        optimizer = optimizer or self._optimizer(position)
        report = _reporter(position, self.progress)
        for result in train_phase(
            self.student.model,
            optimizer,
            phase,
            self.encoded,
            self.plan.recipe,
            seed=self.plan.seed,
            pad_id=self.pad_id,
            first_step=position.step,
        ):
            spent = position.seconds[-1] + result.seconds
            position = replace(position, step=result.step, seconds=(*position.seconds[:-1], spent))
            metrics.add(position.phase, result)
            report(result)
            if position.final:
                position = self._ended(position)
            due = position.step % self.plan.recipe.checkpoint_steps == 0
            if position.final or due or interruption.signal is not None:
                write_checkpoint(
                    self.directory / "checkpoints",
                    position,
                    self.student.model,
                    None if position.final else optimizer,
                )
            if interruption.signal is not None:
                self.progress.say(
                    f"interrupted at {position.phase}-{position.step}; the same command goes on from there"
                )
                interruption.stop()
        return position


def _reporter(position: Position, progress: Progress) -> Callable[[StepResult], None]:
    """Tells `progress` of each step, with the speed since now and the time that the phase still needs at that speed."""
    began, first_step, tokens = time.monotonic(), position.step, 0

    def report(result: StepResult) -> None:
        nonlocal tokens
        tokens += result.tokens
        elapsed = max(time.monotonic() - began, 1e-9)
        left = elapsed / (result.step - first_step) * (position.steps - result.step)
        progress.step(
            StepReport(
                phase=position.phase,
                step=result.step,
                steps=position.steps,
                loss=result.loss,
                learning_rate=result.learning_rate,
                gradient_norm=result.gradient_norm,
                tokens=result.tokens,
                seconds=result.seconds,
                tokens_per_second=tokens / elapsed,
                seconds_left=left,
            )
        )

    return report


def _encode(
    plan: TrainingPlan, samples: Mapping[str, Sample], folder: Path, progress: Progress
) -> tuple[dict[str, EncodedSample], tuple[LeftOut, ...]]:
    """Every sample that the plan names, as token ids. Raises UsageError if one is missing, altered or held out."""
    planned = {sample.id: sample for phase in plan.phases for sample in phase.samples}
    missing = [sample for identity, sample in planned.items() if identity not in samples]
    if missing:
        raise UsageError(
            f"{len(missing)} samples of the plan are not in the store, the first of them {missing[0].id} "
            f"of {missing[0].leaf}",
            hint="seedbed generate brings them back, or make the plan again",
        )
    wanted = {identity: samples[identity] for identity in planned}
    for identity, sample in wanted.items():
        if sample.held_out:
            raise UsageError(
                f"sample {identity} of {sample.leaf} is held out for evaluation, yet the plan trains on it",
                hint="make the plan again: seedbed plan",
            )
        if sample.id != identity:
            raise UsageError(
                f"sample {identity} of {sample.leaf} is not what the plan was made with: its content gives {sample.id}",
                hint="generate the leaf's samples again, then make the plan again",
            )
    encoded, left_out = load_encoder(folder).encode_all(wanted, max_tokens=plan.recipe.max_tokens)
    for reason in dict.fromkeys(entry.reason for entry in left_out):
        count = sum(entry.reason == reason for entry in left_out)
        progress.say(f"{count} of {len(wanted)} samples are left out: {reason}")
    if not encoded:
        raise UsageError(
            f"not one of the plan's {len(wanted)} samples can be trained on; the first: {left_out[0].reason}",
            hint="raise max_tokens in the recipe, or choose a base whose vocabulary can write the answers",
        )
    other = sum(len(encoded[identity].input_ids) != planned[identity].tokens for identity in encoded)
    if other:
        progress.say(
            f"{other} of {len(encoded)} samples have another length than the plan says: it was made for another "
            "tokenizer, and its shares of replay are not exact"
        )
    return encoded, left_out


def _check_context(plan: TrainingPlan, student: Student) -> None:
    if plan.recipe.max_tokens > student.context:
        raise ConfigurationError(
            f"max_tokens is {plan.recipe.max_tokens} in recipe {plan.recipe.name}, but {student.folder.name} "
            f"reads {student.context} tokens at most",
            hint=f"set max_tokens: {student.context} or less",
        )


def _phase_record(
    phase: PhasePlan, encoded: Mapping[str, EncodedSample], digest: str, seconds: float
) -> PhaseRecord:
    """Tokens are counted as they were trained on, without the samples that were left out."""
    read = [
        (sample.why, len(encoded[sample.id].input_ids) * sample.times)
        for sample in phase.samples
        if sample.id in encoded
    ]
    return PhaseRecord(
        name=phase.recipe.name,
        checkpoint_digest=digest,
        steps=len(phase.steps),
        tokens=sum(tokens for _, tokens in read),
        replay_tokens=sum(tokens for why, tokens in read if why is not Why.FRESH),
        seconds=round(seconds, 3),
    )


def _finished(run_directory: Path, identity: RunIdentity) -> TrainingResult | None:
    """The result of a run that ended here before, if it is this run and its model is still what it was."""
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


def _record(plan: TrainingPlan, result: TrainingResult, base: str | Path, student: Student) -> dict[str, Any]:
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
            "device": str(student.device),
            "threads": torch.get_num_threads(),
        },
    }
