"""Everything that training needs before it starts: the plan, its samples, the weights to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbed.errors import ConfigurationError, StoreError, UsageError
from seedbed.generation.across_leaves import Reason
from seedbed.generation.revocation import read_revocations
from seedbed.generation.sample import Sample
from seedbed.generation.screen_samples import screen_samples
from seedbed_training.learning.encode import LeftOut
from seedbed_training.learning.token_counts import count_tokens
from seedbed_training.planning.make_plan import make_plan
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.recipe import TrainingRecipe
from seedbed_training.planning.sample_table import sample_table
from seedbed_training.releasing.current_leaves import current_leaves
from seedbed_training.releasing.first_student import first_student
from seedbed_training.releasing.revocations import check_not_revoked
from seedbed_training.releasing.samples_digest import check_as_released
from seedbed_training.releasing.workspace import Workspace, parent_model_folder


@dataclass(frozen=True, slots=True)
class Preparation:
    """A plan with what it speaks of."""

    plan: TrainingPlan
    base: Path
    """Folder of the weights that the first phase starts from: the parent release's, else the base model's."""
    training: Mapping[str, Sample]
    """Every training sample of every leaf of the plan, by id; the plan takes from these."""
    held_out: Mapping[str, tuple[Sample, ...]]
    """By leaf what a release is evaluated with."""
    waiting: tuple[str, ...] = ()
    """Leaves for which no samples were generated yet; they are no part of this release."""
    too_long: Mapping[str, int] | None = None
    """By leaf how many samples are longer than the recipe's `max_tokens`; None where the plan was read from a file."""
    left_out: Mapping[str, Mapping[Reason, int]] | None = None
    """By leaf how many samples are too like another leaf's, or a benchmark; None where the plan was read from a file."""
    disputed: int = 0
    """Samples whose question another leaf answers otherwise; both are trained on."""
    not_trainable: tuple[LeftOut, ...] = ()
    """Samples that the student's chat template or vocabulary cannot take; none are known where the plan was read from a
    file."""


def prepare_plan(
    workspace: Workspace,
    *,
    recipe: TrainingRecipe,
    release: str | None = None,
    seed: int = 0,
    replay: bool = True,
    revision: str = "HEAD",
) -> Preparation:
    """Plan `release` (the next one unless named) for the taxonomy at `revision`, from the samples in the store.

    Raises RepositoryError, StoreError, ConfigurationError or UsageError, each with what to do next. A plan without any
    fresh leaf has no steps; that is for the caller to see.
    """
    release = release or workspace.next_release()
    check_release_name(release)
    parent = workspace.parent_of(release)
    commit = workspace.repository.resolve(revision)
    revocations = read_revocations(workspace.manifests)
    leaves, waiting = current_leaves(workspace, commit, parent, revocations)
    keys = {name: leaf.sample_keys for name, leaf in leaves.items() if leaf.sample_keys}
    training, held_out = read_samples(workspace, keys)
    if parent is not None:
        check_as_released(parent, keys, {name: (*training[name], *held_out[name]) for name in keys})
    everything = [sample for found in (training, held_out) for each in found.values() for sample in each]
    screening = screen_samples(workspace.repository, workspace.settings, everything, commit=commit)
    training = {leaf: screening.keep(samples) for leaf, samples in training.items()}
    student = first_student(workspace, recipe) if parent is None else parent_model_folder(workspace, parent)
    by_id = _by_id(training)
    counts = count_tokens(student, by_id, kept_in=workspace.state / "token-counts")
    training = {
        leaf: tuple(sample for sample in samples if sample.id in counts.tokens)
        for leaf, samples in training.items()
    }
    by_id = _by_id(training)
    losses = None
    if replay and recipe.replay.strategy == "surprise" and parent is not None:
        from seedbed_training.learning.losses import answer_losses  # brings torch

        losses = answer_losses(
            student, _by_id({name: training[name] for name in training if parent.leaf(name)})
        )
    plan = make_plan(
        release=release,
        parent=parent,
        leaves=leaves,
        samples=sample_table(training, counts.tokens, losses),
        recipe=recipe,
        seed=seed,
        taxonomy_commit=commit,
        replay=replay,
        revocations=revocations,
        waiting=waiting,
    )
    too_long = {
        leaf: count
        for leaf, samples in training.items()
        if (count := sum(counts.tokens[sample.id] > recipe.max_tokens for sample in samples))
    }
    return Preparation(
        plan,
        student,
        by_id,
        held_out,
        waiting,
        too_long,
        screening.counts(),
        len(screening.disputed),
        counts.left_out,
    )


def open_preparation(workspace: Workspace, plan: TrainingPlan) -> Preparation:
    """What an existing plan speaks of, read again from the store. Raises as `prepare_plan` does.

    A plan with a leaf that was revoked since is refused with a UsageError.
    """
    check_not_revoked(workspace, dict(plan.blobs), release=plan.release)
    training, held_out = read_samples(workspace, plan.sample_keys)
    known = {manifest.name: manifest for manifest in workspace.releases()}
    if plan.parent is None:
        student = first_student(workspace, plan.recipe)
    elif plan.parent in known:
        student = parent_model_folder(workspace, known[plan.parent])
    else:
        raise ConfigurationError(
            f"the plan of {plan.release} starts from {plan.parent}, which is not in {workspace.manifests}",
            hint="restore its manifest from git, or make the plan anew: seedbed plan",
        )
    return Preparation(plan, student, _by_id(training), held_out)


def read_samples(
    workspace: Workspace, sample_keys: Mapping[str, Sequence[str]]
) -> tuple[Mapping[str, tuple[Sample, ...]], Mapping[str, tuple[Sample, ...]]]:
    """By leaf the training samples and the held-out ones. Raises StoreError when the store has lost a key."""
    store = workspace.open_store()
    training: dict[str, tuple[Sample, ...]] = {}
    held_out: dict[str, tuple[Sample, ...]] = {}
    for leaf, keys in sorted(sample_keys.items()):
        for key in keys:
            if not store.has(key):
                raise StoreError(
                    f"the samples of {leaf} are not in the store (key {key[:16]})",
                    hint=f"seedbed generate --leaf {leaf}, or restore the store that the release was made with",
                )
        samples = [sample for key in keys for sample in store.read(key)]
        training[leaf] = tuple(sample for sample in samples if not sample.held_out)
        held_out[leaf] = tuple({sample.id: sample for sample in samples if sample.held_out}.values())
    return training, held_out


def check_release_name(name: str) -> None:
    """A release's name becomes a file and a folder: letters, digits, `.`, `_` and `-` alone. Raises UsageError."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not (plain.isascii() and plain.isalnum()) or name.startswith((".", "-")):
        raise UsageError(
            f"{name!r} cannot be a release's name",
            hint="use letters, digits, dots and dashes, such as release-2",
        )


def _by_id(samples: Mapping[str, Sequence[Sample]]) -> Mapping[str, Sample]:
    return {sample.id: sample for found in samples.values() for sample in found}
