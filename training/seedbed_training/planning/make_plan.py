"""From leaves, samples and a recipe to the plan of a release: what is fresh, what is replayed, in which order. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed.generation.sample import Sample, Stage
from seedbed_training.planning.mixture import cut_steps, interleave, repeat_fresh
from seedbed_training.planning.plan import PhasePlan, PlannedSample, TrainingPlan, Why
from seedbed_training.planning.recipe import PhaseRecipe, ReplayRecipe, TrainingRecipe
from seedbed_training.planning.replay import Budget, Candidate, Draw, Pool, draw_replay, make_pools


@dataclass(frozen=True, slots=True)
class CurrentLeaf:
    """A leaf as the taxonomy has it now, and the store keys that hold its samples."""

    name: str
    blob: str
    sample_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeafRoles:
    """Every leaf of now and of the parent release, by what the new release makes of it; each tuple is sorted."""

    fresh: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def leaf_roles(leaves: Mapping[str, CurrentLeaf], parent: ReleaseManifest | None) -> LeafRoles:
    """Fresh is new, edited, or grown anew since `parent`; removed is what `parent` knew and the taxonomy no longer has.

    A leaf that was dropped once and came back is fresh.
    """
    known = {leaf.name: leaf for leaf in parent.leaves if leaf.role is not Role.DROPPED} if parent else {}
    unchanged = {
        name
        for name, leaf in leaves.items()
        if name in known
        and known[name].blob == leaf.blob
        and set(known[name].sample_keys) == set(leaf.sample_keys)
    }
    return LeafRoles(
        fresh=tuple(sorted(leaves.keys() - unchanged)),
        unchanged=tuple(sorted(unchanged)),
        removed=tuple(sorted(known.keys() - leaves.keys())),
    )


def make_plan(
    *,
    release: str,
    parent: ReleaseManifest | None,
    leaves: Mapping[str, CurrentLeaf],
    samples: Mapping[str, Sequence[Sample]],
    token_counts: Mapping[str, int],
    recipe: TrainingRecipe,
    seed: int,
    taxonomy_commit: str,
    replay: bool = True,
) -> TrainingPlan:
    """The plan of `release`; equal arguments give an equal plan on every machine.

    `samples` are the training samples by leaf name; held-out ones among them, and those of leaves that the taxonomy no
    longer has, are left alone. `token_counts` has the whole length of each sample by id, in tokens of the student;
    samples longer than `recipe.max_tokens` are left out. A phase for which no fresh sample exists has no steps, even
    if there is something to replay: replay keeps what is known while something new is learned, and is no end in
    itself. Without `replay` no sample of an unchanged leaf comes back; that of this release's own earlier phases
    stays, since it belongs to the phases: a run with and one without differ in nothing else.
    """
    roles = leaf_roles(leaves, parent)
    usable = _usable(leaves, samples, token_counts, recipe.max_tokens)
    fresh = [candidate for leaf in roles.fresh for candidate in usable[leaf]]
    unchanged = [candidate for leaf in roles.unchanged for candidate in usable[leaf]]
    budgets = recipe.replay if replay else replace(recipe.replay, leaf_share=0.0, minimum_per_leaf=0)
    times_drawn: Counter[str] = Counter()
    phases: list[PhasePlan] = []
    for phase in recipe.phases:
        plan = _plan_phase(phase, recipe.batch_samples, budgets, fresh, unchanged, times_drawn, seed)
        times_drawn.update(
            {sample.id: sample.times for sample in plan.samples if sample.why is not Why.FRESH}
        )
        phases.append(plan)
    replayed = {sample.leaf for plan in phases for sample in plan.samples if sample.why is Why.LEAF_REPLAY}
    return TrainingPlan(
        release=release,
        parent=parent.name if parent else None,
        taxonomy_commit=taxonomy_commit,
        recipe=recipe,
        seed=seed,
        sample_keys={name: leaves[name].sample_keys for name in sorted(leaves)},
        blobs={name: leaves[name].blob for name in sorted(leaves)},
        fresh=roles.fresh,
        replayed=tuple(sorted(replayed)),
        removed=roles.removed,
        phases=tuple(phases),
    )


@dataclass(frozen=True, slots=True)
class _Staged:
    stage: Stage
    candidate: Candidate


def _usable(
    leaves: Mapping[str, CurrentLeaf],
    samples: Mapping[str, Sequence[Sample]],
    token_counts: Mapping[str, int],
    max_tokens: int,
) -> Mapping[str, Sequence[_Staged]]:
    """Per current leaf what may be trained on, ordered by id so that the order of arrival never matters."""
    usable: dict[str, list[_Staged]] = {}
    for leaf in leaves:
        staged: dict[str, _Staged] = {}
        for sample in samples.get(leaf, ()):
            if sample.held_out:
                continue
            identity = sample.id
            if token_counts[identity] <= max_tokens:
                staged[identity] = _Staged(sample.stage, Candidate(identity, leaf, token_counts[identity]))
        usable[leaf] = [staged[identity] for identity in sorted(staged)]
    return usable


def _plan_phase(
    phase: PhaseRecipe,
    batch_samples: int,
    budgets: ReplayRecipe,
    fresh: Sequence[_Staged],
    unchanged: Sequence[_Staged],
    times_drawn: Mapping[str, int],
    seed: int,
) -> PhasePlan:
    own = [staged.candidate for staged in fresh if staged.stage in phase.stages]
    order = repeat_fresh(len(own), epochs=phase.epochs, seed=f"{seed}/{phase.name}/fresh")
    if not order:
        return PhasePlan(recipe=phase, samples=(), steps=())

    def pools(staged: Sequence[_Staged], wanted: bool) -> tuple[Pool, ...]:
        candidates = [entry.candidate for entry in staged] if wanted else []
        return make_pools(candidates, seed=f"{seed}/replay", times_drawn=times_drawn)

    everywhere = budgets.scope == "every_phase"
    draws = draw_replay(
        sum(own[index].tokens for index in order),
        leaves=pools(
            [entry for entry in unchanged if everywhere or entry.stage in phase.stages],
            budgets.leaf_share > 0 or budgets.minimum_per_leaf > 0,
        ),
        leaf_budget=Budget(budgets.leaf_share, budgets.minimum_per_leaf, budgets.strategy),
        phases=pools(
            [
                entry
                for entry in fresh
                if entry.stage in phase.replay_stages and entry.stage not in phase.stages
            ],
            budgets.phase_share > 0,
        ),
        phase_budget=Budget(budgets.phase_share, strategy=budgets.strategy),
    )
    return _assemble(phase, [own[index] for index in order], draws, batch_samples, seed)


def _assemble(
    phase: PhaseRecipe, fresh: Sequence[Candidate], draws: Sequence[Draw], batch_samples: int, seed: int
) -> PhasePlan:
    """The table of samples and the steps that point into it, fresh and replayed ones evenly mixed."""
    entries = [(candidate, Why.FRESH) for candidate in fresh] + [(draw.candidate, draw.why) for draw in draws]
    times = Counter((candidate.id, why) for candidate, why in entries)
    table: dict[tuple[str, Why], int] = {}
    samples: list[PlannedSample] = []
    groups: dict[Why, list[int]] = {why: [] for why in Why}
    for candidate, why in entries:
        key = (candidate.id, why)
        if key not in table:
            table[key] = len(samples)
            samples.append(PlannedSample(candidate.id, candidate.leaf, why, candidate.tokens, times[key]))
        groups[why].append(table[key])
    order = interleave([group for group in groups.values() if group], seed=f"{seed}/{phase.name}/order")
    return PhasePlan(recipe=phase, samples=tuple(samples), steps=cut_steps(order, batch_samples))
