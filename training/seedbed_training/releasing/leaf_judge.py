"""From settings to how leaves are scored, and to the judge of those that a judge grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from seedbed.config import FILE_NAME, TeacherSettings
from seedbed.errors import ConfigurationError, UsageError
from seedbed.generation.project import journaled
from seedbed.teacher import event_loop
from seedbed.teacher.open_teacher import open_teacher, parse_teacher
from seedbed_training.evaluation.leaf_judge import Question, judge_cases
from seedbed_training.evaluation.measures import Measure, Measures
from seedbed_training.evaluation.score import Case, CaseScore
from seedbed_training.releasing.workspace import Workspace

JUDGE_JOURNAL = "judge.sqlite"
OWN_TEACHER = "teacher"
"""The value of `[evaluation] judge` that stands for [teacher]."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Each case that a judge graded, by arm and sample, and who it was."""

    judge: str
    scores: Mapping[tuple[str, str], CaseScore]


def leaf_measures(workspace: Workspace) -> Measures:
    """How leaves are scored here. Raises ConfigurationError where a leaf is to be judged and nobody judges."""
    judge = judge_settings(workspace)
    chosen = tuple((one.leaves, Measure(one.measure)) for one in workspace.settings.evaluation.measures)
    if judge is None and any(measure is Measure.JUDGE for _, measure in chosen):
        raise ConfigurationError(
            f"{FILE_NAME}: evaluation.measures has leaves judged, but no judge is named",
            hint='judge = "teacher" under [evaluation], or another model as --teacher names it',
        )
    return Measures(PurePath(judge.model).name if judge else None, chosen)


def judge_settings(workspace: Workspace) -> TeacherSettings | None:
    """The teacher that `[evaluation] judge` names. Raises ConfigurationError when it names none."""
    own, teacher = workspace.settings.evaluation, workspace.settings.teacher
    if own.judge is None or own.judge == OWN_TEACHER:
        return teacher if own.judge else None
    try:
        found = parse_teacher(own.judge, teacher)
    except UsageError as error:
        raise ConfigurationError(
            f"{FILE_NAME}: evaluation.judge: {error.message.removeprefix('--teacher ')}",
            hint='judge = "teacher" is the model of [teacher]',
        ) from error
    key = own.judge_api_key_variable
    return replace(found, api_key_variable=key) if key else found


def judge_arms(
    workspace: Workspace,
    arms: Mapping[str, Mapping[str, Sequence[Case]]],
    *,
    progress: Callable[[int, int], None],
) -> Judged:
    """Grade every case of `arms` (arm → leaf → cases); a judge that was asked before is not asked again.

    Raises TeacherError when the judge cannot be had or is lost, TrainingError when it failed on some answers; what it
    said until then is kept.
    """
    settings = judge_settings(workspace)
    assert settings is not None
    judge = journaled(open_teacher(settings), workspace.state / JUDGE_JOURNAL, retry_failed=True)
    places = [
        (arm, Question(leaf, case))
        for arm, leaves in arms.items()
        for leaf, cases in leaves.items()
        for case in cases
    ]

    async def run() -> Sequence[CaseScore]:
        try:
            return await judge_cases(judge, [question for _, question in places], progress=progress)
        finally:
            await judge.close()

    scores = event_loop.run(run())
    found = {
        (arm, question.case.sample): score for (arm, question), score in zip(places, scores, strict=True)
    }
    return Judged(str(judge.identity), found)
