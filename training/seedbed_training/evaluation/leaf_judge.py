"""The judge of leaves whose answers can be put in many words: a grade of a closed list for each held-out case.

The grades are those of generation (LAB paper, figure 4). What is judged stands between marks that it cannot contain, and
whatever is not a grade to the letter is no verdict and earns nothing: a judge that repeats what it reads gives 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seedbed.errors import TrainingError
from seedbed.generation.asking import Asker, Usage, together
from seedbed.generation.enclosure import mark_of
from seedbed.generation.funnel import Loss
from seedbed.generation.judging import PAIR_SCORES, VERDICT_TOKENS, ask_verdict
from seedbed.generation.normalise import normalised
from seedbed.teacher.teacher import Message, Request, Teacher
from seedbed_training.evaluation.judge_prompts import check_reads, judge_templates
from seedbed_training.evaluation.score import Case, CaseScore, Metric, exact_match

WORTH = dict(zip(PAIR_SCORES, (0.0, 0.5, 1.0), strict=True))


@dataclass(frozen=True, slots=True)
class Question:
    """What a judge is asked: a case, and whose answer it is."""

    leaf: str
    case: Case


async def judge_cases(
    judge: Teacher,
    questions: Sequence[Question],
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Sequence[CaseScore]:
    """A score for each case, in their order. An answer that is the reference is right, an empty one wrong, unasked.

    Raises ConfigurationError for a judge that cannot read, TeacherError when it is lost, TrainingError when it could
    not be asked about some of them.
    """
    check_reads(judge)
    asker, usage = Asker(judge), Usage()
    done = 0

    async def graded(question: Question) -> CaseScore | None:
        nonlocal done
        found = _plain(question.case) or await _graded(question.case, asker, usage)
        done += 1
        progress(done, len(questions))
        return found

    found = await together(graded(question) for question in questions)
    lost = sorted({question.leaf for question, score in zip(questions, found, strict=True) if score is None})
    if lost:
        count = sum(score is None for score in found)
        raise TrainingError(
            f"the judge failed on {count} of {len(questions)} answers, of {', '.join(lost)}",
            hint="its log or its server says why; the same command asks it these alone again",
        )
    return [score for score in found if score is not None]


def grade_request(case: Case) -> Request:
    """The request for one grade; the same for the same case, so that a journal knows it again."""
    variables = {
        "mark": mark_of("judged", case.question, case.reference, case.answer),
        "question": case.question,
        "reference": case.reference,
        "answer": case.answer,
    }
    templates = judge_templates()
    messages = (
        Message("system", templates.render("judge_system", variables)),
        Message("user", templates.render("judge_leaf", variables)),
    )
    return Request(messages, max_tokens=VERDICT_TOKENS, temperature=0.0, seed=0, choices=PAIR_SCORES)


def _plain(case: Case) -> CaseScore | None:
    """The score of a case that needs no judge."""
    if not normalised(case.answer):
        return CaseScore(case, 0.0, Metric.JUDGE)
    same = exact_match(case).score == 1.0
    return CaseScore(case, 1.0, Metric.JUDGE) if same else None


async def _graded(case: Case, asker: Asker, usage: Usage) -> CaseScore | None:
    """None when the judge could not be asked."""
    verdict = await ask_verdict(grade_request(case), asker, usage)
    if verdict is Loss.FAILED:
        return None
    if isinstance(verdict, Loss):
        return CaseScore(case, 0.0, Metric.NO_VERDICT)
    return CaseScore(case, WORTH[verdict.choice], Metric.JUDGE)
