"""The card's YAML front matter, by the rules of model hubs (huggingface/hub-docs, modelcard.md)."""

from __future__ import annotations

import re

from seedbed_training.releasing.card.benchmarks import measured_results
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.licence_file import LICENCE_FILE

_HUB_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*")


def front_matter(facts: CardFacts) -> str:
    """Between its two lines of dashes. Each leaf has a licence of its own, so the whole is `other`, explained in a file.

    A base that no hub knows is left out: the hub would link to another model of its name. Benchmark scores are there
    in the form that hubs index.
    """
    from huggingface_hub import ModelCardData

    base = facts.manifest.base_model
    data = ModelCardData(
        base_model=base if _HUB_NAME.fullmatch(base) else None,
        base_model_relation="finetune" if _HUB_NAME.fullmatch(base) else None,
        eval_results=measured_results(facts.benchmarks) or None,
        library_name="transformers",
        license="other",
        license_name="per-leaf",
        license_link=LICENCE_FILE,
        model_name=facts.manifest.name,
        pipeline_tag="text-generation",
        tags=["seedbed", "lab", "taxonomy"],
    )
    return f"---\n{data.to_yaml()}\n---\n"
