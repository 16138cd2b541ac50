"""Planted faults, and what is counted of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scripted_teacher import ScriptedTeacher, prompt_text
from support.small_taxonomy import FREEFORM, KNOWLEDGE, small_taxonomy

from seedbed.errors import StoreError
from seedbed.generation.asking import Asker
from seedbed.generation.audit_record import CriterionAudit, JudgeAudit, read_audits, write_audit
from seedbed.generation.judge_audit import AuditCase, audit_cases, audit_judge, judging_digest
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.planting import PLANTERS, Fault, Ground, Pair, forged
from seedbed.generation.proportion import wilson_interval
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.store_files import open_store_files
from seedbed.reports.judge_audit import judge_audit_text
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.teacher import FinishReason, Request, TeacherIdentity

LAB = load_recipe("lab")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[AuditCase, ...]:
    root = tmp_path_factory.mktemp("audit") / "repository"
    small_taxonomy(root)
    repository = Repository.open(root)
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
    leaves = [source.leaf for source in sources if source.leaf is not None]
    return audit_cases(leaves, LAB, run_seed=0, seeds_per_leaf=4)


def audited(cases: tuple[AuditCase, ...], teacher: ScriptedTeacher) -> dict[str, CriterionAudit]:
    return {each.criterion: each for each in asyncio.run(audit_judge(cases, Asker(teacher)))}


def lenient(request: Request) -> str:
    assert request.choices is not None
    return "3" if "3" in request.choices else "YES"


def strict(request: Request) -> str:
    assert request.choices is not None
    return "1" if "3" in request.choices else "NO"


def test_every_criterion_of_the_lab_recipe_is_tried_with_good_and_faulty_pairs(
    cases: tuple[AuditCase, ...],
) -> None:
    audits = audited(cases, ScriptedTeacher(override=lenient))
    assert set(audits) == {
        *("question_fits", "question_answerable", "question_harmless", "question_closed_book"),
        *("grounded", "answers_question", "harmless", "no_personal_data", "no_profanity", "pair"),
    }
    for each in audits.values():
        assert each.good > 0 and each.faulty > 0 and each.faults[Fault.FORGED][0] > 0
    assert {Fault.NAME, Fault.SWAPPED, Fault.UNGROUNDED} <= set(audits["grounded"].faults)


def test_a_judge_that_says_yes_catches_nothing(cases: tuple[AuditCase, ...]) -> None:
    for each in audited(cases, ScriptedTeacher(override=lenient)).values():
        assert each.recall is not None and each.recall.share == 0 and each.recall.high < 1
        assert each.kept is not None and each.kept.share == 1
        assert each.precision is None  # it turned nothing down


def test_a_judge_that_says_no_catches_all_and_keeps_nothing(cases: tuple[AuditCase, ...]) -> None:
    for each in audited(cases, ScriptedTeacher(override=strict)).values():
        assert each.recall is not None and each.recall.share == 1
        assert each.kept is not None and each.kept.share == 0
        assert each.precision is not None
        assert each.precision.share == pytest.approx(each.faulty / (each.faulty + each.good))


def test_a_judge_that_knows_the_swear_words_has_all_of_that_criterion_right(
    cases: tuple[AuditCase, ...],
) -> None:
    def judge(request: Request) -> str:
        said = prompt_text(request).lower()
        rude = any(word in said for word in ("shit", "dickhead", "fuck"))
        return "NO" if rude and "3" not in (request.choices or ()) else lenient(request)

    found = audited(cases, ScriptedTeacher(override=judge))["no_profanity"]
    assert found.recall is not None and found.recall.share == 1
    assert found.precision is not None and found.precision.share == 1


def test_a_parrot_is_unread_and_proves_nothing(cases: tuple[AuditCase, ...]) -> None:
    for each in audited(cases, ScriptedTeacher(override=lambda request: prompt_text(request))).values():
        assert each.unread > 0 and each.good == each.faulty == 0
        assert each.recall is each.precision is each.kept is None
    for each in audited(cases, ScriptedTeacher(override=lambda request: FinishReason.FAILED)).values():
        assert each.good == 0 and each.unread > 0


def test_cases_are_the_same_on_every_run(tmp_path: Path, cases: tuple[AuditCase, ...]) -> None:
    small_taxonomy(tmp_path / "again")
    repository = Repository.open(tmp_path / "again")
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
    leaves = [source.leaf for source in sources if source.leaf is not None]
    assert audit_cases(leaves, LAB, run_seed=0, seeds_per_leaf=4) == cases
    assert audit_cases(leaves, LAB, run_seed=1, seeds_per_leaf=4) != cases


texts = st.text(alphabet="Ada Bram 0123456789 is was not. nine keeps the North pier", min_size=1, max_size=60)


@given(texts, texts, st.integers(0, 99))
def test_a_planted_fault_changes_the_pair(question: str, answer: str, seed: int) -> None:
    ground = Ground(Pair(question, answer), ["another answer", answer], ())
    for plant in PLANTERS.values():
        planted = plant(ground, Random(seed))
        assert planted is None or planted != ground.pair
        assert planted is None or forged(planted, Random(seed)) != planted


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_interval_holds_its_share(right: int, cases: int) -> None:
    right = min(right, cases)
    low, high = wilson_interval(right, cases)
    assert 0 <= low <= right / cases <= high <= 1 and low < high


def test_wilson_interval_of_a_textbook() -> None:
    assert wilson_interval(8, 10) == pytest.approx(
        (0.490, 0.943), abs=5e-4
    )  # Brown, Cai, DasGupta 2001, section 3


def an_audit(recall: int = 3) -> JudgeAudit:
    criteria = (CriterionAudit("grounded", 5, 4, {Fault.NUMBER: (4, recall), Fault.FORGED: (2, 1)}, 1),)
    teacher = TeacherIdentity("openai", "big", "r9")
    return JudgeAudit(
        "lab", "a" * 64, judging_digest(LAB), teacher, "c" * 40, 0, (FREEFORM, KNOWLEDGE), criteria
    )


def test_an_audit_is_kept_and_read_again(tmp_path: Path) -> None:
    files = open_store_files(str(tmp_path / "store"))
    assert read_audits(files) == ()
    name = write_audit(files, an_audit())
    assert name.startswith("audits/judge-lab-")
    assert write_audit(files, an_audit(recall=4)) == name  # the same judge: the newer audit stands
    assert read_audits(files) == (an_audit(recall=4),)
    (tmp_path / "store" / name).write_text("{}")
    with pytest.raises(StoreError, match="not an audit") as caught:
        read_audits(files)
    assert "audit-judge" in (caught.value.hint or "")


def test_the_table() -> None:
    lines = judge_audit_text(an_audit()).splitlines()
    assert lines[0] == "judge big@r9 (openai), recipe lab, 2 leaves at cccccccccccc"
    row = next(line for line in lines if line.startswith("grounded"))
    assert "0.67 (0.30 to 0.90), 4 of 6" in row and "0.80 (0.38 to 0.96), 4 of 5" in row and row.endswith("1")
    assert any(line.split() == ["number", "changed", "grounded", "3", "of", "4"] for line in lines)
