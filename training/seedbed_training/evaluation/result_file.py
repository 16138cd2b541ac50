"""An evaluation with every case, as a JSON file beside the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError
from seedbed_training.evaluation.score import RULE, Case, CaseScore, LeafScore, Metric
from seedbed_training.planning.whole_file import write_whole

VERSION = 2


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of several models over the same held-out samples.

    `arms` goes from a model's part (`base`, `parent`, `this`) to its score per leaf; `digests` has the digest of the
    model that each arm was measured with. `judge` is who graded the leaves that a judge grades, None where none was.
    """

    release: str
    plan_digest: str
    arms: Mapping[str, Mapping[str, LeafScore]]
    digests: Mapping[str, str]
    rule: str = RULE
    judge: str | None = None

    def score(self, arm: str, leaf: str) -> LeafScore | None:
        """None where the arm was not measured or the leaf has nothing held out."""
        return self.arms.get(arm, {}).get(leaf)


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Written whole or not at all. Raises StoreError."""
    text = json.dumps(
        {"version": VERSION, **asdict(evaluation)}, indent=1, sort_keys=True, ensure_ascii=False
    )
    write_whole(path, text + "\n")


def read_evaluation(path: Path) -> Evaluation:
    """Raises ConfigurationError when there is no such file or it is no evaluation of this version."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != VERSION:
            raise ValueError(f"version {data['version']!r}, expected {VERSION}")
        return Evaluation(
            release=data["release"],
            plan_digest=data["plan_digest"],
            arms={
                arm: {leaf: _leaf_score(score) for leaf, score in leaves.items()}
                for arm, leaves in data["arms"].items()
            },
            digests=data["digests"],
            rule=data["rule"],
            judge=data["judge"],
        )
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"{path} is not an evaluation: {error}", hint="make it again: seedbed eval"
        ) from error


def _leaf_score(data: Mapping[str, Any]) -> LeafScore:
    cases = tuple(
        CaseScore(Case(**case["case"]), case["score"], Metric(case["metric"])) for case in data["cases"]
    )
    return LeafScore(data["leaf"], data["score"], data["low"], data["high"], cases)
