"""How a model is to be asked: its prompt template written out, and the tokens that end its answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUESTION, SYSTEM = "{question}", "{system message}"


@dataclass(frozen=True, slots=True)
class PromptForm:
    """`template` holds `{question}` and, if the model knows system messages, `{system message}`."""

    template: str
    stop: tuple[str, ...]


def read_prompt_form(folder: Path) -> PromptForm:
    """The form of the model in `folder`, from its own chat template and generation settings.

    A person who serves the model elsewhere needs both: with another template, or without the stop token, it answers
    worse or never ends.
    """
    from transformers import AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(folder)
    try:
        ends = GenerationConfig.from_pretrained(folder).eos_token_id
    except OSError:
        ends = None  # a model without generation settings ends where its tokenizer says
    ends = tokenizer.eos_token_id if ends is None else ends
    tokens = tokenizer.convert_ids_to_tokens(ends if isinstance(ends, list) else [ends])
    return PromptForm(_template(tokenizer), tuple(str(token) for token in tokens))


def _template(tokenizer: Any) -> str:
    from jinja2.exceptions import TemplateError

    question = {"role": "user", "content": QUESTION}
    alone = _rendered(tokenizer, [question])
    try:
        whole = _rendered(tokenizer, [{"role": "system", "content": SYSTEM}, question])
    except TemplateError:
        return alone  # the template refuses system messages
    return whole if SYSTEM in whole else alone


def _rendered(tokenizer: Any, messages: list[dict[str, str]]) -> str:
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
