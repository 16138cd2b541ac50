from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_time import FakeTime
from support.openai_server import FaultyServer, answer, openai_server, served, status

from seedbed.errors import TeacherError
from seedbed.teacher.journal import request_key
from seedbed.teacher.model_list import ServedModel
from seedbed.teacher.openai_server import OpenAITeacher, open_openai_teacher
from seedbed.teacher.routing import beginning, ranked
from seedbed.teacher.teacher import Completion, Message, Request

names = st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6, unique=True)


@given(st.binary(min_size=1, max_size=16), names)
def test_losing_a_server_moves_only_what_was_its_own(digest: bytes, servers: list[str]) -> None:
    order = [servers[place] for place in ranked(digest, servers)]
    assert sorted(order) == sorted(servers)
    for lost in servers:
        left = [server for server in servers if server != lost]
        assert [left[place] for place in ranked(digest, left)] == [one for one in order if one != lost]


def document(number: int, task: str = "Ask.") -> Request:
    passage = f"Passage {number}. " + "It says the same all the way down. " * 30
    return Request((Message("system", "Be brief."), Message("user", f"{passage}\n\n{task}")), 12)


def test_all_tasks_of_a_document_begin_alike_and_documents_spread_evenly() -> None:
    assert len({beginning(document(7, task).messages) for task in ("Ask.", "Answer.", "Judge.")}) == 1
    servers = ["http://a/v1", "http://b/v1", "http://c/v1", "http://d/v1"]
    homes = Counter(ranked(beginning(document(number).messages), servers)[0] for number in range(2000))
    assert min(homes.values()) > 400 and max(homes.values()) < 600


def ask(servers: list[str], requests: list[Request], *, at_once: int, **settings: object) -> list[Completion]:
    time = FakeTime()

    async def run() -> list[Completion]:
        teacher = OpenAITeacher(
            servers,
            ServedModel("tiny"),
            sleep=time.sleep,
            clock=time.now,
            **settings,  # type: ignore[arg-type]
        )
        answers = []
        try:
            for start in range(0, len(requests), at_once):
                work = [teacher.complete(request) for request in requests[start : start + at_once]]
                answers += await asyncio.gather(*work)
        finally:
            await teacher.close()
        return answers

    return asyncio.run(run())


def documents_seen(server: FaultyServer) -> set[str]:
    return {body["messages"][-1]["content"].partition(".")[0] for body in server.bodies}


def test_a_document_stays_on_its_server() -> None:
    requests = [document(number, task) for task in ("Ask.", "Answer.", "Judge.") for number in range(40)]
    with openai_server() as one, openai_server() as other:
        ask([one.address, other.address], requests, at_once=8)
        assert documents_seen(one) & documents_seen(other) == set()
        assert len(one.bodies) + len(other.bodies) == 120 and min(len(one.bodies), len(other.bodies)) > 20


def test_one_document_alone_keeps_every_server_busy() -> None:
    with openai_server(seconds=0.02) as one, openai_server(seconds=0.02) as other:
        ask(
            [one.address, other.address],
            [document(1, f"Task {n}.") for n in range(40)],
            at_once=40,
            concurrency=4,
        )
        assert min(len(one.bodies), len(other.bodies)) > 10


def test_when_a_server_is_lost_the_others_take_its_work() -> None:
    requests = [document(number) for number in range(30)]
    with openai_server() as one:
        with openai_server() as lost:
            pass
        answers = ask([lost.address, one.address], requests, at_once=10)
        assert len(one.bodies) == 30
    assert all(answer.text.startswith("Passage") for answer in answers)


def test_an_overloaded_server_is_spared_and_the_others_work_on() -> None:
    requests = [document(number) for number in range(60)]
    with openai_server(otherwise=status(503, "full", Retry_After="60")) as full, openai_server() as free:
        answers = ask([full.address, free.address], requests, at_once=20)
        assert len(free.bodies) == 60
        assert len(full.bodies) <= 25
    assert all(answer.text.startswith("Passage") for answer in answers)


def test_who_answers_is_no_part_of_a_requests_key() -> None:
    with openai_server() as one, openai_server() as other:
        keys = {
            request_key(open_openai_teacher(urls, "tiny", environment={}).identity, document(1))
            for urls in (one.address, other.address, [one.address, other.address])
        }
    assert len(keys) == 1


def test_servers_of_different_models_are_refused() -> None:
    with (
        openai_server(models=served("tiny", revision="abc")) as one,
        openai_server(models=served("tiny", revision="def")) as other,
        pytest.raises(TeacherError, match="do not serve the same model: 'tiny' is abc"),
    ):
        open_openai_teacher([one.address, other.address], "tiny", environment={})


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next() -> None:
    """See test_hostile_servers for a server that really sends one; here: other answers are told apart by request."""
    with openai_server([answer("first")]) as server:
        answers = ask([server.address], [document(1), document(2)], at_once=1)
    assert answers[0].text == "first" and answers[1].text.startswith("Passage 2")
