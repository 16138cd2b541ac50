"""`--dry-run`: prove that a recipe's model builds, and say what training it takes, without a weight or a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seedbed.errors import ConfigurationError
from seedbed_training.learning.meta_model import build_on_meta, find_shape
from seedbed_training.planning.memory import (
    GIBIBYTE,
    GPU_COUNTS,
    ModelShape,
    fewest_gpus,
    memory_terms,
)
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.recipe import TrainingRecipe

ASSUMED_SAMPLE_TOKENS = 512
"""Mean length of a sample where there are none to count; LAB does not give it."""


@dataclass(frozen=True, slots=True)
class PhaseSize:
    """What one phase reads; `seen` counts a sample as often as it is shown."""

    name: str
    seen: int
    steps: int
    tokens: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """Everything a dry run found."""

    recipe: TrainingRecipe
    shape: ModelShape
    phases: tuple[PhaseSize, ...]
    source: str  # where the counts come from, in words
    gpus: int
    gibibytes: float


def dry_run(
    recipe: TrainingRecipe,
    *,
    plan: TrainingPlan | None = None,
    gpus: int = 8,
    gibibytes: float = 80.0,
    sample_tokens: int = ASSUMED_SAMPLE_TOKENS,
) -> DryRun:
    """Build the recipe's model on the meta device and count what it would train: `plan`, or the published run.

    Raises ConfigurationError when the model cannot be built or reads fewer tokens than `max_tokens`.
    """
    shape = build_on_meta(find_shape(recipe.base_model), name=recipe.base_model)
    if recipe.max_tokens > shape.context:
        raise ConfigurationError(
            f"max_tokens is {recipe.max_tokens} in recipe {recipe.name}, but {shape.name} reads {shape.context}",
            hint=f"set max_tokens: {shape.context} or less",
        )
    if plan is not None and any(phase.steps for phase in plan.phases):
        sizes = tuple(
            PhaseSize(phase.recipe.name, len(phase.steps.order), len(phase.steps), phase.tokens)
            for phase in plan.phases
        )
        return DryRun(recipe, shape, sizes, f"the plan of {plan.release}", gpus, gibibytes)
    sizes = tuple(_published(recipe, sample_tokens))
    source = (
        f"the published run's samples (LAB, table 2), {sample_tokens} tokens each on the mean: assumed, not published"
        if sizes
        else "nothing: there are no samples here, and the recipe names no published run"
    )
    return DryRun(recipe, shape, sizes, source, gpus, gibibytes)


def _published(recipe: TrainingRecipe, sample_tokens: int) -> Iterable[PhaseSize]:
    """A first release: nothing is old, but from the second phase on earlier phases are replayed."""
    for phase in recipe.phases:
        if phase.published_samples is None:
            continue
        share = recipe.replay.phase_share if phase.replay_stages else 0.0
        seen = round(phase.published_samples * phase.epochs / (1.0 - share))
        yield PhaseSize(phase.name, seen, -(-seen // recipe.batch_samples), seen * sample_tokens)


def dry_run_text(run: DryRun) -> str:
    """The report; golden in the tests."""
    recipe, shape = run.recipe, run.shape
    lines = [
        f"recipe {recipe.name}: {shape.name} builds, {shape.parameters:,} parameters in {shape.layers} layers",
        f"effective batch {recipe.batch_samples:,} samples, micro-batch {recipe.micro_batch_tokens:,} tokens",
        "",
        f"counted from {run.source}",
    ]
    if run.phases:
        lines += _table(
            [
                ("phase", "samples seen", "steps", "tokens"),
                *(
                    (each.name, f"{each.seen:,}", f"{each.steps:,}", f"{each.tokens:,}")
                    for each in run.phases
                ),
                (
                    "all",
                    f"{sum(each.seen for each in run.phases):,}",
                    f"{sum(each.steps for each in run.phases):,}",
                    f"{sum(each.tokens for each in run.phases):,}",
                ),
            ]
        )
        lines += _short_warmups(run)
    lines += ["", *_memory(run)]
    return "\n".join(lines)


def _short_warmups(run: DryRun) -> Iterable[str]:
    """Of phases that end before their learning rate has reached its peak, as Merlinite's published figures have one."""
    warmups = {phase.name: phase.warmup_steps for phase in run.recipe.phases}
    for each in run.phases:
        if warmups[each.name] > each.steps > 0:
            yield f"{each.name}: its warm-up of {warmups[each.name]} steps outlasts its {each.steps}"


def _memory(run: DryRun) -> Iterable[str]:
    recipe, shape = run.recipe, run.shape
    checkpointing = recipe.activation_checkpointing
    terms = memory_terms(
        shape,
        gpus=run.gpus,
        tokens=recipe.micro_batch_tokens,
        precision=recipe.precision,
        checkpointing=checkpointing,
    )
    total = sum(term.bytes for term in terms)
    yield (
        f"memory of each GPU of {run.gpus}, in GiB (P {shape.parameters:,}, W {run.gpus}, "
        f"T {recipe.micro_batch_tokens:,}, L {shape.layers}, D {shape.hidden:,}, F {shape.feed_forward:,}, "
        f"K {shape.key_width:,}, V {shape.vocabulary:,})"
    )
    yield from _table(
        [
            *((f"  {term.name}", term.formula, f"{term.bytes / GIBIBYTE:.1f}") for term in terms),
            ("  in all", "", f"{total / GIBIBYTE:.1f}"),
        ],
        left=2,
    )
    found = fewest_gpus(
        shape,
        tokens=recipe.micro_batch_tokens,
        precision=recipe.precision,
        checkpointing=checkpointing,
        gibibytes=run.gibibytes,
    )
    yield (
        f"fits from {found} x {run.gibibytes:g} GiB on, with a tenth of each GPU left free"
        if found
        else f"does not fit into {GPU_COUNTS[-1]} GPUs of {run.gibibytes:g} GiB: lower micro_batch_tokens"
    )


def _table(rows: Sequence[Sequence[str]], *, left: int = 1) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
