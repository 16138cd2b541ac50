"""What `seedbed generate` says at its end."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seedbed.cli.terminal import advise
from seedbed.generation.funnel import Loss, total
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.unanswered import Trouble
from seedbed.reports.escape import terminal_text
from seedbed.reports.funnel import funnel_line, funnel_lines, shortfall
from seedbed.reports.plural import counted
from seedbed.reports.unanswered import trouble_lines

LISTED_STORED = 20  # leaves that nothing was asked about
LISTED_SHORT = 50
LISTED_EMPTY = 5
REAL_TEACHER = (
    "a larger teacher grows them: `seedbed generate --teacher openai:URL#MODEL --recipe lab`, "
    "or [teacher] backend, model, url and [generation] recipe in seedbed.toml"
)


def print_outcomes(
    outcomes: Sequence[LeafOutcome], recipe: GenerationRecipe, troubles: Sequence[Trouble] = ()
) -> None:
    """A line per leaf with its funnel, then what the reader should do about refused, poor and broken ones."""
    _print_leaves(outcomes)
    _print_refused(outcomes, recipe)
    _print_unanswered(outcomes, troubles)
    _print_short(outcomes)
    broken = sum(outcome.outcome is Outcome.BROKEN for outcome in outcomes)
    if broken:
        advise(
            f"broken: {counted(broken, 'leaf')}, by a defect of Seedbed's own; the trace is in the log above"
        )


def _print_leaves(outcomes: Sequence[LeafOutcome]) -> None:
    stored = 0
    for outcome in outcomes:
        name = terminal_text(outcome.name)
        stored += outcome.outcome is Outcome.STORED
        if outcome.outcome is Outcome.STORED and stored > LISTED_STORED:
            continue
        if outcome.outcome in (Outcome.GENERATED, Outcome.STORED):
            click.echo(
                f"{name}: {outcome.outcome}, {counted(outcome.samples, 'sample')}, "
                f"{outcome.held_out:,} held out, {(outcome.key or '')[:12]}"
            )
        else:
            advise(f"{name}: {outcome.outcome}: {terminal_text(outcome.reason)}")
        if outcome.outcome is not Outcome.STORED:
            for line in funnel_lines(outcome.funnels):
                click.echo(f"  {line}", err=outcome.outcome is not Outcome.GENERATED)
    if stored > LISTED_STORED:
        click.echo(f"and {stored - LISTED_STORED:,} more already stored")
    grown = [one.total for one in outcomes if one.outcome in (Outcome.GENERATED, Outcome.FAILED)]
    if len(grown) > 1:
        where = "in all" if all(one.outcome is Outcome.GENERATED for one in outcomes) else "in this run"
        click.echo(f"{where}, {counted(len(grown), 'leaf')}: {funnel_line(total(grown))}")


def _print_refused(outcomes: Sequence[LeafOutcome], recipe: GenerationRecipe) -> None:
    refused = [one for one in outcomes if one.outcome is Outcome.REFUSED and one.by_teacher]
    if refused:
        advise(f"refused: {counted(len(refused), 'leaf')}; {_better_teacher(recipe)}")


def _better_teacher(recipe: GenerationRecipe) -> str:
    if recipe.closed_vocabulary:
        return REAL_TEACHER
    return (
        f"recipe {recipe.name} asks that the teacher answers {recipe.entrance:.0%} of a leaf's own seeds: "
        "name another with --teacher, or lower `entrance` in the recipe"
    )


def _print_unanswered(outcomes: Sequence[LeafOutcome], troubles: Sequence[Trouble]) -> None:
    """An answer that is empty or cut off is no trouble of its request, but a leaf of nothing else has failed."""
    failed = [one.total for one in outcomes if one.outcome is Outcome.FAILED]
    if not troubles and not failed:
        return
    if troubles:
        advise("requests without an answer that could be used:")
    for line in trouble_lines(troubles):
        advise(f"  {line}")
    if total(failed).lost.get(Loss.CUT_OFF):
        advise(
            "answers are cut off at the `max_tokens` of their step: a teacher that thinks aloud needs more"
        )
    advise(
        "`seedbed doctor --teacher TEACHER` tries closed lists and JSON. Once the teacher is mended, `--retry-failed` "
        "asks again what failed"
    )


def _print_short(outcomes: Sequence[LeafOutcome]) -> None:
    empty = [one.name for one in outcomes if one.outcome is Outcome.GENERATED and not one.total.kept]
    if empty:
        named = ", ".join(map(terminal_text, empty[:LISTED_EMPTY])) + (", …" if empty[LISTED_EMPTY:] else "")
        advise(
            f"nothing was accepted of {counted(len(empty), 'leaf')} ({named}): see the funnel above, and what was "
            f"written: seedbed show {terminal_text(empty[0])} --rejected"
        )
    short = [outcome for outcome in outcomes if outcome.total.missing and outcome.total.kept]
    for outcome in short[:LISTED_SHORT]:
        advise(f"{terminal_text(outcome.name)}: {shortfall(outcome.total)}")
    if len(short) > LISTED_SHORT:
        missing = sum(outcome.total.missing for outcome in short)
        advise(f"short: {counted(len(short), 'leaf')}, {missing:,} samples in all")
