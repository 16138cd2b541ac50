"""A base that was never taught to converse learns it: template, tokens and rows come to it once, and stay with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples
from transformers import AutoModelForCausalLM, AutoTokenizer

from seedbed.errors import ConfigurationError, StoreError
from seedbed_training.learning.chat_base import LABRADORITE, has_chat_template, make_chat_copy
from seedbed_training.learning.encode import load_encoder
from seedbed_training.learning.model import load_student, model_digest
from seedbed_training.learning.progress import Silence
from seedbed_training.learning.train import train


def base_without_template(directory: Path, *, tied: bool = True, stored: torch.dtype = torch.float32) -> Path:
    """As pre-trained models come: no template, and markers that are words like any other."""
    folder = tiny_student(directory)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    if not tied:
        model.config.tie_word_embeddings = False
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach() * -2)
    model.to(stored).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_without_template(tmp_path_factory.mktemp("chat") / "base")


def test_conversations_are_written_as_labs_are(base: Path, tmp_path: Path) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(make_chat_copy(base, "labradorite", kept_in=tmp_path))
    turns = [("system", "S"), ("user", "Q"), ("assistant", "A"), ("user", "Q"), ("assistant", "A")]
    chat = [{"role": role, "content": content} for role, content in turns]
    assert tokenizer.apply_chat_template(chat, tokenize=False) == (
        "<|system|>\nS\n<|user|>\nQ\n<|assistant|>\nA<|endoftext|>\n<|user|>\nQ\n<|assistant|>\nA<|endoftext|>"
    )
    assert tokenizer.apply_chat_template(chat[:2], tokenize=False, add_generation_prompt=True) == (
        "<|system|>\nS\n<|user|>\nQ\n<|assistant|>\n"
    )
    for token in LABRADORITE.every_token:
        (index,) = tokenizer(token, add_special_tokens=False)["input_ids"]
        assert index in tokenizer.all_special_ids
    assert tokenizer.eos_token == "<|endoftext|>"


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16])
def test_new_rows_are_the_mean_of_the_old_and_the_old_stay(
    tmp_path: Path, tied: bool, stored: torch.dtype
) -> None:
    base = base_without_template(tmp_path / "base", tied=tied, stored=stored)
    copy = make_chat_copy(base, "labradorite", kept_in=tmp_path / "bases")
    before, after = (AutoModelForCausalLM.from_pretrained(folder, dtype="auto") for folder in (base, copy))
    known = before.config.vocab_size
    assert after.config.vocab_size % 8 == 0 and after.config.vocab_size >= known + 2
    assert after.dtype == stored
    for old, new in (
        (before.get_input_embeddings().weight, after.get_input_embeddings().weight),
        (before.get_output_embeddings().weight, after.get_output_embeddings().weight),
    ):
        assert torch.equal(new[:known], old)
        mean = old.double().mean(0).to(stored)
        torch.testing.assert_close(new[known:], mean.expand_as(new[known:]))
    assert (after.get_input_embeddings().weight is after.get_output_embeddings().weight) == tied
    assert after.generation_config.eos_token_id == AutoTokenizer.from_pretrained(copy).eos_token_id


def test_the_same_base_gives_the_same_copy_and_it_is_made_once(base: Path, tmp_path: Path) -> None:
    one, two = (make_chat_copy(base, "labradorite", kept_in=tmp_path / name) for name in ("1", "2"))
    assert one.name == two.name and model_digest(one) == model_digest(two)
    made = {path: path.stat().st_mtime_ns for path in one.iterdir()}
    assert make_chat_copy(base, "labradorite", kept_in=tmp_path / "1") == one
    assert {path: path.stat().st_mtime_ns for path in one.iterdir()} == made
    assert has_chat_template(one) and not has_chat_template(base)


def test_another_base_has_a_copy_of_its_own(base: Path, tmp_path: Path) -> None:
    other = base_without_template(tmp_path / "other", tied=False)
    assert make_chat_copy(other, "labradorite", kept_in=tmp_path) != make_chat_copy(
        base, "labradorite", kept_in=tmp_path
    )


def test_a_copy_that_was_broken_off_is_not_taken_for_one(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("seedbed_training.learning.model.put_in_place", full)
        with pytest.raises(StoreError, match="No space left"):
            make_chat_copy(base, "labradorite", kept_in=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    assert make_chat_copy(base, "labradorite", kept_in=tmp_path).is_dir()


def test_a_base_without_a_template_is_refused_with_what_gives_it_one(base: Path) -> None:
    with pytest.raises(ConfigurationError, match="no chat template") as caught:
        load_encoder(base)
    assert "chat_template: labradorite" in (caught.value.hint or "")


def test_settings_that_are_no_json_are_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"tokenizer_config\.json cannot be read"):
        has_chat_template(tmp_path)


class _Stop(Silence):
    def __init__(self, after: int) -> None:
        self.left = after

    def step(self, report: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise InterruptedError


def test_from_a_base_without_a_template_to_a_model_that_answers_and_ends(base: Path, tmp_path: Path) -> None:
    """And a run that was broken off ends in the same weights, bit for bit."""
    copy = make_chat_copy(base, "labradorite", kept_in=tmp_path / "bases")
    samples = toy_samples(2)
    recipe = toy_recipe(max_tokens=64)
    phases = tuple(replace(phase, learning_rate=3e-2) for phase in recipe.phases)
    plan = toy_plan((samples, samples), steps=(30, 30), recipe=replace(recipe, phases=phases))
    trained = train(plan, samples, base=copy, run_directory=tmp_path / "run")
    with pytest.raises(InterruptedError):
        train(plan, samples, base=copy, run_directory=tmp_path / "broken", progress=_Stop(41))
    again = train(plan, samples, base=copy, run_directory=tmp_path / "broken")
    assert again.digest == trained.digest
    assert trained.identity.base == model_digest(copy)

    tokenizer: Any = AutoTokenizer.from_pretrained(trained.model)
    assert tokenizer.chat_template == LABRADORITE.source
    model: Any = AutoModelForCausalLM.from_pretrained(trained.model)
    for sample in samples.values():
        asked = tokenizer.apply_chat_template(
            [{"role": "user", "content": sample.question}], add_generation_prompt=True, return_tensors="pt"
        )
        ids = asked["input_ids"]
        said = model.generate(ids, do_sample=False, max_new_tokens=40)[0, ids.shape[1] :]
        assert tokenizer.convert_ids_to_tokens(said.tolist()) == [*sample.answer.split(), "<|endoftext|>"]


def test_the_tokenizer_is_part_of_the_runs_identity(base: Path, tmp_path: Path) -> None:
    copy = make_chat_copy(base, "labradorite", kept_in=tmp_path)
    assert load_student(copy).tokenizer_digest != load_student(base).tokenizer_digest
