"""What may be planned, as columns: a million samples need some tens of megabytes, and no objects.

Shape: S samples, ordered by leaf and id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seedbed.generation.normalise import normalised
from seedbed.generation.sample import Sample, Stage

STAGES = tuple(Stage)
"""The column `stage` holds places in this tuple."""
KNOWLEDGE = (Stage.KNOWLEDGE_SHORT, Stage.KNOWLEDGE_LONG)


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """Training samples, none of them held out."""

    leaves: tuple[str, ...]
    """The names that the column `leaf` points into, sorted."""
    leaf: NDArray[np.int32]
    ids: NDArray[np.bytes_]
    stage: NDArray[np.int8]
    tokens: NDArray[np.int32]
    """Whole length of each sample in tokens of the student."""
    fact: NDArray[np.int32]
    """Samples of a leaf that tell the same fact have the same number; a skill's sample has one of its own."""
    loss: NDArray[np.float32] | None = None
    """Mean cross entropy of each answer under the model that the release starts from, in nats a token."""

    def __len__(self) -> int:
        return len(self.leaf)

    def at(self, chosen: NDArray[np.bool_]) -> SampleTable:
        """The samples where `chosen`, (S,), is true."""
        return replace(
            self,
            leaf=self.leaf[chosen],
            ids=self.ids[chosen],
            stage=self.stage[chosen],
            tokens=self.tokens[chosen],
            fact=self.fact[chosen],
            loss=None if self.loss is None else self.loss[chosen],
        )

    def of_leaves(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Which samples belong to one of `names`, (S,)."""
        wanted = {*names}
        return np.array([name in wanted for name in self.leaves], np.bool_)[self.leaf]

    def of_stages(self, stages: Sequence[Stage]) -> NDArray[np.bool_]:
        """Which samples are of one of `stages`, (S,)."""
        return np.isin(self.stage, [STAGES.index(stage) for stage in stages])


def sample_table(
    samples: Mapping[str, Sequence[Sample]],
    token_counts: Mapping[str, int],
    losses: Mapping[str, float] | None = None,
) -> SampleTable:
    """The table of `samples` (by leaf name) without held-out ones; equal samples in any order give equal tables.

    `token_counts`, and `losses` if given, are by sample id; an id that `losses` lacks is as surprising as the mean.
    Of a knowledge leaf, samples with the same passage and the same answer tell the same fact.
    """
    rows: list[tuple[int, str, Sample]] = []
    leaves = tuple(sorted(samples))
    for number, leaf in enumerate(leaves):
        own = {sample.id: sample for sample in samples[leaf] if not sample.held_out}
        rows += [(number, identity, own[identity]) for identity in sorted(own)]
    facts: dict[object, int] = {}
    return SampleTable(
        leaves=leaves,
        leaf=np.array([row[0] for row in rows], np.int32),
        ids=np.array([row[1].encode() for row in rows], np.bytes_) if rows else np.empty(0, "S1"),
        stage=np.array([STAGES.index(row[2].stage) for row in rows], np.int8),
        tokens=np.array([token_counts[row[1]] for row in rows], np.int32),
        fact=np.array([facts.setdefault(_fact(*row), len(facts)) for row in rows], np.int32),
        loss=None if losses is None else _losses([row[1] for row in rows], losses),
    )


def _fact(leaf: int, identity: str, sample: Sample) -> object:
    if sample.stage not in KNOWLEDGE:
        return identity
    made = sample.provenance
    where = (made.document_blob, made.passage) if made.passage else sample.question
    return (leaf, where, normalised(sample.answer))


def _losses(ids: Sequence[str], losses: Mapping[str, float]) -> NDArray[np.float32]:
    mean = sum(losses.values()) / len(losses) if losses else 1.0
    return np.array([losses.get(identity, mean) for identity in ids], np.float32)
