"""From the data of a valid `qna.yaml` to a `Leaf`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seedbed.taxonomy.leaf import DocumentSource, Kind, Leaf, QuestionAnswer, SeedExample


def build_leaf(data: Mapping[str, Any], *, name: str, blob: str) -> Leaf:
    """The leaf that `data` describes; `data` has passed the schema of its version and branch."""
    seeds = tuple(_seed_example(seed) for seed in data["seed_examples"])
    outline = data.get("document_outline")
    return Leaf(
        name=name,
        kind=_kind(data, seeds),
        version=data["version"],
        created_by=data["created_by"],
        task_description=data.get("task_description", outline or ""),
        seed_examples=seeds,
        blob=blob,
        domain=data.get("domain"),
        document_outline=outline,
        document=_document(data["document"]) if "document" in data else None,
    )


def _kind(data: Mapping[str, Any], seeds: tuple[SeedExample, ...]) -> Kind:
    if "document" in data:
        return Kind.KNOWLEDGE
    return Kind.GROUNDED if all(seed.context is not None for seed in seeds) else Kind.FREEFORM


def _seed_example(seed: Mapping[str, Any]) -> SeedExample:
    """Version 3 knowledge seeds hold several pairs under one context; all others are one pair."""
    pairs = seed.get("questions_and_answers", (seed,))
    return SeedExample(
        tuple(QuestionAnswer(pair["question"], pair["answer"]) for pair in pairs),
        context=seed.get("context"),
    )


def _document(document: Mapping[str, Any]) -> DocumentSource:
    return DocumentSource(
        tuple(document["patterns"]), repo=document.get("repo"), commit=document.get("commit")
    )
