"""Noticing that attempt after attempt gives nothing, while what the rest of the run would cost can still be saved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from seedbed.generation.funnel import UNUSABLE, Loss

EARLY = 40  # attempts from the start of a run without one that was kept
LATER = 200  # attempts since the last one that was kept, lost for the teacher's sake
AGAIN = 10  # times as many until the same spell is told again


@dataclass(frozen=True, slots=True)
class DrySpell:
    """So many attempts in a row of which none was kept; `losses` say why, the commonest first."""

    attempts: int
    from_start: bool
    losses: tuple[tuple[Loss, int], ...]

    @property
    def teacher_fails(self) -> bool:
        """Whether half or more of what was no repeat fell for the sake of the teacher or its server: what it writes is
        then not to blame. (A repeat may repeat what had no answer.)"""
        losses = dict(self.losses)
        failed = sum(losses.get(loss, 0) for loss in UNUSABLE)
        return failed > 0 and 2 * failed >= self.attempts - losses.get(Loss.REPEATED, 0)


class DrySpellWatch:
    """Hears of every attempt of a run, and tells of a dry spell once it is long enough."""

    def __init__(self) -> None:
        self._losses: Counter[Loss] = Counter()
        self._kept_any = False
        self._told_at = 0

    def decided(self, loss: Loss | None) -> DrySpell | None:
        """After one attempt, `loss` None for one that was kept: a spell that should be told now.

        After the first sample only a teacher that fails is worth telling: a leaf that has nothing new to give ends in a
        long row of repeats.
        """
        if loss is None or loss is Loss.SURPLUS:
            self._kept_any, self._told_at = True, 0
            self._losses.clear()
            return None
        self._losses[loss] += 1
        attempts = self._losses.total()
        if attempts < max(LATER if self._kept_any else EARLY, AGAIN * self._told_at):
            return None
        spell = DrySpell(attempts, not self._kept_any, tuple(self._losses.most_common()))
        if self._kept_any and not spell.teacher_fails:
            return None
        self._told_at = attempts
        return spell
