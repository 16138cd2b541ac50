"""Making the sandbox: tokenizer, teacher and base student, from code and a seed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random

from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from seedbed_training.sandbox import base_student, roles
from seedbed_training.sandbox.lexicon import ALL_WORDS
from seedbed_training.sandbox.measuring import Trial, measure, student_trials, teacher_trials
from seedbed_training.sandbox.model_card import model_card
from seedbed_training.sandbox.pretraining import Draw, PretrainingRecipe, pretrain
from seedbed_training.sandbox.roles import Conversation
from seedbed_training.sandbox.tokenizer import build_tokenizer

COPYING_STEPS = 900
"""Steps over which copying, at first half of what the teacher sees, gives way to its roles: no role comes before it."""

RECIPES = {"teacher": PretrainingRecipe(steps=2_400), "student": PretrainingRecipe(steps=2_400)}


def draw_for_teacher(random: Random, step: int) -> Conversation:
    """A conversation in one of the teacher's roles, or early on often one about copying."""
    if random.random() < 0.5 * (1 - step / COPYING_STEPS):
        return base_student.repeat(random)
    return roles.draw_conversation(random)


def draw_for_student(random: Random, step: int) -> Conversation:
    """A conversation of the base student; it has no curriculum."""
    return base_student.draw_conversation(random)


DRAWS: dict[str, Draw] = {"teacher": draw_for_teacher, "student": draw_for_student}
TRIALS: dict[str, Callable[[Random, int], dict[str, list[Trial]]]] = {
    "teacher": teacher_trials,
    "student": student_trials,
}


def sandbox_tokenizer() -> PreTrainedTokenizerFast:
    """Knows every word of the lexicon and every word that any role or family uses around them."""
    random = Random(0)
    texts = [" ".join(ALL_WORDS)]
    for _ in range(20_000):
        texts += [content for _, content in roles.draw_conversation(random)]
        texts += [content for _, content in base_student.draw_conversation(random)]
    return build_tokenizer(texts)


def build(
    role: str,
    destination: Path,
    scratch: Path,
    *,
    cases: int = 128,
    recipe: PretrainingRecipe | None = None,
    report: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train one model (`teacher` or `student`) and write it to `destination` with its measured accuracy.

    Checkpoints lie in `scratch`; an interrupted build goes on from the last one. Returns accuracy by `role/family` on
    `cases` cases each, none of which training ever drew.
    """
    tokenizer, recipe = sandbox_tokenizer(), recipe or RECIPES[role]
    model = pretrain(DRAWS[role], tokenizer, recipe, scratch / role, report=report)
    model.train(False)
    report(f"measuring the {role} on {cases} cases of each kind")
    accuracy = measure(model, tokenizer, TRIALS[role](Random(99), cases))
    _write(model, tokenizer, destination, role, recipe, accuracy, cases)
    return accuracy


def _write(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    destination: Path,
    role: str,
    recipe: PretrainingRecipe,
    accuracy: dict[str, float],
    cases: int,
) -> None:
    """The folder replaces an older one only when it is complete."""
    temporary = destination.with_name(destination.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    model.generation_config.do_sample = False
    model.save_pretrained(temporary)
    tokenizer.save_pretrained(temporary)
    record = {"role": role, "recipe": asdict(recipe), "cases": cases, "accuracy": accuracy}
    (temporary / "sandbox.json").write_text(
        json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    (temporary / "README.md").write_text(model_card(role, recipe, accuracy, cases), encoding="utf-8")
    shutil.rmtree(destination, ignore_errors=True)
    temporary.rename(destination)
