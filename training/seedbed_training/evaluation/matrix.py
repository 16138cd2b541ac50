"""Leaves by releases: what every release scored on every leaf it knew, and the figures of continual learning over it.

R[i][j] is the score of release i on leaf j, releases in order of time. `taught(j)` is the release that taught leaf j as it
is now: a leaf that was edited or grown anew is asked other questions from then on, so what it scored before says nothing
of it. N is the last release, and `old` are the leaves that were taught before N and that N still has. Intervals are at
95 %, by a bootstrap over the leaves: they say what other leaves of the kind might have given, chance in the cases
included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed_training.evaluation.intervals import bootstrap_interval

Interval = tuple[float, float]
_LEAVES_FOR_AN_INTERVAL = 3


@dataclass(frozen=True, slots=True)
class ScoreMatrix:
    """`scores[release][leaf]`, 0…1; a leaf that a release does not know is absent from its row."""

    releases: tuple[str, ...]
    scores: Mapping[str, Mapping[str, float]]
    before: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Leaf → what the release before the one that first taught it scored on it, and the base; for leaves after the
    first release, where both are known."""
    unlike: frozenset[str] = frozenset()
    """Leaves that releases scored by different measures: their scores say nothing about each other."""
    anew: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Release → leaves that it taught anew, edited or grown again since an earlier one taught them."""

    @property
    def leaves(self) -> tuple[str, ...]:
        """Every leaf of any release, by name."""
        return tuple(sorted({leaf for row in self.scores.values() for leaf in row}))

    @property
    def old_leaves(self) -> tuple[str, ...]:
        """The leaves of the last release that an earlier one was asked too, the same questions by the same measure."""
        last = len(self.releases) - 1
        return tuple(sorted(leaf for leaf in self._last if self.earlier(leaf, last)))

    def earlier(self, leaf: str, column: int) -> Sequence[float]:
        """What earlier releases scored on the questions that release number `column` was asked, in order of time."""
        if leaf in self.unlike:
            return ()
        found: list[float] = []
        for release in reversed(self.releases[: column + 1]):
            if leaf in self.scores[release]:
                found.append(self.scores[release][leaf])
            if leaf in self.anew.get(release, ()):
                break
        return found[:0:-1] if leaf in self.scores[self.releases[column]] else ()

    @property
    def accuracy(self) -> float:
        """ACC = mean over j of R[N][j] (Lopez-Paz and Ranzato 2017)."""
        return _mean(self._last.values())

    @property
    def backward_transfer(self) -> float:
        """BWT = mean over old j of (R[N][j] - R[taught(j)][j]); below 0 is forgetting (Lopez-Paz and Ranzato 2017)."""
        return _mean(self._backward_transfers)

    @property
    def accuracy_interval(self) -> Interval | None:
        """Of `accuracy`; None with too few leaves, or where all are alike."""
        return _interval(list(self._last.values()), "accuracy")

    @property
    def backward_transfer_interval(self) -> Interval | None:
        """Of `backward_transfer`; None as above."""
        return _interval(self._backward_transfers, "backward transfer")

    @property
    def forgetting_interval(self) -> Interval | None:
        """Of `forgetting`; None as above."""
        return _interval(self._forgettings, "forgetting")

    @property
    def forgetting(self) -> float:
        """F = mean over old j of (max over i < N of R[i][j] - R[N][j]) (Chaudhry et al. 2018).

        It is measured from the best that any earlier release scored, not from the first.
        """
        return _mean(self._forgettings)

    @property
    def worst_leaf_retention(self) -> tuple[str, float] | None:
        """The old leaf with the least R[N][j] / R[taught(j)][j], and that ratio; None if no old leaf ever scored."""
        ratios = [
            (self._last[leaf] / self._history(leaf)[0], leaf)
            for leaf in self.old_leaves
            if self._history(leaf)[0] > 0
        ]
        return (min(ratios)[1], min(ratios)[0]) if ratios else None

    @property
    def forward_transfer(self) -> float | None:
        """FWT = mean over later leaves j of (R[taught(j) - 1][j] - R0[j]), R0 the base; None without a later leaf.

        Above 0, what was taught before helps with leaves that come later (Lopez-Paz and Ranzato 2017).
        """
        return _mean(parent - base for parent, base in self.before.values()) if self.before else None

    def gap_to_joint(self, joint: Mapping[str, float]) -> float:
        """ACC of a model trained on everything at once, less ACC, over the leaves that both know."""
        return _mean(joint[leaf] - score for leaf, score in self._last.items() if leaf in joint)

    @property
    def _backward_transfers(self) -> Sequence[float]:
        return [self._last[leaf] - self._history(leaf)[0] for leaf in self.old_leaves]

    @property
    def _forgettings(self) -> Sequence[float]:
        return [max(self._history(leaf)) - self._last[leaf] for leaf in self.old_leaves]

    @property
    def _last(self) -> Mapping[str, float]:
        return self.scores[self.releases[-1]]

    def _history(self, leaf: str) -> Sequence[float]:
        return self.earlier(leaf, len(self.releases) - 1)


def matrix_of(manifests: Sequence[ReleaseManifest]) -> ScoreMatrix:
    """The matrix over releases in order of time; `manifests` is not empty."""
    before: dict[str, tuple[float, float]] = {}
    anew: dict[str, frozenset[str]] = {}
    measures: dict[str, set[str]] = {}  # by leaf, since it was last taught
    for manifest in manifests:
        fresh = {leaf.name for leaf in manifest.leaves if leaf.role is Role.FRESH}
        anew[manifest.name] = frozenset(fresh & measures.keys())
        for score in manifest.scores:
            first = score.leaf in fresh and score.leaf not in measures and manifest is not manifests[0]
            if first and score.parent is not None and score.base is not None:
                before[score.leaf] = score.parent, score.base
            known = set() if score.leaf in fresh else measures.get(score.leaf, set())
            measures[score.leaf] = known | ({score.measure} if score.measure else set())
    return ScoreMatrix(
        releases=tuple(manifest.name for manifest in manifests),
        scores={
            manifest.name: {score.leaf: score.score for score in manifest.scores} for manifest in manifests
        },
        before=before,
        unlike=frozenset(leaf for leaf, found in measures.items() if len(found) > 1),
        anew=anew,
    )


def _mean(values: Iterable[float]) -> float:
    """0 for no values: nothing was there to gain or lose."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def _interval(values: Sequence[float], what: str) -> Interval | None:
    """None where a bootstrap would know too much: with few leaves, or leaves that are all alike."""
    if len(values) < _LEAVES_FOR_AN_INTERVAL or len(set(values)) == 1:
        return None
    return bootstrap_interval(values, seed=what)
