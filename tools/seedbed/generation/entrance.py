"""Whether a teacher can be trusted with a leaf at all: does it know the words, does it answer the leaf's own seeds?"""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.generation.answering import other_exemplar, write_answer
from seedbed.generation.asking import Asker, Usage, together
from seedbed.generation.normalise import normalised
from seedbed.generation.seed import Seed
from seedbed.generation.task import Draft, SourcePassage, Task, Written
from seedbed.teacher.teacher import Teacher

_NAMED_WORDS = 5


def unreadable_words(
    seeds: Sequence[Seed], passages: Sequence[SourcePassage], teacher: Teacher
) -> str | None:
    """Why a closed vocabulary cannot read a leaf's seeds and passages, naming some of the words; None when it can."""
    texts = [text for seed in seeds for text in (seed.question, seed.answer, seed.context or "")]
    found = teacher.unknown_words("\n".join([*texts, *(passage.text for passage in passages)]))
    if not found:
        return None
    unknown = tuple(
        dict.fromkeys(word.strip() or word for word in found)
    )  # some tokens begin with their space
    named = ", ".join(repr(word) for word in unknown[:_NAMED_WORDS])
    more = f" and {len(unknown) - _NAMED_WORDS} more" if len(unknown) > _NAMED_WORDS else ""
    return f"{teacher.identity.model} does not know the words {named}{more}"


async def failed_entrance(task: Task, asker: Asker, usage: Usage) -> str | None:
    """Why the teacher is not trusted: it answers too few of the training seeds as their author did. None if it does."""
    training = task.seeds.training
    if task.recipe.entrance <= 0 or not training:
        return None
    answers = await together(
        write_answer(
            task,
            Draft(seed.question, seed.context, seed.kind),
            other_exemplar(training, index),
            index,
            asker,
            usage,
            role="entrance",
            temperature=0.0,
        )
        for index, seed in enumerate(training)
    )
    right = sum(
        isinstance(answer, Written) and normalised(answer.answer) == normalised(seed.answer)
        for answer, seed in zip(answers, training, strict=True)
    )
    if right >= task.recipe.entrance * len(training):
        return None
    needed = f"{task.recipe.entrance:.0%}"
    return f"{asker.teacher.identity.model} answers {right} of the leaf's {len(training)} training seeds; {needed} is asked"
