"""Funnels as lines of text."""

from __future__ import annotations

from collections.abc import Mapping

from seedbed.generation.across_leaves import Reason
from seedbed.generation.funnel import Funnel, Loss, named_causes
from seedbed.generation.sample import Stage
from seedbed.reports.plural import counted


def funnel_line(funnel: Funnel) -> str:
    """Such as `24 asked, 18 kept (3 held out); 4 repeated, 2 second answer differs`."""
    line = f"{funnel.asked:,} asked, {funnel.kept:,} kept"
    if funnel.held_out:
        line += f" ({funnel.held_out:,} held out)"
    lost = ", ".join(f"{funnel.lost[loss]:,} {loss}" for loss in Loss if funnel.lost.get(loss))
    unanswered = f"requests without an answer: {named_causes(funnel)}" if funnel.unanswered else ""
    return "; ".join(filter(None, (line, lost, unanswered)))


def left_out_line(left_out: Mapping[Reason, int]) -> str:
    """Such as `5: 3 asked in another leaf, 2 in a benchmark list`."""
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items() if count)
    total = sum(left_out.values())
    return f"{total:,}: {reasons}" if total else "0"


def shortfall(funnel: Funnel) -> str:
    """Such as `88 of 300 wanted are missing after 1,200 attempts, most lost to: 401 repeated, 300 second answer differs`."""
    line = (
        f"{funnel.missing:,} of {funnel.wanted:,} wanted are missing after {counted(funnel.asked, 'attempt')}"
    )
    losses = ", ".join(f"{count:,} {loss}" for loss, count in funnel.largest_losses)
    return f"{line}, most lost to: {losses}" if losses else line


def funnel_lines(funnels: Mapping[Stage, Funnel]) -> list[str]:
    """One line a stage."""
    return [f"{stage.replace('_', ' ')}: {funnel_line(funnel)}" for stage, funnel in funnels.items()]
