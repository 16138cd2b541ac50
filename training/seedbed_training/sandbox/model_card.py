"""The card that lies beside a sandbox model: what it is, how it was made, what it can and cannot do."""

from __future__ import annotations

from collections.abc import Mapping

from seedbed_training.sandbox.pretraining import PretrainingRecipe

_WHAT = {
    "teacher": """\
A teacher small enough for a laptop. It knows a handful of task families (rules over short lists of words, contact
cards, sheets of facts) in the prompts of the `sandbox` generation recipe, and nothing else: it writes new questions
from a leaf's seeds, answers them after an example, and reads answers out of a passage. What it writes for a leaf comes
from the model; it was trained on families of tasks with random words, never on the answers of a leaf.

Its vocabulary is closed: Seedbed refuses a leaf that has other words and names the setting that brings a real teacher.""",
    "student": """\
A base student small enough to be taught on a laptop in minutes. It can copy words, and it can work on lists and cards
when told so by code words that mean nothing elsewhere (`zib: lamp, rope`), as a base model can do things that it has
not yet been told to call by their names. It knows no leaf's way of asking and no document's facts.""",
}


def model_card(role: str, recipe: PretrainingRecipe, accuracy: Mapping[str, float], cases: int) -> str:
    """Markdown with a Hugging Face front matter."""
    rows = "\n".join(f"| {name} | {share:.3f} |" for name, share in accuracy.items())
    return f"""---
license: apache-2.0
library_name: transformers
language: en
tags: [seedbed, sandbox, tiny]
---

# Seedbed sandbox {role}

{_WHAT[role]}

## How it was made

`seedbed sandbox build --role {role}` trains it from random weights, on one CPU core in about an hour or less, from
conversations drawn by code (`training/seedbed_training/sandbox/`) with seed {recipe.seed}; no text from elsewhere.
Llama architecture, {recipe.layers} layers of width {recipe.hidden}, one token a word; {recipe.steps:,} steps of
{recipe.batch} conversations with AdamW at {recipe.learning_rate:g}, falling to 0 over the last {recipe.decay_share:.0%}.
Every figure of the recipe is in `sandbox.json`.

## Measured

Share of right replies on {cases} cases of each kind. Answers are greedy, on questions that training never drew (one
question in sixteen is kept back by its digest); what the teacher writes is sampled at the temperatures of the `sandbox`
generation recipe, and is right when it belongs to the family, word for word; a list that names a word twice is not.

| role/family | right |
|---|---|
{rows}
"""
