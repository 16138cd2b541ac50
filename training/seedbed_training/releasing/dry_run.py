"""`--dry-run`: prove that a recipe's model builds, and say what training it takes, without a weight or a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seedbed.errors import ConfigurationError
from seedbed.reports.plural import counted
from seedbed_training.learning.meta_model import build_on_meta, find_shape
from seedbed_training.planning.memory import (
    GIBIBYTE,
    GPU_COUNTS,
    ModelShape,
    Term,
    computation,
    disk_terms,
    fewest_gpus,
    memory_terms,
)
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.recipe import TrainingRecipe
from seedbed_training.releasing.template_line import template_line

ASSUMED_SAMPLE_TOKENS = 512
"""Mean length of a sample where there are none to count; LAB does not give it."""


_ROUND_SPEED = 1e14  # operations a second


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
    template: str | None = None  # what is to be said of the chat template


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
    shape = build_on_meta(find_shape(recipe.base_model), name=recipe.base_model, lora=recipe.lora)
    if recipe.max_tokens > shape.context:
        raise ConfigurationError(
            f"max_tokens is {recipe.max_tokens} in recipe {recipe.name}, but {shape.name} reads {shape.context}",
            hint=f"set max_tokens: {shape.context} or less",
        )
    template = template_line(recipe, shape)
    if plan is not None and any(phase.steps for phase in plan.phases):
        sizes = tuple(
            PhaseSize(phase.recipe.name, len(phase.steps.order), len(phase.steps), phase.tokens)
            for phase in plan.phases
        )
        return DryRun(recipe, shape, sizes, f"the plan of {plan.release}", gpus, gibibytes, template)
    sizes = tuple(_published(recipe, sample_tokens))
    source = (
        f"the published run's samples (LAB, table 2), {sample_tokens} tokens each on the mean: assumed, not published\n"
        "  (the samples here are counted instead where base_model is a folder on this machine)"
        if sizes
        else "nothing: there are no samples here, and the recipe names no published run"
    )
    return DryRun(recipe, shape, sizes, source, gpus, gibibytes, template)


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
    trained = "" if shape.trained is None else f", {shape.trained:,} of adapters are trained"
    lines = [
        f"recipe {recipe.name}: {shape.name} builds, {shape.parameters:,} parameters in {shape.layers} layers{trained}",
        f"effective batch {recipe.batch_samples:,} samples, micro-batch {recipe.micro_batch_tokens:,} tokens",
        *([run.template] if run.template else []),
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
        lines += [_time(run)]
    lines += ["", *_memory(run), "", *_disk(run)]
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
    total = sum(term.amount for term in terms)
    adapters = "" if shape.trained is None else f"A {shape.trained:,}, "
    yield (
        f"memory of each of {counted(run.gpus, 'GPU')}, in GiB (P {shape.parameters:,}, {adapters}W {run.gpus}, "
        f"T {recipe.micro_batch_tokens:,}, L {shape.layers}, D {shape.hidden:,}, F {shape.feed_forward:,}, "
        f"K {shape.key_width:,}, V {shape.vocabulary:,})"
    )
    yield from _terms(terms)
    if total > 0.9 * run.gibibytes * GIBIBYTE:
        yield f"does not fit into {run.gpus} x {run.gibibytes:g} GiB, with a tenth of each GPU left free"
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


def _time(run: DryRun) -> str:
    """Hours at a round speed, since how fast a GPU computes is for whoever has it to say."""
    tokens = sum(each.tokens for each in run.phases)
    needed = computation(run.shape, tokens=tokens, checkpointing=run.recipe.activation_checkpointing)
    hours = needed.amount / (run.gpus * _ROUND_SPEED) / 3600
    return (
        f"computes {needed.amount:.1e} operations ({needed.formula} for each token): {hours:,.{0 if hours >= 10 else 1}f} "
        f"hours on {counted(run.gpus, 'GPU')}, {_ROUND_SPEED / 1e12:g} TFLOP/s kept up by each"
    )


def _disk(run: DryRun) -> Iterable[str]:
    yield "disk for the run's folder at most, in GiB"
    yield from _terms(disk_terms(run.shape, phases=len(run.recipe.phases), candidates=run.recipe.candidates))


def _terms(terms: Sequence[Term]) -> Iterable[str]:
    total = sum(term.amount for term in terms)
    rows = [(f"  {term.name}", term.formula, f"{term.amount / GIBIBYTE:,.1f}") for term in terms]
    return _table([*rows, ("  in all", "", f"{total / GIBIBYTE:,.1f}")], left=2)


def _table(rows: Sequence[Sequence[str]], *, left: int = 1) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
