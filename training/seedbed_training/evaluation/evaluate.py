"""Ask a model everything that was held out, and score it leaf by leaf."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from seedbed.errors import TrainingError
from seedbed.generation.sample import Sample
from seedbed.teacher.teacher import FinishReason, Request, Teacher
from seedbed.teacher.transformers_model import load_transformers_teacher
from seedbed_training.evaluation.score import Case, LeafScore, score_leaf

Progress = Callable[[int, int], None]
"""Called with how many questions were answered and how many there are in all."""


def evaluate(
    model_directory: Path,
    held_out: Mapping[str, Sequence[Sample]],
    *,
    progress: Progress = lambda done, total: None,
) -> Mapping[str, LeafScore]:
    """The score per leaf of the model in `model_directory`, greedily decoded; leaves without samples are left out.

    Every sample must be held out. Raises TeacherError when the model cannot be loaded or asked, MissingExtraError when
    torch is not installed, TrainingError when the back end could not answer a question (a long or empty answer is no
    failure: it is scored).
    """
    assert all(sample.held_out for samples in held_out.values() for sample in samples)
    if not any(held_out.values()):
        return {}
    return asyncio.run(_evaluate(load_transformers_teacher(str(model_directory)), held_out, progress))


async def _evaluate(
    model: Teacher, held_out: Mapping[str, Sequence[Sample]], progress: Progress
) -> Mapping[str, LeafScore]:
    samples = [sample for leaf in sorted(held_out) for sample in held_out[leaf]]
    limits = {
        leaf: answer_limit([sample.answer for sample in held_out[leaf]])
        for leaf in held_out
        if held_out[leaf]
    }
    free = asyncio.Semaphore(model.concurrency)
    done = 0

    async def ask(sample: Sample) -> Case:
        nonlocal done
        request = Request(messages=sample.messages[:-1], max_tokens=limits[sample.leaf])
        async with free:
            completion = await model.complete(request)
        if completion.finish_reason in (FinishReason.REFUSED, FinishReason.FAILED):
            raise TrainingError(
                f"the model could not be asked a held-out question of {sample.leaf}: {completion.detail}",
                hint=f"seedbed show {sample.leaf} shows the sample {sample.id}",
            )
        done += 1
        progress(done, len(samples))
        return Case(sample.id, sample.question, sample.answer, completion.text)

    try:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(ask(sample)) for sample in samples]
    except* TrainingError as failures:
        raise failures.exceptions[0] from None
    finally:
        await model.close()
    by_leaf: dict[str, list[Case]] = {}
    for sample, task in zip(samples, asked, strict=True):
        by_leaf.setdefault(sample.leaf, []).append(task.result())
    return {leaf: score_leaf(leaf, cases) for leaf, cases in by_leaf.items()}


def answer_limit(references: Sequence[str]) -> int:
    """Tokens that a leaf's answers may have: one for two characters of its longest reference, and 16 more.

    No right answer is cut off by it, and a model that never stops costs no more than a right answer twice over.
    """
    return 16 + max(map(len, references)) // 2
