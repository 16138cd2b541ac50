"""What a judge of answers is told: the templates under `prompts/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from seedbed.generation.templates import Templates

_NAMES = ("judge_system", "judge_answer", "judge_pair", "judge_leaf")


@cache
def judge_templates() -> Templates:
    """All of them, compiled once."""
    folder = files("seedbed_training.evaluation") / "prompts"
    return Templates({name: (folder / f"{name}.txt").read_text(encoding="utf-8") for name in _NAMES})
