"""What `seedbed generate --dry-run` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

from seedbed.cli.generate_outcomes import LISTED_STORED, REAL_TEACHER
from seedbed.cli.terminal import advise
from seedbed.errors import SeedbedError
from seedbed.generation.cost import Prices
from seedbed.generation.earlier_runs import EarlierRuns
from seedbed.generation.entrance import unreadable_words
from seedbed.generation.estimate import ASSUMED, BEST, WORST, Assumed, Estimate, leaf_course
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
    earlier: EarlierRuns | None,
) -> None:
    """A line per leaf and the sum; `reader` is the teacher whose closed vocabulary decides what it can read at all,
    `earlier` how attempts went before."""
    total, least, most = Estimate(), Estimate(), Estimate()
    stored, unreadable, refused, digest = 0, 0, 0, recipe.digest
    pace, by_stage = Assumed(earlier.accepted if earlier else ASSUMED), earlier.paces if earlier else {}
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
        course = leaf_course(source.leaf, passages, recipe)
        cost = course.at(pace, by_stage)
        total, least, most = total + cost, least + course.at(BEST), most + course.at(WORST)
        click.echo(f"{terminal_text(status.name)}: {status.why}; about {_cost(cost)}")
    if stored > LISTED_STORED:
        click.echo(f"and {stored - LISTED_STORED:,} more already stored")
    if unreadable:
        advise(f"left out: {counted(unreadable, 'leaf')} that cannot be read, for the reasons above")
    if refused:
        advise(f"refused: {counted(refused, 'leaf')}; {REAL_TEACHER}")
    _print_sum(total, least, most, prices, earlier)


def _print_sum(
    total: Estimate, least: Estimate, most: Estimate, prices: Prices | None, earlier: EarlierRuns | None
) -> None:
    hours = " and the engine's hours" if prices and prices.hour else ""
    click.echo(f"about {_cost(total)} in all{_price(total, prices)}{hours}; nothing was asked")
    if earlier is None:
        click.echo(
            f"that is with {ASSUMED:.0%} of all attempts accepted: this store holds no leaf yet that this recipe and teacher "
            "have grown. Grow a few, and the next estimate goes by them"
        )
    else:
        click.echo(
            f"that is as it went with {counted(earlier.leaves, 'leaf')} that this recipe and teacher have grown in this "
            f"store: {earlier.accepted:.0%} of all attempts accepted"
        )
    click.echo(
        f"if every attempt is accepted, {least.requests:,} requests{_price(least, prices)}; if none is and all are made "
        f"that the recipe allows, {most.requests:,}{_price(most, prices)}"
    )


def _price(cost: Estimate, prices: Prices | None) -> str:
    return f", cost {prices.tokens(cost.prompt_tokens, cost.completion_tokens):,.2f}" if prices else ""


def _cost(cost: Estimate) -> str:
    return f"{cost.requests:,} requests, {cost.prompt_tokens:,} prompt and {cost.completion_tokens:,} answer tokens"
