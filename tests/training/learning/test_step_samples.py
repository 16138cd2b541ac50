"""A step gets its samples as the plan has them, whether they were encoded ahead of it or not."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_sample, toy_samples

from seedbed.errors import UsageError
from seedbed.generation.sample import Sample
from seedbed_training.learning import step_samples
from seedbed_training.learning.encode import Encoder, load_encoder
from seedbed_training.learning.step_samples import StepSamples


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return load_encoder(tiny_student(tmp_path_factory.mktemp("steps") / "student"))


def of(encoder: Encoder, samples: dict[str, Sample], **changes: Any) -> tuple[StepSamples, list[str]]:
    said: list[str] = []
    plan = toy_plan((samples, samples), steps=(5, 3), recipe=toy_recipe(**changes))
    return StepSamples(plan, samples, encoder, said.append), said


@pytest.mark.parametrize("cached", [0, 40, 10**6])
@pytest.mark.parametrize("first_step", [0, 2, 4])
def test_reading_ahead_gives_what_reading_gives(
    encoder: Encoder, cached: int, first_step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_samples, "CACHED_TOKENS", cached)
    ahead, _ = of(encoder, toy_samples(9), max_tokens=14)
    plainly, _ = of(encoder, toy_samples(9), max_tokens=14)
    rows_of = ahead.reader(0, first_step)
    for step in range(first_step, 5):
        planned = ahead.planned_at(0, step)
        assert planned is not None
        assert rows_of(planned) == plainly.rows(planned)
        assert ahead.left_out == plainly.left_out, "a step ahead was counted already"
    assert ahead.planned_at(0, 5) is None
    assert ahead.left_out


def test_the_next_step_is_encoded_while_this_one_is_trained(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, _ = of(encoder, toy_samples(20))
    planned = [samples.planned_at(0, step) or [] for step in range(5)]
    encoded = threading.Event()
    rows_within = encoder.rows_within

    def watched(given: Any, *, max_tokens: int) -> Any:
        given = list(given)
        if [identity for identity, _ in given] == [each.id for each in planned[1]]:
            assert threading.current_thread() is not threading.main_thread()
            encoded.set()
        return rows_within(given, max_tokens=max_tokens)

    monkeypatch.setattr(encoder, "rows_within", watched)
    rows_of = samples.reader(0, 0)
    rows_of(planned[0])
    assert encoded.wait(30)
    assert [row.id for row in rows_of(planned[1])] == [each.id for each in planned[1]]


def test_what_is_wrong_with_the_next_step_is_said_when_it_is_its_turn(encoder: Encoder) -> None:
    given = toy_samples(20)
    plan = toy_plan((given, given), steps=(5, 3))
    bad = plan.phases[0].samples[plan.phases[0].steps[1][0]].id
    swapped = {**given, bad: dataclasses.replace(given[bad], held_out=True)}
    samples = StepSamples(plan, swapped, encoder, lambda line: None)
    rows_of = samples.reader(0, 0)
    assert rows_of(samples.planned_at(0, 0) or [])
    with pytest.raises(UsageError, match=f"{bad} .* is held out"):
        rows_of(samples.planned_at(0, 1) or [])


def test_none_that_can_be_trained_on(encoder: Encoder) -> None:
    with pytest.raises(
        UsageError, match=r"not one of the plan's 70 samples .* longer than 3 tokens"
    ) as caught:
        of(encoder, toy_samples(70), max_tokens=3)
    assert next(iter(toy_samples(1))) in caught.value.message


def test_the_last_of_many_can_be_trained_on(encoder: Encoder) -> None:
    long = {sample.id: sample for sample in (toy_sample(n, answer="w1 " * 60) for n in range(130))}
    short = toy_sample(500)
    samples, said = of(encoder, {**long, short.id: short}, max_tokens=40)
    assert len(samples.left_out) == 130
    samples.tell_left_out()
    first = next(iter(long))
    assert said == [
        f"130 of 131 samples are left out: longer than 40 tokens (the first: {first} of {short.leaf})"
    ]


def test_a_plan_for_another_tokenizer_is_told_once(encoder: Encoder) -> None:
    given = toy_samples(6)
    plan = toy_plan((given, given), steps=(2, 2))
    wrong = plan.phases[0].samples.tokens
    wrong += 1
    said: list[str] = []
    samples = StepSamples(plan, given, encoder, said.append)
    samples.rows(list(plan.phases[0].samples))
    assert len(said) == 1
    assert "another tokenizer" in said[0]


def test_importing_brings_no_model(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, seedbed_training.learning.step_samples, seedbed_training.learning.token_counts; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path).returncode == 0
