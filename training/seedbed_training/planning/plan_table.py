"""A plan as a table for people: phase by phase what is trained, how often, and how much of it is replay."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from seedbed.errors import UsageError
from seedbed.reports.plural import counted
from seedbed_training.planning.leaf_names import shortened
from seedbed_training.planning.plan import PhasePlan, TrainingPlan, Why

_HEADINGS = ("phase", "why", "leaves", "samples", "seen", "times", "tokens", "share")
_PHASE_WIDTH = 20
_NAMED = 50  # leaves of a kind, before the rest is counted


def plan_table(plan: TrainingPlan, *, width: int = 100) -> str:
    """Plain text, one line for each phase and each reason for a sample to be in it; no final newline.

    `samples` are different ones, `seen` counts them as often as the steps show them, `times` is how often each is on
    the mean, and `tokens` are counted as they are seen. Lines are at most `width` characters wide (80 or more).
    """
    rows: list[Sequence[str]] = [_HEADINGS]
    notes: list[str] = []
    for phase in plan.phases:
        if not phase.steps:
            stages = ", ".join(stage.value for stage in phase.recipe.stages)
            notes.append(f"{phase.recipe.name}: skipped, there is no fresh sample of {stages}")
            continue
        rows += [_row(phase, why) for why in Why if phase.samples.of_reason(why).any()]
        notes += _over_share(plan, phase)
    heading = (
        f"{plan.release}, from {_start(plan)}, recipe {plan.recipe.name}, seed {plan.seed}, "
        f"taxonomy {plan.taxonomy_commit[:12]}"
    )
    above = _wrapped([heading, *_leaf_lines(plan, width), *_replay_line(plan)], width)
    below = _wrapped([_amount(plan), *notes], width)
    return "\n".join([*above, "", *_aligned(rows), "", *below])


def plan_line(plan: TrainingPlan) -> str:
    """The plan in one line, for whoever has seen its table."""
    return f"{plan.release}, from {_start(plan)}: {_amount(plan)}"


def step_table(plan: TrainingPlan, place: str) -> str:
    """The samples of one step, a line each; `place` is `PHASE:N`, N from 1. Raises UsageError when there is none."""
    name, _, number = place.rpartition(":")
    phase = next((phase for phase in plan.phases if phase.recipe.name == name), None)
    if phase is None or not number.isdecimal() or not 1 <= int(number) <= len(phase.steps):
        steps = ", ".join(
            f"{phase.recipe.name}:1 to {phase.recipe.name}:{len(phase.steps)}"
            for phase in plan.phases
            if phase.steps
        )
        raise UsageError(f"the plan has no step {place!r}", hint=f"its steps are {steps or 'none'}")
    samples = [phase.samples[index] for index in phase.steps[int(number) - 1]]
    return "\n".join(
        f"{sample.id}  {sample.why.value:12}  {sample.tokens:5} tokens  {sample.leaf}" for sample in samples
    )


def _start(plan: TrainingPlan) -> str:
    return plan.parent or f"base model {plan.recipe.base_model}"


def _amount(plan: TrainingPlan) -> str:
    total = sum(phase.tokens for phase in plan.phases)
    seen = sum(len(phase.steps.order) for phase in plan.phases)
    steps = sum(len(phase.steps) for phase in plan.phases)
    return (
        f"{seen:,} samples in {steps:,} steps of at most {plan.recipe.batch_samples:,}, {total:,} tokens, "
        f"replay {plan.replay_token_share:.1%} of them"
    )


def _leaf_lines(plan: TrainingPlan, width: int) -> Iterable[str]:
    for word, leaves in (
        ("fresh", plan.fresh),
        (f"of them changed since {plan.parent}", plan.changed),
        ("replayed", plan.replayed),
        ("unchanged, not replayed", plan.kept),
        ("edited, with no samples yet, and so forgotten", plan.waiting),
        ("removed", [name for name in plan.removed if name not in {*plan.revoked, *plan.waiting}]),
        ("revoked", plan.revoked),
    ):
        if leaves:
            named = ", ".join(shortened(leaf, width - 3) for leaf in leaves[:_NAMED])
            more = f" and {len(leaves) - _NAMED:,} more" if len(leaves) > _NAMED else ""
            yield f"{word} ({len(leaves):,}): {named}{more}"


def _replay_line(plan: TrainingPlan) -> Iterable[str]:
    """Both knobs, share and coverage, where anything comes back."""
    replay = plan.recipe.replay
    if replay.strategy in ("none", "joint") and plan.parent is not None:
        yield f"replay: {replay.strategy}, a bound to measure against"
    elif plan.replayed:
        facts = (
            "every fact"
            if replay.knowledge_coverage == 1
            else f"{replay.knowledge_coverage:.0%} of the facts"
        )
        each = (
            "" if replay.samples_per_fact is None else f", at most {replay.samples_per_fact} samples of each"
        )
        skills = (
            "all samples" if replay.skill_exemplars is None else f"at most {replay.skill_exemplars} samples"
        )
        floor = (
            f"; {counted(replay.minimum_per_leaf, 'sample')} of each old leaf at least"
            if replay.minimum_per_leaf
            else ""
        )
        yield (
            f"replay: {replay.strategy}, of each phase's tokens up to {replay.leaf_share:.1%} for old leaves and "
            f"{replay.phase_share:.1%} for earlier phases; from a buffer of {facts}{each}, and {skills} of a skill{floor}"
        )


def _wrapped(lines: Iterable[str], width: int) -> Iterable[str]:
    for line in lines:
        yield from textwrap.wrap(
            line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )


def _row(phase: PhasePlan, why: Why) -> tuple[str, ...]:
    samples = phase.samples
    chosen = samples.of_reason(why)
    count, seen, tokens = int(chosen.sum()), int(samples.times[chosen].sum()), samples.seen_tokens(why)
    return (
        shortened(phase.recipe.name, _PHASE_WIDTH),
        why.value,
        str(len(set(samples.leaf[chosen].tolist()))),
        f"{count:,}",
        f"{seen:,}",
        f"{seen / count:.1f}",
        f"{tokens:,}",
        f"{tokens / phase.tokens:.1%}",
    )


def _over_share(plan: TrainingPlan, phase: PhasePlan) -> Iterable[str]:
    """Only the minimum per leaf may take more than the share; then the table says so, and what would change it."""
    replay = plan.recipe.replay
    tokens = phase.samples.seen_tokens(Why.LEAF_REPLAY)
    if replay.strategy != "joint" and tokens > replay.leaf_share * phase.tokens:
        leaves = len(set(phase.samples.leaf[phase.samples.of_reason(Why.LEAF_REPLAY)].tolist()))
        yield (
            f"{phase.recipe.name}: leaf replay is {tokens / phase.tokens:.1%}, above its share of {replay.leaf_share:.1%}: "
            f"every leaf ({leaves}) brings at least {replay.minimum_per_leaf}, share or no share; a smaller "
            "minimum_per_leaf in the recipe brings less"
        )


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        cells = [
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
