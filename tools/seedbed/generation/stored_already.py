"""Which leaves a run need not look at: the store lists their samples under the very key that it would write."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.status import LeafStatus
from seedbed.generation.store import Making
from seedbed.teacher.teacher import TeacherIdentity


def stored_already(
    statuses: Iterable[LeafStatus], recipe: GenerationRecipe, teacher: TeacherIdentity, run_seed: int
) -> dict[str, LeafOutcome]:
    """The outcome of each such leaf by name, found without reading it or its samples."""
    digest = recipe.digest
    found: dict[str, LeafOutcome] = {}
    for status in statuses:
        source = status.source
        if source is None or source.problem is not None or not status.stored:
            continue
        documents = tuple(sorted(source.document_blobs))
        making = Making(source.name, source.blob, documents, recipe.name, digest, teacher, run_seed)
        here = next((entry for entry in status.stored if entry.key == making.key), None)
        if here is not None:
            found[source.name] = LeafOutcome(
                source.name, Outcome.STORED, "", here.key, here.samples, here.held_out
            )
    return found
