"""When a leaf is given up: a teacher that fails is not asked for all of it.

The decision hangs on the first attempts alone, in the order of tasks and attempts, whatever answers come first: the
same answers always give the same decision. A leaf that is given up is not stored, so no sample depends on it.
"""

from __future__ import annotations

from collections.abc import Callable

from seedbed.generation.funnel import UNUSABLE, Loss


class Patience:
    """Over once the first `limit` attempts of a leaf were all lost for the teacher's sake; 0 is endless."""

    def __init__(self, tasks: int, limit: int) -> None:
        self.over = False
        self._limit = limit
        self._lost = [0] * tasks  # attempts of each task before the first that was not the teacher's fault
        self._answered = [False] * tasks
        self._ended = [False] * tasks
        self._settled = limit == 0

    def of(self, task: int) -> Callable[[Loss | None], None]:
        """Hears of each attempt of this task, in their order, why it fell; None if it was kept."""

        def decided(loss: Loss | None) -> None:
            if loss not in UNUSABLE:
                self._answered[task] = True
            elif not self._answered[task]:
                self._lost[task] += 1
            self._look()

        return decided

    def ended(self, task: int) -> None:
        """A task has made its last attempt: the next task's first one follows it."""
        self._ended[task] = True
        self._look()

    def _look(self) -> None:
        lost = 0
        for task, mine in enumerate(self._lost):
            if self._settled:
                return
            lost += mine
            if lost >= self._limit:
                self.over = self._settled = True
            elif self._answered[task]:
                self._settled = True
            elif not self._ended[task]:
                return
