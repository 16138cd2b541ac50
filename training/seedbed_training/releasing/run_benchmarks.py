"""Standard benchmarks and judged conversations of a run, its parent and the base; nothing is measured twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError, StoreError
from seedbed.teacher import event_loop
from seedbed.teacher.model_folder import model_revision
from seedbed.teacher.teacher import Teacher
from seedbed.teacher.transformers_model import load_transformers_teacher
from seedbed_training.evaluation.conversation_judge import Answers, answer_questions, compare, grade
from seedbed_training.evaluation.conversation_questions import ConversationQuestion
from seedbed_training.evaluation.harness import Hear, harness_version, run_task
from seedbed_training.evaluation.standard_benchmarks import BenchmarkScore, BenchmarkTask
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.run_evaluation import arm_folders
from seedbed_training.releasing.workspace import Workspace

BENCHMARKS_FILE = "benchmarks.json"
"""In the run's folder: `version` 1; `tool`; `digests`: arm → the weights that were measured; `models`: arm → task →
{value, standard_error, metric, cases, limit}, `limit` where not all cases were asked; `judge`."""
MT_BENCH = "mt_bench"
_ANSWER_TOKENS = 1024

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HarnessOptions:
    """What the harness is told beside the task."""

    include: Path | None = None
    limit: int | None = None


def run_benchmarks(
    workspace: Workspace,
    preparation: Preparation,
    tasks: Sequence[BenchmarkTask],
    options: HarnessOptions,
    *,
    say: Say,
    hear: Hear = lambda text: None,
) -> Mapping[str, Any]:
    """Every task on every arm (`base`, `parent`, `this`); each figure is kept by weights, task and options as soon as
    it is there. `hear` is told what the harness says meanwhile. Returns what the run's file holds then.

    Raises MissingExtraError without the harness, TrainingError when it fails on a task.
    """
    tool = harness_version()
    arms = arm_folders(workspace, preparation)
    found: dict[str, dict[str, Any]] = {}
    for task in tasks:
        for arm, folder in arms.items():
            kept = _kept_file(workspace, folder, task, options)
            if not kept.is_file():
                say(f"{task.name}: {arm}, by {tool}")
                score = run_task(folder, task, include=options.include, limit=options.limit, hear=hear)
                write_whole(kept, json.dumps(asdict(score)) + "\n")
            limited = {"limit": options.limit} if options.limit else {}
            found.setdefault(arm, {})[task.name] = asdict(_read(kept)) | limited
    return _add(workspace, preparation, arms, {"tool": tool, "models": found})


def judge_conversations(
    workspace: Workspace,
    preparation: Preparation,
    questions: Sequence[ConversationQuestion],
    judge: Teacher,
    *,
    judgements: int,
    say: Say,
) -> Mapping[str, Any]:
    """Every arm answers all questions and is graded; `this` is compared with its parent, or with the base.

    `judge` remembers its answers if it is a journalled one. Raises TeacherError when the judge is lost, TrainingError
    when it failed on some answers or gave no grade at all.
    """
    arms = arm_folders(workspace, preparation)

    async def run() -> Mapping[str, Any]:
        answers: dict[str, Answers] = {}
        for arm, folder in arms.items():
            answers[arm] = await _answers(folder, questions, partial(_tell, say, arm))
        grades = {}
        for arm, said in answers.items():
            say(f"{arm}: graded by {judge.identity}")
            grades[arm] = await grade(judge, questions, said, judgements=judgements)
        other = "parent" if "parent" in answers else "base"
        pairs = await compare(judge, questions, answers["this"], answers[other])
        return {
            "models": {
                arm: {
                    MT_BENCH: {
                        "value": found.mean,
                        "standard_error": found.standard_error,
                        "metric": f"grade 1 to 10, {judgements} judgements, spread {found.spread:.2f}",
                        "cases": found.answers,
                        "unread": found.unread,
                    }
                }
                for arm, found in grades.items()
            },
            "judge": {
                "model": str(judge.identity),
                "questions": len(questions),
                "against": other,
                **asdict(pairs),
            },
        }

    return _add(workspace, preparation, arms, event_loop.run(_closing(judge, run)))


def current_benchmarks(
    workspace: Workspace, release: str, digests: Mapping[str, str]
) -> Mapping[str, Any] | None:
    """What was measured of a run with these weights (arm → digest); None where nothing was.

    Raises ConfigurationError when it was measured with other weights, or the file is none.
    """
    path = workspace.run_directory(release) / BENCHMARKS_FILE
    found = _document(path)
    if found is None:
        return None
    strange = [
        arm for arm in found.get("models", {}) if found.get("digests", {}).get(arm) != digests.get(arm)
    ]
    if strange:
        raise ConfigurationError(
            f"{path} was measured with other weights than those of now ({', '.join(strange)})",
            hint=f"measure again: seedbed eval --release {release} --benchmark TASK (or --questions FILE), or remove it",
        )
    return found


def _tell(say: Say, arm: str, done: int, total: int) -> None:
    say(f"{arm}: {done} of {total} conversations")


async def _closing(judge: Teacher, run: Callable[[], Any]) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = await run()
    finally:
        await judge.close()
    return found


async def _answers(
    folder: Path, questions: Sequence[ConversationQuestion], progress: Callable[[int, int], None]
) -> Answers:
    model = load_transformers_teacher(str(folder))
    try:
        return await answer_questions(model, questions, max_tokens=_ANSWER_TOKENS, progress=progress)
    finally:
        await model.close()


def _add(
    workspace: Workspace, preparation: Preparation, arms: Mapping[str, Path], found: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Put what was found beside what the run's file holds already of the same weights."""
    path = workspace.run_directory(preparation.plan.release) / BENCHMARKS_FILE
    digests = {arm: model_revision(folder) for arm, folder in arms.items()}
    known = _document(path) or {}
    if known.get("digests") != digests:
        known = {}
    models = {
        arm: {**known.get("models", {}).get(arm, {}), **tasks} for arm, tasks in found["models"].items()
    }
    whole = {
        **known,
        **found,
        "version": 1,
        "digests": digests,
        "models": {**known.get("models", {}), **models},
    }
    write_whole(path, json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return whole


def _document(path: Path) -> dict[str, Any] | None:
    """None where there is no such file."""
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError(f"{path} is no JSON: {error}", hint="remove it, or make it again") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path} holds no JSON object", hint="remove it, or make it again")
    return found


def _kept_file(workspace: Workspace, folder: Path, task: BenchmarkTask, options: HarnessOptions) -> Path:
    own = _folder_digest(options.include) if options.include is not None else ""
    parts = json.dumps([harness_version(), asdict(task), own, options.limit])
    name = hashlib.sha256(parts.encode()).hexdigest()[:32]
    return workspace.state / "benchmarks" / model_revision(folder) / f"{name}.json"


def _folder_digest(folder: Path) -> str:
    """Over every file of a folder of tasks, so that an edited task is measured anew."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _read(path: Path) -> BenchmarkScore:
    try:
        return BenchmarkScore(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"{path} cannot be read: {error}", hint="remove it; the task is measured again"
        ) from error
