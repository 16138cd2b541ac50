"""From a plan to a trained model, in one process or in as many as torchrun started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError, UsageError
from seedbed.generation.sample import Sample
from seedbed_training.learning.attention import attend_inside_documents
from seedbed_training.learning.encode import load_encoder
from seedbed_training.learning.isolation import check_attention, check_isolation
from seedbed_training.learning.lora import add_adapters
from seedbed_training.learning.loss import Batching, not_in_loss
from seedbed_training.learning.model import (
    Student,
    find_base,
    learned_tensors,
    load_student,
    model_digest,
    model_tensors,
)
from seedbed_training.learning.numerics import fitting_threads, matmul_precision, repeatable
from seedbed_training.learning.position import RunIdentity
from seedbed_training.learning.progress import Progress, Silence
from seedbed_training.learning.run import Run
from seedbed_training.learning.run_files import sole_user, write_record
from seedbed_training.learning.sharding import gathered, layers_of, shard
from seedbed_training.learning.step_samples import StepSamples
from seedbed_training.learning.tokenizer_files import tokenizer_digest
from seedbed_training.learning.training_record import TrainingResult, finished, phase_records, record_of
from seedbed_training.learning.world import World, joined_world
from seedbed_training.learning.written_model import write_model
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.plan_file import plan_digest
from seedbed_training.planning.read_recipe import recipe_digest
from seedbed_training.planning.recipe import TrainingRecipe


def train(
    plan: TrainingPlan,
    samples: Mapping[str, Sample],
    *,
    base: str | Path,
    run_directory: Path,
    progress: Progress | None = None,
    trackers: Sequence[str] = (),
    held: bool = False,
) -> TrainingResult:
    """Teach the model `base` what `plan` says; `samples` has every sample of the plan by its id.

    Writes `<run>/model/`, `<run>/checkpoints/`, `<run>/metrics.jsonl` and, last, `<run>/training.json`; `trackers` take
    the metrics too. A run that was killed at any moment goes on from its newest complete checkpoint when called again
    in the same way, and ends in weights that are bit for bit those of an unbroken run (same machine type, number of
    threads and processes, torch release). A run that ended is not run again. Ctrl-C saves a checkpoint first. `held`
    says that the caller is the directory's `sole_user` already.

    Raises TrainingError when training diverges, ConfigurationError when the base or a sample cannot be trained with,
    UsageError when `run_directory` belongs to another run or is in use, or when the processes were given different
    plans or bases, StoreError when it cannot be written.
    """
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
    with ExitStack() as stack:
        world = stack.enter_context(joined_world())
        _refuse_different(identity, world)
        if world.first and not held:
            stack.enter_context(sole_user(run_directory))
        progress = progress if progress and world.first else Silence()
        stack.enter_context(repeatable())
        if done := world.from_first(finished(run_directory, identity) if world.first else None):
            progress.say(f"{run_directory} is trained already; remove it to train anew")
            return _as_result(done)
        encoder = load_encoder(folder)
        step_samples = StepSamples(plan, samples, encoder, progress.say)
        student = load_student(folder)
        _check_context(plan, student)
        stack.enter_context(fitting_threads(student.model))
        _use_matmul_precision(stack, plan.recipe, world, progress)
        if told := not_in_loss(student.model):
            progress.say(told)
        run = Run(
            plan=plan,
            identity=identity,
            samples=step_samples,
            batching=_batching(plan.recipe, world),
            model=_prepared(student, plan, world),
            directory=run_directory,
            progress=progress,
            world=world,
            trackers=trackers,
        )
        position = run.all_phases()
        step_samples.tell_left_out()
        digest = _save(run.model, student, plan.recipe, run_directory, world)
        result = TrainingResult(
            run_directory / "model", digest, phase_records(plan, position), identity, position.left_out
        )
        if world.first:
            write_record(run_directory, record_of(plan, result, base, world))
        return result


def _refuse_different(identity: RunIdentity, world: World) -> None:
    """In every process the same error: each may see a checkout, a store or a base of its own machine."""
    given = world.from_each(asdict(identity))
    others = [[part for part, digest in one.items() if digest != given[0][part]] for one in given]
    if told := [
        f"process {rank} has another {' and '.join(parts)}" for rank, parts in enumerate(others) if parts
    ]:
        raise UsageError(
            f"the processes were not given the same to train: {', '.join(told)} than process 0",
            hint="start all of them on the same commit, store, recipe and base, with the same options: a folder that all "
            "machines see brings that",
        )


def _as_result(found: Any) -> TrainingResult:
    assert isinstance(found, TrainingResult)
    return found


def _check_context(plan: TrainingPlan, student: Student) -> None:
    if plan.recipe.max_tokens > student.context:
        raise ConfigurationError(
            f"max_tokens is {plan.recipe.max_tokens} in recipe {plan.recipe.name}, but {student.folder.name} "
            f"reads {student.context} tokens at most",
            hint=f"set max_tokens: {student.context} or less",
        )


def _use_matmul_precision(stack: ExitStack, recipe: TrainingRecipe, world: World, progress: Progress) -> None:
    if not stack.enter_context(matmul_precision(recipe.matmul_precision, world.device)):
        progress.say(
            f"matmul_precision {recipe.matmul_precision} would cost accuracy on this device and is not used"
        )


def _batching(recipe: TrainingRecipe, world: World) -> Batching:
    return Batching(
        tokens=recipe.micro_batch_tokens,
        packed=recipe.batching == "packed",
        autocast=_autocast(recipe, world),
    )


def _autocast(recipe: TrainingRecipe, world: World) -> bool:
    """Weights that are cut over processes bring bf16 with them (`sharding.py`); otherwise autocast does."""
    return recipe.precision == "bf16" and world.size == 1


def _prepared(student: Student, plan: TrainingPlan, world: World) -> Any:
    """The student's model as the recipe wants it: adapters, attention, memory, compilation, and its place."""
    model, recipe = student.model, plan.recipe
    if recipe.lora is not None:
        add_adapters(model, recipe.lora, seed=plan.seed)
    if recipe.batching == "packed":
        attend_inside_documents(model)
        check_attention(model, max_tokens=recipe.max_tokens)
    if recipe.activation_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if recipe.compile:
        for layer in layers_of(model):
            layer.compile(dynamic=True)
    if world.size > 1:
        shard(model, world, bf16=recipe.precision == "bf16")
    else:
        model.to(world.device)
    if recipe.batching == "packed":
        check_isolation(model, autocast=_autocast(recipe, world))
    return model


def _save(model: Any, student: Student, recipe: TrainingRecipe, directory: Path, world: World) -> str:
    """Write what was learned under `directory`; the model's digest, in every process."""
    learned = gathered(learned_tensors(model) if recipe.lora else model_tensors(model), world)
    digest = write_model(student, recipe, learned, directory) if world.first else None
    shared = world.from_first(digest)
    assert isinstance(shared, str)
    return shared
