"""What `seedbed generate --dry-run` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

from seedbed.cli.generate_outcomes import LISTED_STORED, REAL_TEACHER
from seedbed.cli.terminal import advise
from seedbed.errors import SeedbedError
from seedbed.generation.cost import Prices
from seedbed.generation.entrance import unreadable_words
from seedbed.generation.estimate import Estimate, estimate_leaf
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_sources import LeafSource
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.seed import leaf_seeds
from seedbed.generation.status import LeafStatus
from seedbed.reports.escape import terminal_text
from seedbed.reports.plural import counted
from seedbed.teacher.teacher import Teacher


def print_estimate(
    picked: Sequence[LeafStatus],
    read: Callable[[Iterable[str]], Iterable[LeafSource]],
    recipe: GenerationRecipe,
    run_seed: int,
    reader: Teacher | None,
    prices: Prices | None,
) -> None:
    """A line per leaf and the sum; `reader` is the teacher whose closed vocabulary decides what it can read at all."""
    total, stored, unreadable, refused, digest = Estimate(), 0, 0, 0, recipe.digest
    for status in picked:
        if any((made.recipe_digest, made.seed) == (digest, run_seed) for made in status.stored):
            stored += 1
            if stored <= LISTED_STORED:
                click.echo(
                    f"{terminal_text(status.name)}: {status.why}; stored already by this recipe and seed"
                )
            continue
        source = next(iter(read([status.name])), None)
        if source is None or source.leaf is None:
            unreadable += 1
            reason = source.problem if source else ""
            click.echo(f"{terminal_text(status.name)}: {terminal_text(reason or '')}", err=True)
            continue
        try:
            passages = source_passages(source.documents, recipe.passages)
        except SeedbedError as error:
            unreadable += 1
            click.echo(f"{terminal_text(status.name)}: {error.message}", err=True)
            continue
        words = unreadable_words(leaf_seeds(source.leaf), passages, reader) if reader else None
        if words:
            refused += 1
            click.echo(
                f"{terminal_text(status.name)}: {status.why}; would be refused: {terminal_text(words)}"
            )
            continue
        cost = estimate_leaf(source.leaf, passages, recipe)
        total += cost
        click.echo(f"{terminal_text(status.name)}: {status.why}; {_cost(cost)}")
    if stored > LISTED_STORED:
        click.echo(f"and {stored - LISTED_STORED:,} more already stored")
    if unreadable:
        advise(f"left out: {counted(unreadable, 'leaf')} that cannot be read, for the reasons above")
    if refused:
        advise(f"refused: {counted(refused, 'leaf')}; {REAL_TEACHER}")
    price = f", cost {prices.tokens(total.prompt_tokens, total.completion_tokens):,.2f}" if prices else ""
    hours = " and the engine's hours" if prices and prices.hour else ""
    click.echo(f"about {_cost(total)} in all{price}{hours}; nothing was asked")


def _cost(cost: Estimate) -> str:
    return f"{cost.requests:,} requests, {cost.prompt_tokens:,} prompt and {cost.completion_tokens:,} answer tokens"
