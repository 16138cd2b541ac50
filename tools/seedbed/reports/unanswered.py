"""Requests without an answer, and attempts that give nothing, in words."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.generation.dry_spell import DrySpell
from seedbed.generation.unanswered import Trouble
from seedbed.reports.escape import terminal_text
from seedbed.reports.plural import counted

_NAMED = 3


def trouble_lines(troubles: Sequence[Trouble]) -> list[str]:
    """A line for each cause, such as `121 requests: HTTP 400, such as: HTTP 400: the prompt has 9,000 tokens`."""
    return [f"{counted(one.requests, 'request')}: {_told(one)}" for one in troubles]


def dry_spell_text(spell: DrySpell, troubles: Sequence[Trouble]) -> str:
    """The warning during a run: how long, why, and what to do about it."""
    where = "first" if spell.from_start else "last"
    named = ", ".join(f"{count:,} {loss}" for loss, count in spell.losses[:_NAMED])
    text = f"warning: none of the {where} {spell.attempts:,} attempts became a sample: {named}. "
    stop = "Ctrl-C ends the run, and no answer is lost"
    if not spell.teacher_fails:
        return (
            f"{text}{stop}; `seedbed preview LEAF` shows what the teacher writes and why it falls, "
            "`seedbed audit-judge` whether its judge can be trusted"
        )
    why = f"Commonest: {_told(troubles[0])}. " if troubles else ""
    return (
        f"{text}{why}{stop}; `seedbed doctor --teacher TEACHER` says what the teacher can do, and once it is mended "
        "`--retry-failed` asks again what failed"
    )


def _told(trouble: Trouble) -> str:
    example = terminal_text(trouble.example)
    return f"{trouble.cause}, such as: {example}" if example else trouble.cause
