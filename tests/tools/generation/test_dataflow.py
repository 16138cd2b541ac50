"""The dataflow: nothing waits for what it does not need, quotas are met or their shortfall is told, parts share a store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.repositories import RepositoryBuilder
from support.scripted_teacher import ScriptedTeacher
from support.small_taxonomy import (
    FREEFORM,
    GROUNDED,
    HARBOUR,
    KNOWLEDGE,
    LEAVES,
    freeform_leaf,
    small_taxonomy,
)

from seedbed.errors import StoreError, TeacherError, UsageError
from seedbed.generation.asking import Asker, Usage
from seedbed.generation.catalogue import FILE_NAME as CATALOGUE
from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.generate import generate
from seedbed.generation.grow_task import TaskGrowth, attempts_wanted
from seedbed.generation.leaf_outcome import Outcome
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.shard import Shard
from seedbed.generation.store import SampleStore
from seedbed.reports.funnel import shortfall
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.teacher import Completion, Message, Request

RECIPE = with_samples(load_recipe("sandbox"), 12)


def sources_of(path: Path) -> tuple[LeafSource, ...]:
    repository = Repository.open(path)
    return read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")


class StuckTeacher(ScriptedTeacher):
    """Never answers the first request that asks for a question, until all else is answered."""

    def __init__(self) -> None:
        super().__init__(concurrency=64)
        self.stuck: asyncio.Future[None] | None = None
        self.after: list[Request] = []

    async def complete(self, request: Request) -> Completion:
        if self.stuck is None and request.messages[-1].content.startswith("Ask about this:\nThe"):
            self.stuck = asyncio.get_running_loop().create_future()
            await self.stuck
        elif self.stuck is not None and not self.stuck.done():
            self.after.append(request)
        return await super().complete(request)


def test_one_slow_answer_holds_up_no_other_passage_or_leaf(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")
    teacher = StuckTeacher()

    async def run() -> None:
        running = asyncio.create_task(
            generate(
                sources_of(tmp_path / "repository"),
                recipe=RECIPE,
                teacher=teacher,
                store=SampleStore.open(tmp_path / "store"),
            )
        )
        before = -1
        while before != len(teacher.after) or teacher.stuck is None:
            before = len(teacher.after)
            for _ in range(200):
                await asyncio.sleep(0)
        for _ in range(200):  # what is whole is stored by a thread
            await asyncio.sleep(0.01 if len(SampleStore.open(tmp_path / "store").keys()) < 2 else 0)
        stored = {entry.leaf for entry in SampleStore.open(tmp_path / "store").catalogue()}
        assert stored == {FREEFORM, GROUNDED}
        last = {request.messages[-1].content for request in teacher.after}
        assert any(text.startswith("Ask for a sentence about this:\nThe") for text in last)  # another stage
        teacher.stuck.set_result(None)
        await running

    asyncio.run(run())


def test_open_passages_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = small_taxonomy(tmp_path / "repository")
    many = "\n\n".join(
        f"# Part {n}\n\nThe dock number {n} is kept by Ida. It is made of iron, and painted green. " * 3
        for n in range(60)
    )
    builder.write(f"taxonomy/{KNOWLEDGE}/harbour.md", f"{HARBOUR}\n\n{many}")
    builder.commit("sixty passages")
    begun = ended = widest = 0
    original = TaskGrowth.grow

    async def counted(growth: TaskGrowth) -> None:
        nonlocal begun, ended, widest
        begun += 1
        widest = max(widest, begun - ended)
        await original(growth)
        ended += 1

    monkeypatch.setattr(TaskGrowth, "grow", counted)
    few = with_samples(load_recipe("sandbox"), 2)
    source = next(one for one in sources_of(tmp_path / "repository") if one.name == KNOWLEDGE)
    teacher = ScriptedTeacher(concurrency=4, shuffle=True)
    asyncio.run(generate([source], recipe=few, teacher=teacher, store=SampleStore.open(tmp_path / "store")))
    assert begun == ended > 100
    assert widest <= 12


def test_sources_are_read_as_there_is_room(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "repository")
    for number in range(40):
        builder.write_leaf(
            f"taxonomy/foundational_skills/words/leaf_{number:02}", freeform_leaf(f"Task {number}.")
        )
    builder.commit("forty leaves")
    read = finished = ahead = 0

    def lazily() -> Iterator[LeafSource]:
        nonlocal read, ahead
        for source in sources_of(tmp_path / "repository"):
            read += 1
            ahead = max(ahead, read - finished)
            yield source

    class Watcher:
        def answered(self, completion: Completion) -> None: ...
        def decided(self, loss: Loss | None, share: float) -> None: ...
        def finished(self, outcome: object) -> None:
            nonlocal finished
            finished += 1

    asyncio.run(
        generate(
            lazily(),
            recipe=RECIPE,
            teacher=ScriptedTeacher(concurrency=8, shuffle=True),
            store=SampleStore.open(tmp_path / "store"),
            progress=Watcher(),
        )
    )
    assert read == finished == 40 and ahead <= 16 + 1  # in flight and in line, and the one that waits


def test_requests_go_out_in_the_order_of_their_places() -> None:
    teacher = ScriptedTeacher(shuffle=True)
    asked: list[int] = []
    teacher._override = lambda request: asked.append(request.seed) or "x"

    async def run() -> None:
        asker = Asker(teacher, in_flight=1)
        usage = Usage()

        def ask(number: int, *place: int) -> asyncio.Task[object]:
            request = Request((Message("user", "x"),), max_tokens=1, seed=number)
            return asyncio.ensure_future(asker.at(*place).ask(request, usage))

        await asyncio.gather(ask(1, 9), ask(2, 1, 0), ask(3, 0, 7), ask(4, 0, 2), ask(5, 0, 2))

    asyncio.run(run())
    assert asked == [1, 4, 5, 3, 2]


@given(st.lists(st.booleans(), max_size=400), st.integers(1, 60), st.integers(0, 300))
def test_attempts_follow_from_decisions(outcomes: list[bool], target: int, extra: int) -> None:
    budget, begun, accepted = target + extra, 0, 0
    for decided, good in enumerate([*outcomes, None]):
        wanted = attempts_wanted(decided, accepted, target, budget)
        begun = max(begun, wanted)
        assert begun <= budget
        if accepted >= target or begun == decided == budget or good is None:
            break
        assert begun > decided  # something is under way while a sample is missing and attempts are left
        accepted += good
    assert attempts_wanted(0, 0, None, budget) == budget


def test_a_shortfall_is_told_with_its_causes(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")
    source = next(one for one in sources_of(tmp_path / "repository") if one.name == KNOWLEDGE)
    outcome = asyncio.run(
        generate(
            [source], recipe=RECIPE, teacher=ScriptedTeacher(), store=SampleStore.open(tmp_path / "store")
        )
    )[0]
    total = outcome.total
    assert total.wanted == 3 * 2 * 12 and total.missing == total.wanted - total.kept > 0
    assert total.asked == 3 * (
        RECIPE.knowledge_short.attempts + RECIPE.knowledge_long.attempts
    )  # the whole budget
    assert total.largest_losses[0][0] is Loss.REPEATED
    assert shortfall(total).startswith(
        f"{total.missing} of 72 wanted are missing after {total.asked} attempts, most lost to: "
    )
    stored = SampleStore.open(tmp_path / "store").describe(outcome.key or "")
    assert sum(stored.funnels.values(), Funnel()).missing == total.missing


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "x" * 100_000, "{{ 7 * 7 }}", "\u202e", "<|im_end|>"])
def test_one_bad_sample_fails_no_leaf(tmp_path: Path, text: str) -> None:
    small_taxonomy(tmp_path / "repository")
    teacher = ScriptedTeacher(override=lambda request: text if request.seed % 3 == 0 else None)
    outcomes = asyncio.run(
        generate(
            sources_of(tmp_path / "repository"),
            recipe=replace(RECIPE, entrance=0.0),
            teacher=teacher,
            store=SampleStore.open(tmp_path / "store"),
        )
    )
    assert {outcome.outcome for outcome in outcomes} == {Outcome.GENERATED}
    assert all(outcome.total.kept for outcome in outcomes)


def test_one_broken_leaf_stops_no_other(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")

    def break_cards(request: Request) -> str | None:
        if "Name: " in request.messages[-1].content:
            raise ZeroDivisionError("a defect")
        return None

    outcomes = asyncio.run(
        generate(
            sources_of(tmp_path / "repository"),
            recipe=RECIPE,
            teacher=ScriptedTeacher(override=break_cards),
            store=SampleStore.open(tmp_path / "store"),
        )
    )
    states = {outcome.name: outcome.outcome for outcome in outcomes}
    assert states == {
        FREEFORM: Outcome.GENERATED,
        GROUNDED: Outcome.BROKEN,
        KNOWLEDGE: Outcome.GENERATED,
    }


def test_nothing_is_asked_once_the_teacher_is_lost(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")
    teacher = ScriptedTeacher(concurrency=4, fail_at=40, failure=TeacherError("gone"))
    with pytest.raises(TeacherError, match="gone"):
        asyncio.run(
            generate(
                sources_of(tmp_path / "repository"),
                recipe=RECIPE,
                teacher=teacher,
                store=SampleStore.open(tmp_path / "store"),
            )
        )
    assert len(teacher.requests) == 40


def test_every_leaf_is_in_exactly_one_shard() -> None:
    names = [f"knowledge/town/leaf_{n}" for n in range(500)]
    for count in (1, 2, 7):
        shards = [Shard(index, count) for index in range(1, count + 1)]
        assert all(sum(shard.holds(name) for shard in shards) == 1 for name in names)
        sizes = [sum(map(shard.holds, names)) for shard in shards]
        assert min(sizes) > 0.6 * len(names) / count
    assert [n for n in range(12) if Shard(1, 3).holds(names[n])] == [1, 2, 5, 6, 9, 11]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2", "1/2/3", ""])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(UsageError, match="expected I/N"):
        Shard.parse(text)


def test_shards_fill_one_store_at_the_same_time(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")
    sources = sources_of(tmp_path / "repository")
    shards = [Shard(1, 2), Shard(2, 2)]

    async def both() -> None:
        await asyncio.gather(
            *(
                generate(
                    [source for source in sources if shard.holds(source.name)],
                    recipe=RECIPE,
                    teacher=ScriptedTeacher(shuffle=True),
                    store=SampleStore.open(tmp_path / "store"),
                    shard=shard,
                )
                for shard in shards
            )
        )

    asyncio.run(both())
    asyncio.run(
        generate(sources, recipe=RECIPE, teacher=ScriptedTeacher(), store=SampleStore.open(tmp_path / "one"))
    )
    parts, one = (
        {path.name: path.read_bytes() for path in (tmp_path / name / "samples").iterdir()}
        for name in ("store", "one")
    )
    assert parts == one and len(one) == 2 * len(LEAVES)


def test_who_may_write_beside_whom(tmp_path: Path) -> None:
    store = SampleStore.open(tmp_path)
    with store.writing(Shard(1, 2)):
        with store.writing(Shard(2, 2)):
            pass
        for other in (Shard(1, 2), Shard(1, 1)):
            with (
                pytest.raises(StoreError, match="another process"),
                SampleStore.open(tmp_path).writing(other),
            ):
                pass
    with store.writing(), pytest.raises(StoreError), SampleStore.open(tmp_path).writing(Shard(1, 2)):
        pass


def test_damaged_samples_are_made_again(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")

    def run() -> tuple[Outcome, ...]:
        outcomes = asyncio.run(
            generate(
                sources_of(tmp_path / "repository"),
                recipe=RECIPE,
                teacher=ScriptedTeacher(),
                store=SampleStore.open(tmp_path / "store"),
            )
        )
        return tuple(outcome.outcome for outcome in outcomes)

    run()
    folder = tmp_path / "store" / "samples"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    tables, records = sorted(folder.glob("*.parquet")), sorted(folder.glob("*.json"))
    tables[0].write_bytes(tables[0].read_bytes()[:100])
    records[1].write_text('{"version": 1, "key"')
    tables[2].unlink()
    (tmp_path / "store" / CATALOGUE).unlink()  # what it remembers is not read again: a record never changes
    assert (
        len(SampleStore.open(tmp_path / "store").catalogue()) == 1
    )  # the cut table is found when it is read
    assert run().count(Outcome.GENERATED) == 3
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert len(SampleStore.open(tmp_path / "store").catalogue()) == 3
