"""What a dry run says of the chat template: whether the base has one, and what the recipe's would add."""

from __future__ import annotations

from pathlib import Path

from seedbed_training.learning.chat_base import (
    CHAT_TEMPLATES,
    grown_vocabulary,
    has_chat_template,
    refuse_adapters,
)
from seedbed_training.planning.memory import ModelShape
from seedbed_training.planning.recipe import OWN_TEMPLATE, TrainingRecipe


def template_line(recipe: TrainingRecipe, shape: ModelShape) -> str | None:
    """A line for the report; None where the base's own template is asked for and nothing speaks against it.

    Raises ConfigurationError where training would: adapters alone, on a base that needs new tokens.
    """
    folder = Path(recipe.base_model)
    here = folder.is_dir() and any(folder.glob("tokenizer*"))
    if here and has_chat_template(folder):
        return "chat template: the base's own" if recipe.chat_template != OWN_TEMPLATE else None
    if recipe.chat_template == OWN_TEMPLATE:
        missing = "chat template: the base has none, so it cannot be trained; chat_template: labradorite gives it one"
        return missing if here else None
    if here and recipe.lora is not None:
        raise refuse_adapters(recipe.base_model)
    tokens = len(CHAT_TEMPLATES[recipe.chat_template].every_token)
    rows = grown_vocabulary(shape.vocabulary, shape.vocabulary + tokens)
    given = (
        "is given to the base, which has none" if here else "is given to the base if it has none of its own"
    )
    alone = "; adapters alone could not learn it" if recipe.lora is not None else ""
    return (
        f"chat template: {recipe.chat_template}'s {given}: {tokens} tokens at most, {shape.vocabulary:,} rows of the "
        f"embeddings become {rows:,}, and a copy of the base with them is kept below bases/{alone}"
    )
