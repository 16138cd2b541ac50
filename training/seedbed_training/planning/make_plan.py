"""From leaves, samples and a recipe to the plan of a release: what is fresh, what is replayed, in which order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seedbed.errors import ConfigurationError
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.generation.revocation import Revocation
from seedbed_training.planning.leaf_roles import CurrentLeaf, leaf_roles
from seedbed_training.planning.mixture import interleave, repeat_fresh, step_edges
from seedbed_training.planning.plan import REASONS, PhasePlan, PlannedSamples, Steps, TrainingPlan, Why
from seedbed_training.planning.recipe import PhaseRecipe, ReplayRecipe, TrainingRecipe
from seedbed_training.planning.replay import Budget, Source, draw_replay, make_pools
from seedbed_training.planning.sample_table import SampleTable

_Chosen = NDArray[np.bool_]  # (S,)


def make_plan(
    *,
    release: str,
    parent: ReleaseManifest | None,
    leaves: Mapping[str, CurrentLeaf],
    samples: SampleTable,
    recipe: TrainingRecipe,
    seed: int,
    taxonomy_commit: str,
    replay: bool = True,
    revocations: Sequence[Revocation] = (),
    waiting: Sequence[str] = (),
) -> TrainingPlan:
    """The plan of `release`; equal arguments give an equal plan on every machine.

    Samples of leaves that the taxonomy no longer has, or that were revoked, are left alone, and so are those longer
    than `recipe.max_tokens`. A phase for which no fresh sample exists has no steps, even if there is something to
    replay: replay keeps what is known while something new is learned, and is no end in itself. Without `replay` (or
    with the strategy `none`) no sample of an unchanged leaf comes back; that of this release's own earlier phases
    stays, since it belongs to the phases: a run with and one without differ in nothing else. `waiting` are leaves of the
    taxonomy without samples: those of them that the parent knew are told apart from what was removed.

    Raises ConfigurationError when the strategy is `surprise`, there is something to replay, and `samples` has no losses.
    """
    roles = leaf_roles(leaves, parent, revocations)
    samples = samples.at(samples.tokens <= recipe.max_tokens)
    recipe_used = recipe.replay if replay else replace(recipe.replay, strategy="none")
    planner = _Planner(
        recipe, recipe_used, samples, samples.of_leaves(roles.fresh), samples.of_leaves(roles.unchanged), seed
    )
    planner.check_losses()
    times_drawn = np.zeros(len(samples), np.int32)
    phases = tuple(planner.phase(phase, times_drawn) for phase in recipe.phases)
    allowed = sorted(leaves.keys() - {*roles.revoked})
    return TrainingPlan(
        release=release,
        parent=parent.name if parent else None,
        taxonomy_commit=taxonomy_commit,
        recipe=recipe,
        seed=seed,
        sample_keys={name: leaves[name].sample_keys for name in allowed},
        blobs={name: leaves[name].blob for name in allowed},
        fresh=roles.fresh,
        replayed=_replayed(phases),
        removed=roles.removed,
        phases=phases,
        revoked=roles.revoked,
        changed=roles.changed,
        waiting=tuple(sorted({*waiting} & {*roles.removed})),
    )


@dataclass(frozen=True, slots=True)
class _Planner:
    """What all phases of a plan share."""

    recipe: TrainingRecipe
    replay: ReplayRecipe
    samples: SampleTable
    fresh: _Chosen
    unchanged: _Chosen
    seed: int

    def check_losses(self) -> None:
        if self.replay.strategy == "surprise" and self.samples.loss is None and bool(self.unchanged.any()):
            raise ConfigurationError(
                f"recipe {self.recipe.name} replays what surprises the model most, but no losses were given",
                hint="`seedbed plan` computes them; for a plan without a model choose strategy: balanced",
            )

    def phase(self, phase: PhaseRecipe, times_drawn: NDArray[np.int32]) -> PhasePlan:
        """The plan of one phase; counts what it replays into `times_drawn`, (S,)."""
        taught = self.samples.of_stages(phase.stages)
        own = np.flatnonzero(self.fresh & taught).astype(np.int32)
        order = own[repeat_fresh(len(own), epochs=phase.epochs, seed=f"{self.seed}/{phase.name}/fresh")]
        if not len(order):
            return PhasePlan.of(phase, (), ())
        drawn = self._replay(phase, taught, order, times_drawn)
        for each in drawn:
            np.add.at(times_drawn, each, 1)
        return self._assemble(phase, [order, *drawn])

    def _replay(
        self, phase: PhaseRecipe, taught: _Chosen, order: NDArray[np.int32], times_drawn: NDArray[np.int32]
    ) -> list[NDArray[np.int32]]:
        """What comes back of earlier releases and of earlier phases, in the order of drawing."""
        replay, nothing = self.replay, np.zeros(len(self.samples), np.bool_)
        of_leaves = self.unchanged & (taught | (replay.scope == "every_phase"))
        of_phases = self.fresh & self.samples.of_stages(phase.replay_stages) & ~taught
        wants_leaves = replay.strategy not in ("none", "joint") and (
            replay.leaf_share > 0 or replay.minimum_per_leaf > 0
        )

        def source(chosen: _Chosen, wanted: bool, budget: Budget) -> Source:
            pools = make_pools(
                self.samples,
                chosen if wanted else nothing,
                replay,
                seed=f"{self.seed}/replay",
                times_drawn=times_drawn,
            )
            return Source(pools, budget)

        from_leaves, from_phases = draw_replay(
            int(self.samples.tokens[order].sum(dtype=np.int64)),
            self.samples,
            leaves=source(
                of_leaves, wants_leaves, Budget(replay.leaf_share, replay.minimum_per_leaf, replay.strategy)
            ),
            phases=source(
                of_phases,
                replay.phase_share > 0,
                Budget(replay.phase_share, strategy=self.recipe.replay.strategy),
            ),
        )
        if (
            replay.strategy == "joint"
        ):  # as if every leaf were fresh: the bound that replay is measured against
            old = np.flatnonzero(self.unchanged & taught).astype(np.int32)
            passes = repeat_fresh(len(old), epochs=phase.epochs, seed=f"{self.seed}/{phase.name}/joint")
            return [old[passes], np.array(from_phases, np.int32)]
        return [np.array(from_leaves, np.int32), np.array(from_phases, np.int32)]

    def _assemble(self, phase: PhaseRecipe, groups: Sequence[NDArray[np.int32]]) -> PhasePlan:
        """The table of samples, in the order in which the groups name them, and the steps that point into it.

        `groups` are, in the order of `REASONS`, the samples that each reason brings; they are evenly mixed.
        """
        total = len(self.samples)
        keys = np.concatenate([group.astype(np.int64) + why * total for why, group in enumerate(groups)])
        found, first, place, times = np.unique(
            keys, return_index=True, return_inverse=True, return_counts=True
        )
        by_first = np.argsort(first)
        row = np.empty(len(found), np.int32)
        row[by_first] = np.arange(len(found), dtype=np.int32)
        rows, bounds = row[place], np.cumsum([0, *map(len, groups)])
        named = [rows[start:end] for start, end in pairwise(bounds) if start < end]
        order = interleave(named, seed=f"{self.seed}/{phase.name}/order")
        sample, why = found[by_first] % total, (found[by_first] // total).astype(np.int8)
        assert len(groups) == len(REASONS)
        return PhasePlan(
            phase,
            PlannedSamples(
                self.samples.leaves,
                self.samples.leaf[sample],
                self.samples.ids[sample],
                why,
                self.samples.tokens[sample],
                times[by_first].astype(np.int32),
            ),
            Steps(order, step_edges(len(order), self.recipe.batch_samples)),
        )


def _replayed(phases: Sequence[PhasePlan]) -> tuple[str, ...]:
    names: set[str] = set()
    for phase in phases:
        back = phase.samples.leaf[phase.samples.of_reason(Why.LEAF_REPLAY)]
        names.update(phase.samples.leaves[number] for number in np.unique(back))
    return tuple(sorted(names))
