"""The model card as one text: Markdown with YAML front matter, as model hubs read it. Pure."""

from __future__ import annotations

from seedbed_training.releasing.card.benchmarks import benchmark_section
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.front_matter import front_matter
from seedbed_training.releasing.card.lineage import lineage_section
from seedbed_training.releasing.card.markdown import code, first_few
from seedbed_training.releasing.card.scores import score_section
from seedbed_training.releasing.card.summary import summary_section
from seedbed_training.releasing.card.taught import taught_section
from seedbed_training.releasing.card.training import training_section
from seedbed_training.releasing.card.usage import usage_section
from seedbed_training.releasing.workspace import SANDBOX_STUDENT

CARD_FILE = "README.md"


def model_card(facts: CardFacts) -> str:
    """The card; ends in a newline."""
    sections = [
        front_matter(facts),
        summary_section(facts),
        "## What it was taught\n",
        taught_section(facts),
        "## Use it\n",
        usage_section(facts),
        "## What it learned and what it kept\n",
        score_section(facts),
        benchmark_section(facts),
        "## How it was trained\n",
        training_section(facts),
        "## What it was made from\n",
        lineage_section(facts),
        "## Limits\n",
        _limits(facts),
    ]
    return "\n".join(section for section in sections if section)


def _limits(facts: CardFacts) -> str:
    known = {score.leaf for score in facts.manifest.scores}
    silent = [leaf.name for leaf in facts.kept if leaf.name not in known]
    limits = [
        "The scores speak for questions like those of the leaves, asked as they were asked there, and for nothing else.",
        "Answers to train on came from the teachers named above, and so do their errors.",
        "No test for bias or harm was made of it.",
    ]
    if facts.manifest.base_model == SANDBOX_STUDENT:
        limits.append(
            "The base is the small student that comes with Seedbed: it has a vocabulary of its own for a handful of "
            "tasks, shows how releases are made, and is of no other use."
        )
    if silent:
        limits.append(f"Nothing was held out for {first_few([code(name) for name in silent])}.")
    return "".join(f"- {limit}\n" for limit in limits)
