"""Made-up samples and manifests for the tests of training: small, plain, and each with its provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from seedbed.generation.release_manifest import GateRecord, LeafRecord, ReleaseManifest, Role
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.teacher.teacher import Message, TeacherIdentity
from seedbed_training.planning.leaf_roles import CurrentLeaf
from seedbed_training.planning.recipe import PhaseRecipe, ReplayRecipe, TrainingRecipe

TEACHER = TeacherIdentity("transformers", "made-up", "0" * 40)


def made_sample(
    leaf: str,
    number: int | str,
    *,
    stage: Stage = Stage.COMPOSITIONAL,
    answer: str = "yes",
    held_out: bool = False,
    blob: str | None = None,
) -> Sample:
    """A sample of `leaf` whose question is `question NUMBER`."""
    return Sample(
        leaf=leaf,
        stage=stage,
        messages=(Message("user", f"question {number}"), Message("assistant", answer)),
        held_out=held_out,
        provenance=Provenance(
            leaf_blob=blob or blob_of(leaf),
            prompts_digest="p",
            teacher=TEACHER,
            seed=0,
            parameters={"temperature": 0.0},
        ),
    )


def blob_of(leaf: str) -> str:
    """A blob id that is the leaf's own."""
    return leaf.encode().hex()[:40].ljust(40, "0")


def current(leaf: str, *, blob: str | None = None, keys: Sequence[str] | None = None) -> CurrentLeaf:
    """The leaf as it is now, with one store key unless given."""
    return CurrentLeaf(leaf, blob or blob_of(leaf), tuple(keys) if keys is not None else (f"key of {leaf}",))


def made_manifest(
    leaves: Iterable[str],
    *,
    name: str = "release-1",
    parent: str | None = None,
    roles: Mapping[str, Role] | None = None,
) -> ReleaseManifest:
    """A release that knows `leaves` as `current` gives them."""
    return ReleaseManifest(
        name=name,
        parent=parent,
        taxonomy_commit="c" * 40,
        base_model="sandbox",
        base_model_digest="b" * 40,
        model_digest="m" * 40,
        recipe="small",
        recipe_digest="r" * 64,
        plan_digest="p" * 64,
        seed=0,
        seedbed_version="0",
        leaves=tuple(
            LeafRecord(
                name=leaf,
                blob=blob_of(leaf),
                role=(roles or {}).get(leaf, Role.FRESH),
                sample_keys=(f"key of {leaf}",),
                training_samples=1,
                held_out_samples=1,
            )
            for leaf in sorted(leaves)
        ),
        phases=(),
        scores=(),
        gate=GateRecord(True, ()),
    )


def small_recipe(
    *,
    leaf_share: float = 0.2,
    phase_share: float = 0.05,
    minimum_per_leaf: int = 0,
    strategy: str = "balanced",
    scope: str = "every_phase",
    epochs: float = 1.0,
    batch_samples: int = 8,
    max_tokens: int = 100,
    base_model: str = "sandbox",
    learning_rate: float = 1e-2,
) -> TrainingRecipe:
    """LAB's three phases at the size of a test."""

    def phase(name: str, stages: tuple[Stage, ...], replayed: tuple[Stage, ...]) -> PhaseRecipe:
        return PhaseRecipe(name, stages, replayed, epochs, learning_rate, warmup_steps=2)

    short, long, foundational = Stage.KNOWLEDGE_SHORT, Stage.KNOWLEDGE_LONG, Stage.FOUNDATIONAL
    return TrainingRecipe(
        name="small",
        description="for tests",
        base_model=base_model,
        phases=(
            phase("knowledge_short", (short,), ()),
            phase("knowledge_long", (long, foundational), (short,)),
            phase("skills", (Stage.COMPOSITIONAL,), (short, long, foundational)),
        ),
        replay=ReplayRecipe(leaf_share, phase_share, minimum_per_leaf, strategy, scope),
        batch_samples=batch_samples,
        micro_batch_tokens=512,
        max_tokens=max_tokens,
    )
