"""What a preview would ask for, for whoever approves it: a terminal, or the summary of a job."""

from __future__ import annotations

from seedbed.generation.cost import Prices
from seedbed.generation.preview_budget import Caps
from seedbed.generation.preview_request import PreviewRequest
from seedbed.reports.escape import terminal_text
from seedbed.reports.plural import counted

_SHOWN = 50  # names


def request_text(request: PreviewRequest, prices: Prices | None) -> str:
    """A line for each leaf, then what all of it would cost and what it may cost at most."""
    lines = [
        f"{request.head}",
        f" against {request.base} ({terminal_text(request.rung)})",
        f"recipe {terminal_text(request.recipe)}, {counted(request.samples, 'sample')} of each leaf, seed {request.seed}",
    ]
    for leaf in request.leaves[:_SHOWN]:
        problem = f": no samples: {terminal_text(leaf.problem)}" if leaf.problem else ""
        lines.append(f"- {terminal_text(leaf.name)} ({leaf.change}){problem}")
    more = len(request.leaves) - _SHOWN
    if more > 0:
        lines.append(f"- and {counted(more, 'more leaf')}")
    if request.removed:
        lines.append(f"{counted(len(request.removed), 'leaf')} removed: nothing is asked about that")
    if request.left_out:
        lines.append(f"{counted(len(request.left_out), 'leaf')} beyond the limit: not shown")
    cost = request.estimate
    price = prices and f", cost {prices.tokens(cost.prompt_tokens, cost.completion_tokens):,.2f}"
    lines.append(
        f"about {cost.requests:,} requests, {cost.prompt_tokens:,} prompt and {cost.completion_tokens:,} answer tokens"
        f"{price or ''}"
    )
    lines.append(f"at most {_most(request.caps)}; nothing was asked")
    return "\n".join(lines) + "\n"


def _most(caps: Caps) -> str:
    tokens = "" if caps.tokens is None else f"{caps.tokens:,} tokens"
    seconds = "" if caps.seconds is None else f"{caps.seconds:,} s"
    cost = "" if caps.cost is None else f"cost {caps.cost:,.2f}"
    return ", ".join(filter(None, (tokens, seconds, cost))) or "whatever it takes"
