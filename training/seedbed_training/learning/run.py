"""One run of a plan: every phase in order, from wherever an earlier process got to, with checkpoints on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

import torch

from seedbed.errors import ConfigurationError
from seedbed_training.learning.checkpoint import (
    Position,
    RunIdentity,
    load_checkpoint,
    newest_checkpoint,
    weights_digest,
    write_checkpoint,
)
from seedbed_training.learning.interruption import Interruption, postponed_interruption
from seedbed_training.learning.loop import StepResult, new_optimizer, train_phase
from seedbed_training.learning.loss import Batching
from seedbed_training.learning.progress import Progress, StepReport
from seedbed_training.learning.run_files import Metrics
from seedbed_training.learning.step_samples import StepSamples
from seedbed_training.learning.trackers import Tracker, open_trackers
from seedbed_training.learning.world import World
from seedbed_training.planning.plan import TrainingPlan

Tally = TypeVar("Tally", int, float)


@dataclass(frozen=True, slots=True)
class Run:
    """One process's part of a run."""

    plan: TrainingPlan
    identity: RunIdentity
    samples: StepSamples
    batching: Batching
    model: Any
    directory: Path
    progress: Progress
    world: World
    trackers: Sequence[str] = ()

    def all_phases(self) -> Position:
        """Run what is left of the plan; the position at its end tells of all of it."""
        position, optimizer = self._resume()
        metrics = self._metrics(position)
        recipe = self.plan.recipe
        try:
            with (
                postponed_interruption() as interruption,
                open_trackers(
                    self.trackers,
                    self.directory,
                    run=f"{self.plan.release}-{self.identity.plan[:12]}",
                    done=self._steps_before(position.phase_index) + position.step,
                    settings={"release": self.plan.release, "recipe": recipe.name, "seed": self.plan.seed},
                ) as trackers,
            ):
                listeners = (_to_trackers(trackers, self._steps_before),)
                while True:
                    if not position.final:
                        position = self._phase(position, optimizer, metrics, interruption, listeners)
                    if position.phase_index + 1 == len(self.plan.phases):
                        return position
                    position, optimizer = self._next_phase(position), None
        except RuntimeError as error:
            if type(error).__module__.startswith(("torch._inductor", "torch._dynamo")):
                raise ConfigurationError(
                    f"the model's layers cannot be compiled on this machine: {str(error).splitlines()[0]}",
                    hint=f"install a C++ compiler, or name one in CXX; or remove {self.directory}, and set compile: false in the recipe",
                ) from error
            if not is_out_of_memory(error):
                raise
            tokens = recipe.micro_batch_tokens
            raise ConfigurationError(
                f"a micro-batch of {tokens} tokens does not fit into memory: {str(error).splitlines()[0]}",
                hint=f"set micro_batch_tokens: {max(1, tokens // 2)} in the recipe, remove {self.directory} and train "
                "again; samples weigh the same however they are cut, but rounding differs, so a run that has begun "
                "keeps the figure it began with",
            ) from error
        finally:
            if metrics is not None:
                metrics.close()

    def _candidates(self, position: Position) -> int:
        """How many checkpoints of this phase its end is chosen from."""
        return self.plan.recipe.candidates if position.phase_index == self.plan.last_trained else 1

    def _metrics(self, position: Position) -> Metrics | None:
        if not self.world.first:
            return None
        phases = [phase.recipe.name for phase in self.plan.phases]
        return Metrics(self.directory, phases=phases, done=position.order)

    def _steps_before(self, phase_index: int) -> int:
        return list(accumulate((len(phase.steps) for phase in self.plan.phases), initial=0))[phase_index]

    def _resume(self) -> tuple[Position, torch.optim.Optimizer | None]:
        """Where to go on, with the student's weights brought there; the optimiser too in the midst of a phase."""
        found = None
        if self.world.first:
            found = newest_checkpoint(self.directory / "checkpoints", self.identity, self.progress.say)
        found = self.world.from_first(found)
        if found is None:
            return self._begin(0), None
        path, position = found
        self.progress.say(f"going on from checkpoint {path.name}")
        self._tell_of_rounding(position)
        self.samples.leave_out(position.left_out)
        optimizer = None if position.final else self._optimizer(position)
        load_checkpoint(path, self.model, optimizer)
        return replace(position, threads=torch.get_num_threads(), ranks=self.world.size), optimizer

    def _tell_of_rounding(self, position: Position) -> None:
        here = torch.get_num_threads(), self.world.size
        if (position.threads, position.ranks) != here:
            self.progress.say(
                f"the checkpoint was made with {position.threads} CPU threads in {position.ranks} processes, here are "
                f"{here[0]} in {here[1]}: the last bits of the weights may differ from those of an unbroken run"
            )

    def _begin(self, index: int, before: Position | None = None) -> Position:
        phase = self.plan.phases[index]
        begun = Position(
            identity=self.identity,
            seed=self.plan.seed,
            phase_index=index,
            phase=phase.recipe.name,
            step=0,
            steps=len(phase.steps),
            seconds=(*(before.seconds if before else ()), 0.0),
            digests=before.digests if before else (),
            threads=torch.get_num_threads(),
            ranks=self.world.size,
            tokens=(*(before.tokens if before else ()), 0),
            replay_tokens=(*(before.replay_tokens if before else ()), 0),
            left_out=before.left_out if before else (),
        )
        return begun if phase.steps else self._ended(begun)  # a phase without steps is over as it begins

    def _next_phase(self, position: Position) -> Position:
        return self._begin(position.phase_index + 1, position)

    def _ended(self, position: Position) -> Position:
        return replace(position, digests=(*position.digests, weights_digest(self.model, self.world)))

    def _optimizer(self, position: Position) -> torch.optim.Optimizer:
        phase = self.plan.phases[position.phase_index].recipe
        return new_optimizer(self.model, phase, self.plan.recipe)

    def _phase(
        self,
        position: Position,
        optimizer: torch.optim.Optimizer | None,
        metrics: Metrics | None,
        interruption: Interruption,
        listeners: Sequence[Callable[[Position, StepResult], None]],
    ) -> Position:
        """Run what is left of a phase; checkpoints on the way, and one at its end."""
        phase = self.plan.phases[position.phase_index]
        optimizer = optimizer or self._optimizer(position)
        report = _reporter(position, self.progress)
        for result in train_phase(
            self.model,
            optimizer,
            phase,
            self.samples.reader(position.phase_index, position.step),
            self.plan.recipe,
            self.batching,
            seed=self.plan.seed,
            first_step=position.step,
            losses=self.world.from_first(metrics.losses(position.phase) if metrics else None),
            world=self.world,
        ):
            position = _after(position, result, self.samples)
            if metrics is not None:
                metrics.add(position.phase, result)
                for listener in listeners:
                    listener(position, result)
            report(result)
            if position.final:
                position = self._ended(position)
            stop = self.world.sums([float(interruption.signal is not None)])[0] > 0
            if position.final or stop or position.step % self.plan.recipe.checkpoint_steps == 0:
                write_checkpoint(
                    self.directory / "checkpoints",
                    position,
                    self.model,
                    None if position.final else optimizer,
                    self.world,
                    kept=self._candidates(position),
                )
            if stop:
                self.progress.say(
                    f"interrupted at {position.phase}-{position.step}; the same command goes on from there"
                )
                interruption.stop()
        return position


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an accelerator's or the CPU's allocator gave up; for the CPU's, torch has no class of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _after(position: Position, result: StepResult, samples: StepSamples) -> Position:
    return replace(
        position,
        step=result.step,
        seconds=_plus(position.seconds, result.seconds),
        tokens=_plus(position.tokens, result.tokens),
        replay_tokens=_plus(position.replay_tokens, result.replay_tokens),
        left_out=samples.left_out,
    )


def _plus(tallies: tuple[Tally, ...], more: Tally) -> tuple[Tally, ...]:
    """The tallies by phase, with `more` added to the newest."""
    *before, newest = tallies
    return (*before, newest + more)


def _to_trackers(
    trackers: Sequence[Tracker], steps_before: Callable[[int], int]
) -> Callable[[Position, StepResult], None]:
    def log(position: Position, result: StepResult) -> None:
        values = {
            "loss": result.loss,
            "learning_rate": result.learning_rate,
            "gradient_norm": result.gradient_norm,
            "tokens": result.tokens,
            "replay_tokens": result.replay_tokens,
            "tokens_per_second": result.tokens / max(result.seconds, 1e-9),
            "phase": position.phase_index,
        }
        for tracker in trackers:
            tracker.log(values, step=steps_before(position.phase_index) + result.step)

    return log


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
