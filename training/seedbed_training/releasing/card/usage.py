"""The card's section on use: five lines that run, the prompt template, the stop token."""

from __future__ import annotations

import json

from seedbed.reports.escape import terminal_text
from seedbed.teacher.teacher import Message
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.markdown import fenced, inline
from seedbed_training.releasing.prompt_form import QUESTION, SYSTEM, PromptForm


def usage_section(facts: CardFacts) -> str:
    """Five lines of Python; they show a question of a leaf where there is one that the model answers rightly."""
    question = facts.example[:-1] or (Message("user", "…"),)
    messages = [{"role": message.role, "content": message.content} for message in question]
    lines = [
        "from transformers import pipeline",
        'model = pipeline("text-generation", model=".")  # the folder of this card',
        f"messages = {messages!r}",
        "answer = model(messages, max_new_tokens=200, do_sample=False)",
        'print(answer[0]["generated_text"][-1]["content"])',
    ]
    text = fenced("\n".join(lines), "python")
    if facts.example:
        text += f"\nIt was not trained on this question, and answers: {inline(facts.example[-1].content)}\n"
    return f"{text}\n{_prompt(facts)}"


def _prompt(facts: CardFacts) -> str:
    holes = (
        f"`{QUESTION}` and `{SYSTEM}` stand" if SYSTEM in facts.prompt.template else f"`{QUESTION}` stands"
    )
    return (
        "Prompt template, which `tokenizer.apply_chat_template` fills in and every other server needs to know; "
        f"{holes} for your text. The model was trained to end each answer with the stop token:\n\n"
        f"{fenced(prompt_form_lines(facts.prompt), 'python')}"
    )


def prompt_form_lines(form: PromptForm) -> str:
    """As two lines of a program: a line break at a template's end counts, and in no other form can it be seen."""
    stop = form.stop[0] if len(form.stop) == 1 else list(form.stop)
    return f"prompt = {_literal(form.template)}\nstop_token = {_literal(stop)}"


def _literal(value: object) -> str:
    return terminal_text(json.dumps(value, ensure_ascii=False))
