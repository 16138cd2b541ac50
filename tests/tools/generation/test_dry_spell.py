"""When a run is warned that nothing comes of it."""

from __future__ import annotations

from seedbed.generation.dry_spell import AGAIN, EARLY, LATER, DrySpell, DrySpellWatch
from seedbed.generation.funnel import Loss
from seedbed.generation.unanswered import Trouble
from seedbed.reports.unanswered import dry_spell_text


def told(losses: list[Loss | None]) -> list[DrySpell]:
    watch = DrySpellWatch()
    return [spell for loss in losses if (spell := watch.decided(loss)) is not None]


def test_a_run_that_accepts_nothing_is_told_early_and_again_after_ten_times_as_much() -> None:
    assert told([Loss.WRONG] * (EARLY - 1)) == []
    first, second = told([Loss.WRONG] * (AGAIN * EARLY))
    assert (first.attempts, second.attempts) == (EARLY, AGAIN * EARLY)
    assert first.from_start and not first.teacher_fails


def test_one_sample_is_enough_for_silence_unless_the_teacher_fails_later() -> None:
    assert told([None, *[Loss.REPEATED] * 10 * LATER]) == []
    assert told([Loss.WRONG] * (EARLY - 1) + [Loss.SURPLUS] + [Loss.WRONG] * 10 * LATER) == []
    [spell] = told([None, *[Loss.FAILED] * LATER])
    assert spell.teacher_fails and not spell.from_start
    assert len(told([None, *[Loss.FAILED] * LATER, None, *[Loss.FAILED] * LATER])) == 2


def test_repeats_of_what_had_no_answer_do_not_hide_that_the_teacher_fails() -> None:
    [spell] = told([Loss.FAILED] * 5 + [Loss.REPEATED] * (EARLY - 5))
    assert spell.teacher_fails
    [spell] = told([Loss.WRONG] * 5 + [Loss.REPEATED] * (EARLY - 5))
    assert not spell.teacher_fails


def test_the_warning_names_the_commonest_reason_and_what_to_do() -> None:
    [judged] = told([Loss.UNFIT_QUESTION] * 30 + [Loss.REPEATED] * 10)
    text = dry_spell_text(judged, ())
    assert "none of the first 40 attempts became a sample: 30 question judged unfit, 10 repeated" in text
    assert "seedbed preview" in text
    [failed] = told([Loss.FAILED] * EARLY)
    text = dry_spell_text(failed, (Trouble("HTTP 500", 40, "on \x1b[31mfire"),))
    assert "HTTP 500, such as: on" in text and "\x1b" not in text and "seedbed doctor --teacher" in text
