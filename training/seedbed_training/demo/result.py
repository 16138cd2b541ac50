"""What the demo measured: the scores of every leaf under four models, as a table and as `result.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.evaluation.score import LeafScore

BASE, FIRST, WITHOUT, WITH = "base", "release-1", "release-2-no-replay", "release-2"
ARMS = (BASE, FIRST, WITHOUT, WITH)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """`arms` holds for each model the score of each leaf on the same held-out cases, 0…1."""

    fresh: tuple[str, ...]
    old: tuple[str, ...]
    arms: Mapping[str, Mapping[str, float]]
    replay_token_share: float  # of all tokens that the second release was trained on
    seconds: float
    seed: int

    def mean(self, arm: str, leaves: Sequence[str]) -> float:
        """The mean score of some leaves under one model."""
        return sum(self.arms[arm][leaf] for leaf in leaves) / len(leaves)

    def to_json(self) -> str:
        """The text of `result.json`."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def gather(
    second: Evaluation,
    without: Evaluation,
    *,
    fresh: Sequence[str],
    old: Sequence[str],
    replay_token_share: float,
    seconds: float,
    seed: int,
) -> DemoResult:
    """The four models' scores, from the evaluations of the second release with replay and without."""

    def scores(arm: Mapping[str, LeafScore]) -> dict[str, float]:
        return {leaf: arm[leaf].score for leaf in (*old, *fresh)}

    arms = {
        BASE: scores(second.arms["base"]),
        FIRST: scores(second.arms["parent"]),
        WITHOUT: scores(without.arms["this"]),
        WITH: scores(second.arms["this"]),
    }
    return DemoResult(tuple(fresh), tuple(old), arms, replay_token_share, round(seconds, 1), seed)


def result_table(result: DemoResult) -> str:
    """A line per leaf, old ones first, a column per model, and the means."""
    width = max(map(len, (*result.old, *result.fresh, "mean of the old leaves")))
    titles = ("base", "release 1", "2, no replay", "2, replay")
    lines = [f"{'leaf':{width}}  " + "  ".join(f"{title:>12}" for title in titles)]
    for name, leaves in (("old", result.old), ("new", result.fresh)):
        lines += [_row(leaf, [result.arms[arm][leaf] for arm in ARMS], width) for leaf in leaves]
        lines += [_row(f"mean of the {name} leaves", [result.mean(arm, leaves) for arm in ARMS], width), ""]
    return "\n".join(lines).rstrip()


def _row(name: str, scores: Sequence[float], width: int) -> str:
    return f"{name:{width}}  " + "  ".join(f"{score:12.2f}" for score in scores)
