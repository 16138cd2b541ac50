"""Two real engines on a local Ray cluster, as one teacher."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.engine_room import SMALL, EngineRoom, engine_room

from seedbed.errors import TeacherError
from seedbed.teacher.ray_engines import load_ray_teacher
from seedbed.teacher.routing import beginning, ranked
from seedbed.teacher.teacher import FinishReason, Message, Request


@pytest.fixture(scope="module")
def cluster(byte_model: Path) -> Iterator[EngineRoom]:
    import ray

    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=200 << 20,
        _node_ip_address="127.0.0.1",
        log_to_driver=False,
    )
    try:
        with engine_room(
            load_ray_teacher(str(byte_model), engines=2, concurrency=64, settings=SMALL)
        ) as room:
            yield room
    finally:
        ray.shutdown()


def requests(count: int, *, tokens: int = 16) -> list[Request]:
    """About ten documents, with several requests each."""
    return [
        Request(
            (Message("user", f"document {number % 10} " + "word " * (number % 10 * 5) + f"task {number}"),),
            max_tokens=tokens,
            temperature=(number % 2) * 0.8,
            seed=number,
            choices=("YES", "NO") if number % 5 == 0 else None,
        )
        for number in range(count)
    ]


def test_two_engines_answer_as_one_and_when_one_is_lost_the_other_answers_for_it(
    engine: EngineRoom, cluster: EngineRoom, caplog: pytest.LogCaptureFixture
) -> None:
    import ray

    teacher, single = cluster.teacher, engine.teacher
    assert teacher.identity == single.identity and teacher.concurrency == 2 * single.concurrency
    assert cluster.answers(*requests(200)) == engine.answers(*requests(200))

    names = teacher._names  # type: ignore[attr-defined]
    homes = {ranked(beginning(request.messages), names)[0] for request in requests(10)}
    assert homes == {0, 1}  # both have documents of their own

    many = {"type": "array", "items": {"type": "string"}, "minItems": 60, "maxItems": 60}
    long = [replace(request, choices=None, json_schema=many) for request in requests(60, tokens=400)]

    async def one_dies() -> list[object]:
        pending = [asyncio.ensure_future(teacher.complete(request)) for request in long]
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        ray.kill(teacher._engines[0])  # type: ignore[attr-defined]
        return list(await asyncio.gather(*pending))

    answered = cluster.run(one_dies())
    assert [answer.finish_reason for answer in answered].count(FinishReason.FAILED) == 0
    assert "engine 0 of 2 is lost, 1 left" in caplog.text
    assert cluster.answers(*long) == answered  # the same from the one that is left

    ray.kill(teacher._engines[1])  # type: ignore[attr-defined]
    with pytest.raises(TeacherError, match="all 2 vLLM engines are lost"):
        cluster.answers(long[0])


def test_more_engines_than_the_cluster_has_room_for_are_refused(
    cluster: EngineRoom, byte_model: Path
) -> None:
    teacher = load_ray_teacher(str(byte_model), engines=9)
    refused = pytest.raises(TeacherError, match="9 engines need 9 CPUs; Ray's cluster has 2")
    with engine_room(teacher) as room, refused:
        room.answers(*requests(1))
