"""What a preview will show, fixed before any model is asked: who approves it sees exactly what a key is spent on.

In CI it is written by one job (`seedbed preview --prepare`), which holds no key, and carried out by another, which does
(`seedbed preview --request`). The second makes its own from the commits and carries out nothing that differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from seedbed.errors import SeedbedError
from seedbed.generation.estimate import Estimate, estimate_leaf
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_sources import LeafSource
from seedbed.generation.preview import small_recipe, spread
from seedbed.generation.preview_budget import Caps
from seedbed.generation.recipe import GenerationRecipe
from seedbed.untrusted_file import read_untrusted

MAXIMUM_BYTES = 4 << 20
"""Largest request that is read."""
MOST_LEAVES = 1_000
LONGEST_TEXT = 4_096  # characters


@dataclass(frozen=True, slots=True)
class RequestedLeaf:
    """One leaf by its blob, with the digests of the documents it cites; `problem` says why nothing is asked about it."""

    name: str
    path: str
    change: str
    blob: str
    documents: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """Everything that decides what is asked. Settings, recipe and prompts are those of `base`.

    `estimate` is what it costs if every attempt goes all the way, which `caps` bound.
    """

    base: str
    head: str
    rung: str
    recipe: str
    recipe_digest: str
    samples: int  # of each leaf
    limit: int  # leaves
    seed: int
    leaves: tuple[RequestedLeaf, ...]
    removed: tuple[str, ...]
    left_out: tuple[str, ...]
    caps: Caps
    estimate: Estimate

    def differences(self, other: PreviewRequest) -> tuple[str, ...]:
        """The names of what differs; the estimate decides nothing and may."""
        names = [field.name for field in fields(self) if field.name != "estimate"]
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))


def requested_leaf(source: LeafSource, change: str) -> RequestedLeaf:
    """The leaf as it stands at the commit that it was read from."""
    problem = source.problem and source.problem[:LONGEST_TEXT]
    return RequestedLeaf(source.name, source.path, change, source.blob, source.document_blobs, problem)


def estimated(sources: Sequence[LeafSource], recipe: GenerationRecipe, samples: int) -> Estimate:
    """What the teacher would be asked for, all leaves together."""
    return sum((_estimated(source, recipe, samples) for source in sources), Estimate())


def _estimated(source: LeafSource, recipe: GenerationRecipe, samples: int) -> Estimate:
    if source.leaf is None:
        return Estimate()
    try:
        passages = spread(source_passages(source.documents, recipe.passages), samples)
    except SeedbedError:  # said when it is previewed; it costs nothing
        return Estimate()
    return estimate_leaf(source.leaf, passages, small_recipe(recipe, source.leaf, len(passages), samples))


def request_json(request: PreviewRequest) -> str:
    """The request as JSON, ASCII only."""
    return json.dumps({"version": 1, **asdict(request)}, indent=1, ensure_ascii=True) + "\n"


def read_request(path: Path) -> PreviewRequest:
    """The request at `path`, whoever wrote it. Raises UsageError when it is missing, too large or of another form."""
    document = read_untrusted(
        path, what="request", schema="preview-request.v1.schema.json", limit=MAXIMUM_BYTES
    )
    return _request(document)


def _request(document: Mapping[str, Any]) -> PreviewRequest:
    plain = {name: value for name, value in document.items() if name != "version"}
    leaves = tuple(
        RequestedLeaf(**{**leaf, "documents": tuple(leaf["documents"])}) for leaf in document["leaves"]
    )
    return PreviewRequest(
        **{
            **plain,
            "leaves": leaves,
            "removed": tuple(document["removed"]),
            "left_out": tuple(document["left_out"]),
            "caps": Caps(**document["caps"]),
            "estimate": Estimate(**document["estimate"]),
        }
    )
