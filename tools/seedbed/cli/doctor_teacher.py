"""`seedbed doctor --teacher`: open the teacher, say what it is and can do, and how quick it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

from seedbed.cli.diagnosis import Diagnosis, State
from seedbed.config import TeacherSettings
from seedbed.errors import SeedbedError
from seedbed.reports.plural import counted
from seedbed.teacher import event_loop
from seedbed.teacher.examine_teacher import LONGEST, Found, Speed, examine
from seedbed.teacher.open_teacher import open_teacher
from seedbed.teacher.openai_server import OpenAITeacher
from seedbed.teacher.teacher import Teacher

PATIENCE = int(LONGEST) - 5  # seconds for one answer
_SUBJECTS = ("choices", "logprobs", "schema")


def diagnose_teacher(settings: TeacherSettings) -> Iterator[Diagnosis]:
    """One line each, as soon as it is known; a teacher that cannot be used is BLOCKED."""
    try:
        # Its own deadline first: it says what went wrong until then, as an `examine` that loses patience could not.
        teacher = open_teacher(replace(settings, timeout_seconds=min(settings.timeout_seconds, PATIENCE)))
    except SeedbedError as error:
        yield Diagnosis("teacher", State.BLOCKED, error.message, error.hint)
        return
    yield Diagnosis("teacher", State.OK, str(teacher.identity))
    yield from _described(teacher)
    with event_loop.runner() as runner:
        findings = examine(teacher)
        subjects = iter(_SUBJECTS)
        try:
            while True:
                found = event_loop.run_in(runner, _next(findings))
                yield _speed(found) if isinstance(found, Speed) else _ability(next(subjects), found)
        except StopAsyncIteration:
            pass
        except SeedbedError as error:
            yield Diagnosis("teacher", State.BLOCKED, error.message, error.hint)
        finally:
            runner.run(teacher.close())


async def _next(findings: AsyncIterator[Found | Speed]) -> Found | Speed:
    return await anext(findings)


def _described(teacher: Teacher) -> Iterator[Diagnosis]:
    """What a teacher says of itself before it is asked anything."""
    if isinstance(teacher, OpenAITeacher):
        for name, version in teacher.versions():
            yield Diagnosis("server", State.OK, f"{version} at {name}")
        context = teacher.served.context
    else:
        context = getattr(teacher, "context", None)
    room = f"{context:,} tokens of prompt and answer together" if context else "of a length it does not tell"
    yield Diagnosis("context", State.OK, room)


def _ability(subject: str, found: Found) -> Diagnosis:
    return Diagnosis(subject, State.OK if found.works else State.ATTENTION, found.detail)


def _speed(speed: Speed) -> Diagnosis:
    asked = f"{counted(speed.in_flight, 'request')} in flight"
    if not speed.answers:
        return Diagnosis("speed", State.ATTENTION, f"{asked}: no answer: {speed.trouble}")
    measured = f"{counted(speed.answers, 'answer')} in {speed.seconds:.1f} s"
    return Diagnosis("speed", State.OK, f"{asked}: {speed.tokens_per_second:,.0f} tokens/s ({measured})")
