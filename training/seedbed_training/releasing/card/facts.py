"""What a model card is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seedbed.generation.audit_record import JudgeAudit
from seedbed.generation.funnel import Funnel
from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role
from seedbed.generation.store import Making
from seedbed.teacher.teacher import Message
from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.planning.recipe import TrainingRecipe
from seedbed_training.releasing.card.markdown import code
from seedbed_training.releasing.leaf_descriptions import LeafDescription
from seedbed_training.releasing.prompt_form import PromptForm


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says beyond the manifest."""

    manifest: ReleaseManifest
    recipe: TrainingRecipe
    makings: Mapping[str, Sequence[Making]]
    """Leaf name → what its samples were made by; leaves that were dropped are absent."""
    matrix: ScoreMatrix
    """All releases up to this one."""
    replay_token_share: float
    taxonomy_root: str
    """Where the branches lie in their repository."""
    environment: Mapping[str, object]
    """What the training ran on: releases of torch and transformers, device, threads."""
    example: Sequence[Message]
    """A held-out conversation that the model answers rightly, to show how it is used; may be empty."""
    prompt: PromptForm
    """How a question has to be written for the model, and where its answers end."""
    rule: str
    """How its leaves were scored."""
    base_licence: str | None = None
    """What the base model's own card says; None where it has none."""
    descriptions: Mapping[str, LeafDescription] = field(default_factory=dict)
    """Leaf name → what it is about; leaves that cannot be read are absent."""
    losses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Phase → training loss of each of its steps, in nats a token."""
    funnel: Funnel = field(default_factory=Funnel)
    """What became of everything that the teachers wrote for these leaves."""
    benchmarks: Mapping[str, Any] | None = None
    """Scores on standard benchmarks, as `seedbed eval --benchmarks` wrote them; None where it was not run."""
    audits: Sequence[JudgeAudit] = ()
    """What `seedbed audit-judge` found of the teachers that judged these samples."""

    @property
    def kept(self) -> tuple[LeafRecord, ...]:
        """The leaves that the release teaches or taught before, without those that were dropped."""
        return tuple(leaf for leaf in self.manifest.leaves if leaf.role is not Role.DROPPED)

    @property
    def base(self) -> str:
        """The base as a hub knows it, or the name of its folder: the path before it says nothing elsewhere."""
        name = self.manifest.base_model
        return Path(name).name if name.startswith(("/", ".", "~")) else name

    @property
    def teachers(self) -> tuple[str, ...]:
        """Each teacher of a sample with its revision, as Markdown, once."""
        found = (making.teacher for makings in self.makings.values() for making in makings)
        return tuple(sorted({f"{code(teacher.model)} {code(teacher.revision[:12])}" for teacher in found}))

    def names(self, role: Role) -> tuple[str, ...]:
        """The names of the leaves of one role."""
        return tuple(leaf.name for leaf in self.manifest.leaves if leaf.role is role)
