"""When a leaf is given up: by its first attempts, in their order, whatever answers come first."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from support.scripted_teacher import ScriptedTeacher
from support.small_taxonomy import KNOWLEDGE, small_taxonomy

from seedbed.generation.funnel import Loss
from seedbed.generation.generate import generate
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.patience import Patience
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.teacher import FinishReason, Request

OUTCOMES = st.sampled_from([Loss.FAILED, Loss.UNPARSABLE, Loss.FAILED, Loss.WRONG, None])


@given(st.lists(st.lists(OUTCOMES, max_size=5), min_size=1, max_size=4), st.integers(0, 8), st.integers())
def test_only_the_first_attempts_decide(tasks: list[list[Loss | None]], limit: int, seed: int) -> None:
    patience, random = Patience(len(tasks), limit), Random(seed)
    heard = [patience.of(index) for index in range(len(tasks))]
    left = [list(losses) for losses in tasks]
    ended: set[int] = set()
    while len(ended) < len(tasks):
        task = random.choice([index for index in range(len(tasks)) if index not in ended])
        if left[task]:
            heard[task](left[task].pop(0))
        else:
            patience.ended(task)
            ended.add(task)
    first = [loss for losses in tasks for loss in losses][:limit]
    failing = all(loss in (Loss.FAILED, Loss.UNPARSABLE) for loss in first)
    assert patience.over == (0 < limit == len(first) and failing)


def run(root: Path, store: Path, teacher: ScriptedTeacher, *, give_up_after: int) -> tuple[LeafOutcome, ...]:
    repository = Repository.open(root)
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
    recipe = with_samples(load_recipe("sandbox"), 12)
    running = generate(
        sources,
        recipe=recipe,
        teacher=teacher,
        store=SampleStore.open(store),
        give_up_after=give_up_after,
    )
    return asyncio.run(running)


def test_a_failing_teacher_is_asked_for_a_part_of_each_leaf_alone(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")

    def failing(request: Request) -> FinishReason | None:
        return FinishReason.FAILED if request.temperature >= 0.8 else None  # contexts and questions

    patient, impatient = ScriptedTeacher(override=failing), ScriptedTeacher(override=failing)
    for outcome in run(tmp_path / "repository", tmp_path / "store", patient, give_up_after=0):
        assert outcome.outcome is Outcome.FAILED and outcome.reason.startswith("nothing is stored")
    for outcome in run(tmp_path / "repository", tmp_path / "store", impatient, give_up_after=10):
        assert outcome.outcome is Outcome.FAILED and "given up after its first" in outcome.reason
        assert outcome.total.asked == outcome.total.lost[Loss.FAILED] < 200
    assert len(impatient.requests) < len(patient.requests)
    assert SampleStore.open(tmp_path / "store").keys() == ()


def test_a_teacher_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")
    mute = ScriptedTeacher(override=lambda request: "" if request.temperature >= 0.8 else None)
    for outcome in run(tmp_path / "repository", tmp_path / "store", mute, give_up_after=10):
        assert outcome.outcome is Outcome.FAILED and "given up after its first" in outcome.reason
        assert " empty" in outcome.reason and outcome.total.asked == outcome.total.lost[Loss.EMPTY]
    assert SampleStore.open(tmp_path / "store").keys() == ()


def test_a_leaf_that_gets_an_answer_at_first_is_as_without_a_bound(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")

    def later(request: Request) -> FinishReason | None:
        return FinishReason.FAILED if request.temperature >= 0.8 and request.seed % 10 else None

    outcomes = run(
        tmp_path / "repository", tmp_path / "bound", ScriptedTeacher(override=later), give_up_after=60
    )
    free = run(tmp_path / "repository", tmp_path / "free", ScriptedTeacher(override=later), give_up_after=0)
    assert [(one.name, one.outcome, one.key) for one in outcomes] == [
        (one.name, one.outcome, one.key) for one in free
    ]
    made = {path.name: path.read_bytes() for path in (tmp_path / "bound" / "samples").iterdir()}
    assert made == {path.name: path.read_bytes() for path in (tmp_path / "free" / "samples").iterdir()}
    assert any(one.name == KNOWLEDGE and one.samples for one in outcomes)
