"""One run of a plan: every phase in order, from wherever an earlier process got to, with checkpoints on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from seedbed.errors import ConfigurationError
from seedbed_training.learning.checkpoint import (
    load_checkpoint,
    newest_checkpoint,
    weights_digest,
    write_checkpoint,
)
from seedbed_training.learning.interruption import Interruption, postponed_interruption
from seedbed_training.learning.loop import StepDropped, StepResult, new_optimizer, train_phase
from seedbed_training.learning.loss import Batching
from seedbed_training.learning.position import Position, RunIdentity, is_regular
from seedbed_training.learning.progress import Progress
from seedbed_training.learning.run_files import Metrics
from seedbed_training.learning.step_reports import reporter, tracked_values
from seedbed_training.learning.step_samples import StepSamples
from seedbed_training.learning.trackers import Tracker, open_trackers
from seedbed_training.learning.training_record import made_with
from seedbed_training.learning.world import World
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.recipe import TrainingRecipe

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
        try:
            with postponed_interruption() as interruption:
                with self._trackers(position) as tracker, _explained(self.plan.recipe, self.directory):
                    while not self._over(position):
                        if position.final:
                            position, optimizer = self._next_phase(position), None
                        else:
                            position = self._phase(position, optimizer, metrics, interruption, tracker)
                if self.world.any(interruption.signal is not None):  # during the last checkpoint
                    self._stop(position, interruption)
            return position
        finally:
            if metrics is not None:
                metrics.close()

    def _over(self, position: Position) -> bool:
        return position.final and position.phase_index + 1 == len(self.plan.phases)

    def _trackers(self, position: Position) -> AbstractContextManager[Tracker]:
        return open_trackers(
            self.trackers if self.world.first else (),
            self.directory,
            run=f"{self.plan.release}-{self.identity.plan[:12]}",
            done=self._steps_done(position),
            settings={
                "release": self.plan.release,
                "recipe": self.plan.recipe.name,
                "seed": self.plan.seed,
            },
            say=self.progress.say,
        )

    def _candidates(self, position: Position) -> int:
        """How many checkpoints of this phase its end is chosen from."""
        return self.plan.recipe.candidates if position.phase_index == self.plan.last_trained else 1

    def _metrics(self, position: Position) -> Metrics | None:
        if not self.world.first:
            return None
        phases = [phase.recipe.name for phase in self.plan.phases]
        return Metrics(
            self.directory,
            phases=phases,
            done=position.order,
            steps=self._steps_done(position),
            say=self.progress.say,
        )

    def _steps_done(self, position: Position) -> int:
        """Of the whole run."""
        return sum(len(phase.steps) for phase in self.plan.phases[: position.phase_index]) + position.step

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
        return replace(position, **self._here()), optimizer

    def _here(self) -> dict[str, Any]:
        """What a position tells of the machine."""
        return {
            "threads": torch.get_num_threads(),
            "ranks": self.world.size,
            "made_with": made_with(self.world),
        }

    def _tell_of_rounding(self, position: Position) -> None:
        there, here = _roundings(position), _roundings(replace(position, **self._here()))
        if different := [name for name, value in there.items() if value != here.get(name, value)]:
            self.progress.say(
                f"the checkpoint was made with {', '.join(f'{name} {there[name]}' for name in different)}, here: "
                f"{', '.join(f'{name} {here[name]}' for name in different)}; the last bits of the weights may differ "
                "from those of an unbroken run"
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
            **self._here(),
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
        tracker: Tracker,
    ) -> Position:
        """Run what is left of a phase; checkpoints on the way, and one at its end."""
        phase, every = self.plan.phases[position.phase_index], self.plan.recipe.checkpoint_steps
        optimizer = optimizer or self._optimizer(position)
        report = reporter(position, self.progress)
        saved = position
        try:
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
                stop=lambda: interruption.signal is not None,
            ):
                position = _after(position, result, self.samples)
                if metrics is not None:
                    metrics.add(position.phase, result)
                tracker.log(tracked_values(position, result), step=self._steps_done(position))
                report(result)
                if position.final:
                    position = self._ended(position)
                stop = self.world.any(interruption.signal is not None)
                if stop or is_regular(position, every=every):
                    saved = self._saved(position, optimizer, metrics)
                if stop:
                    self._stop(position, interruption)
        except StepDropped:
            if position is not saved:
                self._saved(position, optimizer, metrics)
            self._stop(position, interruption)
        return position

    def _saved(
        self, position: Position, optimizer: torch.optim.Optimizer, metrics: Metrics | None
    ) -> Position:
        """Write a checkpoint; the position again."""
        if metrics is not None:
            metrics.sync()
        write_checkpoint(
            self.directory / "checkpoints",
            position,
            self.model,
            None if position.final else optimizer,
            self.world,
            kept=self._candidates(position),
            every=self.plan.recipe.checkpoint_steps,
        )
        return position

    def _stop(self, position: Position, interruption: Interruption) -> None:
        self.progress.say(f"interrupted at {position.name}; the same command goes on from there")
        interruption.stop()


def _roundings(position: Position) -> dict[str, str]:
    """What the last bits of the weights go by, in words; of the libraries those that both sides know."""
    return {"threads": str(position.threads), "processes": str(position.ranks), **position.made_with}


@contextmanager
def _explained(recipe: TrainingRecipe, directory: Path) -> Iterator[None]:
    """Failures of torch that a person can do something about, in words."""
    try:
        yield
    except RuntimeError as error:
        if type(error).__module__.startswith(("torch._inductor", "torch._dynamo")):
            raise ConfigurationError(
                f"the model's layers cannot be compiled on this machine: {str(error).splitlines()[0]}",
                hint=f"install a C++ compiler, or name one in CXX; or remove {directory}, and set compile: false in the recipe",
            ) from error
        if not is_out_of_memory(error):
            raise
        tokens = recipe.micro_batch_tokens
        raise ConfigurationError(
            f"a micro-batch of {tokens} tokens does not fit into memory: {str(error).splitlines()[0]}",
            hint=f"set micro_batch_tokens: {max(1, tokens // 2)} in the recipe, remove {directory} and train "
            "again; samples weigh the same however they are cut, but rounding differs, so a run that has begun "
            "keeps the figure it began with",
        ) from error


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
