from random import Random

import numpy as np
import pytest
import torch

from seedbed_training.sandbox.build import draw_for_student, sandbox_tokenizer
from seedbed_training.sandbox.pretraining import PretrainingRecipe, encode, loss_weights, pretrain, rate_at
from seedbed_training.sandbox.tokenizer import PAD

TINY = PretrainingRecipe(
    hidden=16, layers=1, heads=2, intermediate=24, steps=20, batch=4, warmup_steps=2, seed=3
)


class Killed(Exception):
    pass


def test_an_interrupted_run_ends_in_the_same_weights(tmp_path):
    tokenizer = sandbox_tokenizer()
    unbroken = pretrain(
        draw_for_student, tokenizer, TINY, tmp_path / "unbroken", checkpoint_steps=5, report=str
    )

    drawn = 0

    def draw_and_die(random, step):
        nonlocal drawn
        drawn += 1
        if drawn == 2 * TINY.batch * 8 + 1:  # in the third group of batches, a checkpoint behind it
            raise Killed
        return draw_for_student(random, step)

    with pytest.raises(Killed):
        pretrain(draw_and_die, tokenizer, TINY, tmp_path / "broken", checkpoint_steps=5, report=str)
    resumed = pretrain(draw_for_student, tokenizer, TINY, tmp_path / "broken", checkpoint_steps=5, report=str)
    for expected, actual in zip(unbroken.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(expected, actual)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path):
    tokenizer = sandbox_tokenizer()
    pretrain(draw_for_student, tokenizer, TINY, tmp_path, checkpoint_steps=20, report=str)
    other = PretrainingRecipe(
        hidden=16, layers=1, heads=2, intermediate=24, steps=30, batch=4, warmup_steps=2, seed=3
    )
    with pytest.raises(ValueError, match="another recipe"):
        pretrain(draw_for_student, tokenizer, other, tmp_path, report=str)


def test_only_replies_and_a_little_of_the_prompt_count():
    tokenizer = sandbox_tokenizer()
    text = encode(
        (("user", "lamp rope"), ("assistant", "tea"), ("user", "ink"), ("assistant", "oven door tea"))
    )
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    (weights,) = loss_weights(np.array([[*ids, PAD]]), 0.1)
    by_token = list(zip(tokenizer.convert_ids_to_tokens([*ids, PAD]), weights.tolist(), strict=True))
    replies = [(token, round(weight, 3)) for token, weight in by_token if weight > 0.1001]
    assert replies == [("▁tea", 0.707), ("<|end|>", 0.707)] + [
        (t, 0.5) for t in ("▁oven", "▁door", "▁tea", "<|end|>")
    ]
    assert by_token[-1] == ("<|pad|>", 0.0)
    assert all(weight == 0 for token, weight in by_token if token in ("<|user|>", "<|assistant|>"))


def test_the_rate_rises_stays_and_falls_to_nothing():
    recipe = PretrainingRecipe(steps=1000, warmup_steps=100, learning_rate=1.0, decay_share=0.4)
    assert rate_at(recipe, 0) == pytest.approx(0.01)
    assert rate_at(recipe, 300) == 1.0
    assert rate_at(recipe, 800) == pytest.approx(0.5)
    assert rate_at(recipe, 1000) == 0.0


def test_the_curriculum_ends(tmp_path):
    from seedbed_training.sandbox.build import COPYING_STEPS, draw_for_teacher

    def copies(step):
        random = Random(1)
        drawn = [draw_for_teacher(random, step) for _ in range(400)]
        return sum(conversation[0][1] == conversation[-1][1] for conversation in drawn) / len(drawn)

    assert copies(0) == pytest.approx(0.5, abs=0.1)
    assert copies(COPYING_STEPS) == 0
