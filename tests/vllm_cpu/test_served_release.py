"""A release that our training made, served by vLLM: it stops, and answers, as it did in evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from support.engine_room import SMALL, EngineRoom, vllm_room
from support.garden import NUMBERS, WORDS, make_garden
from support.tiny_model import build_tiny_model

from seedbed.generation.sample import Sample
from seedbed.teacher.teacher import FinishReason, Message, Request
from seedbed_training.evaluation.evaluate import answer_limit
from seedbed_training.evaluation.gate import Limits
from seedbed_training.evaluation.score import Case
from seedbed_training.releasing.prepare_plan import prepare_plan
from seedbed_training.releasing.release import cut_release
from seedbed_training.releasing.run_evaluation import run_evaluation
from seedbed_training.releasing.run_training import run_training

AGREE, COUNT = "compositional_skills/agree", "compositional_skills/count"


@dataclass(frozen=True)
class Served:
    """A release behind the engine, what it was asked in evaluation, and what it said."""

    room: EngineRoom
    asked: dict[str, tuple[Sample, ...]]
    said: dict[str, Case]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("release")
    base = build_tiny_model(
        folder / "base", words=WORDS, hidden=64
    )  # vLLM's heads have 32 dimensions or more
    garden = make_garden(folder / "garden", base)
    for leaf, topic, answer in ((AGREE, "yes", "yes"), (COUNT, "nine", " ".join(NUMBERS))):
        garden.add_leaf(leaf)
        garden.generate(leaf, answer, topic=topic)
    preparation = prepare_plan(garden.workspace, recipe=replace(garden.recipe, precision="fp32"))
    run_training(garden.workspace, preparation)
    evaluation = run_evaluation(garden.workspace, preparation)
    manifest = cut_release(garden.workspace, preparation, evaluation, limits=Limits(minimum_score=0.9))
    said = {case.case.sample: case.case for score in evaluation.arms["this"].values() for case in score.cases}
    with vllm_room(
        garden.workspace.release_directory(manifest.name), settings=replace(SMALL, dtype="float32")
    ) as room:
        yield Served(room, dict(preparation.held_out), said)


def test_every_held_out_question_has_the_answer_of_the_evaluation_and_its_end(served: Served) -> None:
    samples = [
        (sample, answer_limit([other.answer for other in leaf]))
        for leaf in served.asked.values()
        for sample in leaf
    ]
    answers = served.room.answers(
        *(Request(sample.messages[:-1], max_tokens=limit) for sample, limit in samples)
    )
    assert len(answers) == len(served.said) == 6
    for (sample, _), answer in zip(samples, answers, strict=True):
        assert answer.finish_reason is FinishReason.STOP, answer
        assert answer.text == served.said[sample.id].answer == sample.answer


def test_it_stops_when_it_may_go_on(served: Served) -> None:
    """A stop token that the server does not know would show here: the answer would go on to the limit."""
    question = Message("user", served.asked[COUNT][0].question)
    [answer] = served.room.answers(Request((question,), max_tokens=300))
    assert (answer.text, answer.finish_reason) == (" ".join(NUMBERS), FinishReason.STOP)
    assert answer.completion_tokens <= len(NUMBERS) + 1


def test_a_conversation_goes_on_after_its_own_answer(served: Served) -> None:
    sample = served.asked[COUNT][0]
    heard = (*sample.messages, Message("user", served.asked[AGREE][0].question))
    [answer] = served.room.answers(Request(heard, max_tokens=40))
    assert answer.finish_reason is FinishReason.STOP
