"""What `seedbed generate` says at its end."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seedbed.generation.funnel import Loss
from seedbed.generation.generate import LeafOutcome, Outcome
from seedbed.reports.escape import terminal_text
from seedbed.reports.funnel import counted, funnel_lines, shortfall

LISTED_STORED = 20  # leaves that nothing was asked about
LISTED_SHORT = 50
REAL_TEACHER = (
    "a larger teacher grows them: `seedbed generate --teacher openai:URL#MODEL --recipe lab`, "
    "or [teacher] backend, model, url and [generation] recipe in seedbed.toml"
)


def print_outcomes(outcomes: Sequence[LeafOutcome]) -> None:
    """A line per leaf with its funnel, then what the reader should do about refused, poor and broken ones."""
    stored = 0
    for outcome in outcomes:
        stored += outcome.outcome is Outcome.STORED
        if outcome.outcome is Outcome.STORED and stored > LISTED_STORED:
            continue
        if outcome.outcome in (Outcome.GENERATED, Outcome.STORED):
            click.echo(
                f"{terminal_text(outcome.name)}: {outcome.outcome}, {outcome.samples:,} samples, "
                f"{outcome.held_out:,} held out, {(outcome.key or '')[:12]}"
            )
            if outcome.outcome is Outcome.GENERATED:
                for line in funnel_lines(outcome.funnels):
                    click.echo(f"  {line}")
        else:
            click.echo(
                f"{terminal_text(outcome.name)}: {outcome.outcome}: {terminal_text(outcome.reason)}", err=True
            )
    if stored > LISTED_STORED:
        click.echo(f"and {stored - LISTED_STORED:,} more already stored")
    refused = [outcome for outcome in outcomes if outcome.outcome is Outcome.REFUSED]
    if refused:
        click.echo(f"refused: {counted(len(refused), 'leaf')}; {REAL_TEACHER}", err=True)
    empty = [
        outcome.name
        for outcome in outcomes
        if outcome.outcome is Outcome.GENERATED and not outcome.total.kept
    ]
    if empty:
        click.echo(
            f"nothing was accepted of {', '.join(map(terminal_text, empty))}: see the funnel above, and what was "
            f"written: seedbed show {terminal_text(empty[0])} --rejected",
            err=True,
        )
    if any(outcome.total.lost.get(Loss.FAILED) for outcome in outcomes):
        click.echo(
            "failed: no answer, or one that breaks the form that was asked for; `seedbed doctor --teacher TEACHER` tries "
            "closed lists and JSON. When the server is mended, `--retry-failed` asks again what failed",
            err=True,
        )
    short = [outcome for outcome in outcomes if outcome.total.missing and outcome.total.kept]
    for outcome in short[:LISTED_SHORT]:
        click.echo(f"{terminal_text(outcome.name)}: {shortfall(outcome.total)}", err=True)
    if len(short) > LISTED_SHORT:
        total = sum(outcome.total.missing for outcome in short)
        click.echo(f"short: {counted(len(short), 'leaf')}, {total:,} samples in all", err=True)
    broken = sum(outcome.outcome is Outcome.BROKEN for outcome in outcomes)
    if broken:
        click.echo(
            f"broken: {counted(broken, 'leaf')}, by a defect of Seedbed's own; the trace is in the log above",
            err=True,
        )
