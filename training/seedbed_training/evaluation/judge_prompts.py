"""What a judge of answers is told: the templates under `prompts/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from seedbed.errors import ConfigurationError
from seedbed.generation.templates import Templates
from seedbed.teacher.teacher import Teacher

_NAMES = ("judge_system", "judge_answer", "judge_pair", "judge_leaf")
_SHOWN = 4  # unknown words


def check_reads(judge: Teacher) -> None:
    """Raise ConfigurationError for a model without words for what judges are told, such as the sandbox's teacher.

    Held to a list of grades it would still name one, and nobody could see that it means nothing.
    """
    told = judge_templates().render("judge_system", {"mark": ""})
    unknown = judge.unknown_words(told)
    if unknown:
        raise ConfigurationError(
            f"{judge.identity} cannot judge: it has no word for {', '.join(word.strip() for word in unknown[:_SHOWN])}",
            hint='name a general model: judge = "openai:URL#MODEL" under [evaluation] in seedbed.toml, or --judge',
        )


@cache
def judge_templates() -> Templates:
    """All of them, compiled once."""
    folder = files("seedbed_training.evaluation") / "prompts"
    return Templates({name: (folder / f"{name}.txt").read_text(encoding="utf-8") for name in _NAMES})
