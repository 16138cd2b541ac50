"""Ask a model everything that was held out, leaf by leaf."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from seedbed.errors import TrainingError
from seedbed.generation.asking import together
from seedbed.generation.sample import Sample
from seedbed.teacher import event_loop
from seedbed.teacher.teacher import FinishReason, Request, Teacher
from seedbed.teacher.transformers_model import load_transformers_teacher
from seedbed_training.evaluation.score import Case, LeafScore, score_leaf

Progress = Callable[[int, int], None]
"""Called with how many questions were answered and how many there are in all."""
Answered = Callable[[str, Sequence[Case]], None]
"""Called with a leaf and its cases as soon as its last question is answered."""


def evaluate(
    model_directory: Path,
    held_out: Mapping[str, Sequence[Sample]],
    *,
    progress: Progress = lambda done, total: None,
    likelihood: bool = True,
) -> Mapping[str, LeafScore]:
    """The score per leaf of the model in `model_directory`, by words; raises as `answer` does."""
    answers = answer(model_directory, held_out, progress=progress, likelihood=likelihood)
    return {leaf: score_leaf(leaf, cases) for leaf, cases in answers.items()}


def answer(
    model_directory: Path,
    held_out: Mapping[str, Sequence[Sample]],
    *,
    progress: Progress = lambda done, total: None,
    answered: Answered = lambda leaf, cases: None,
    likelihood: bool = True,
) -> Mapping[str, tuple[Case, ...]]:
    """What the model in `model_directory` answers, greedily decoded; leaves without samples are left out.

    Every sample must be held out. Without `likelihood` no case has `nats`, which saves a third of the time where answers
    are short. Raises TeacherError when the model cannot be loaded or asked, MissingExtraError when
    torch is not installed, TrainingError when the back end could not answer a question (a long or empty answer is no
    failure: it is scored).
    """
    assert all(sample.held_out for samples in held_out.values() for sample in samples)
    asked = {leaf: held_out[leaf] for leaf in sorted(held_out) if held_out[leaf]}
    if not asked:
        return {}
    return event_loop.run(
        _answer(load_transformers_teacher(str(model_directory)), asked, progress, answered, likelihood)
    )


async def _answer(
    model: Teacher,
    held_out: Mapping[str, Sequence[Sample]],
    progress: Progress,
    answered: Answered,
    likelihood: bool,
) -> Mapping[str, tuple[Case, ...]]:
    free = asyncio.Semaphore(model.concurrency)
    total = sum(map(len, held_out.values()))
    done = 0

    async def ask(sample: Sample, limit: int) -> Case:
        nonlocal done
        async with free:
            completion = await model.complete(Request(messages=sample.messages[:-1], max_tokens=limit))
            if completion.finish_reason in (FinishReason.REFUSED, FinishReason.FAILED):
                raise TrainingError(
                    f"the model could not be asked a held-out question of {sample.leaf}: {completion.detail}",
                    hint=f"seedbed show {sample.leaf} shows the sample {sample.id}",
                )
            nats = await reference_nats(model, sample) if likelihood else None
        done += 1
        progress(done, total)
        return Case(sample.id, sample.question, sample.answer, completion.text, nats)

    async def ask_leaf(leaf: str, samples: Sequence[Sample]) -> tuple[str, tuple[Case, ...]]:
        limit = answer_limit([sample.answer for sample in samples])
        cases = tuple(await together(ask(sample, limit) for sample in samples))
        answered(leaf, cases)
        return leaf, cases

    try:
        return dict(await together(ask_leaf(leaf, samples) for leaf, samples in held_out.items()))
    finally:
        await model.close()


async def reference_nats(model: Teacher, sample: Sample) -> float | None:
    """Cross entropy of a held-out answer, its end included, in nats a token; None where the model cannot read it.

    `model` is of the transformers back end, which scores a choice as a whole answer and not against other choices.
    """
    asked = Request(messages=sample.messages[:-1], max_tokens=1, choices=(sample.answer,))
    found = await model.complete(asked)
    if found.choice_log_probabilities is None:
        return None  # too long for the model
    return -found.choice_log_probabilities[sample.answer] / (found.completion_tokens + 1)


def answer_limit(references: Sequence[str]) -> int:
    """Tokens that a leaf's answers may have: one for two bytes of its longest reference, and 16 more.

    No right answer is cut off by it, and a model that never stops costs no more than a right answer twice over.
    """
    return 16 + max(len(reference.encode()) for reference in references) // 2
