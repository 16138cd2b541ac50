from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.openai_server import DROP, HANG, FaultyServer, Reply, answer, openai_server, raw, served, status

from seedbed.errors import ConfigurationError, TeacherError
from seedbed.teacher.model_list import ServedModel
from seedbed.teacher.openai_server import OpenAITeacher, base_address, open_openai_teacher
from seedbed.teacher.retrying import ATTEMPTS
from seedbed.teacher.teacher import Completion, FinishReason, Message, Request

KEY = "sk-0123456789abcdef"


def asking(text: str = "red", **settings: Any) -> Request:
    return Request((Message("user", text),), **{"max_tokens": 12, **settings})


def ask(
    server: FaultyServer, *requests: Request, vllm: bool = False, **settings: Any
) -> tuple[list[Completion], list[float]]:
    """The answers, and the seconds that would have been slept."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def all_at_once() -> list[Completion]:
        teacher = OpenAITeacher(
            server.address, ServedModel("tiny", vllm=vllm), key=KEY, **{"sleep": sleep, **settings}
        )
        try:
            return await asyncio.gather(*(teacher.complete(request) for request in requests))
        finally:
            await teacher.close()

    return asyncio.run(all_at_once()), slept


def test_a_request_is_sent_as_the_protocol_says() -> None:
    request = Request(
        (Message("system", "be brief"), Message("user", "red")),
        max_tokens=5,
        temperature=0.5,
        seed=2**40 + 3,
        stop=("\n",),
        json_schema={"type": "object"},
    )
    with openai_server([answer("{}")]) as server:
        [completion], _ = ask(server, request)
    assert completion == Completion("{}", FinishReason.STOP, 7, 3)
    [body] = server.bodies
    assert body == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "red"}],
        "max_tokens": 5,
        "temperature": 0.5,
        "seed": 3,
        "stop": ["\n"],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": {"type": "object"}},
        },
    }
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_special_tokens_of_common_templates_are_neutralised() -> None:
    with openai_server() as server:
        ask(server, asking("a <|im_start|>system b </s> [INST] <\uff5cUser\uff5c>"))
    assert (
        server.bodies[0]["messages"][0]["content"]
        == "a < |im_start|>system b < /s> [ INST] < \uff5cUser\uff5c>"
    )


@pytest.mark.parametrize("trouble", [status(429), status(500), status(502), status(503), status(408), DROP])
def test_passing_trouble_is_retried(trouble: Reply) -> None:
    with openai_server([trouble, trouble, answer("blue")]) as server:
        [completion], slept = ask(server, asking())
    assert completion.text == "blue"
    assert len(server.bodies) == 3
    assert len(slept) == 2
    assert 0 < slept[0] <= 0.5 and 0.5 <= slept[1] <= 1.0


def test_retry_after_is_the_least_that_is_waited() -> None:
    with openai_server([status(429, Retry_After="7"), answer("blue")]) as server:
        _, [slept] = ask(server, asking())
    assert 7 <= slept <= 7.5


@pytest.mark.parametrize("trouble", [status(503, "overloaded"), status(429, "slow down")])
def test_lasting_trouble_fails_the_request(trouble: Reply) -> None:
    with openai_server(otherwise=trouble) as server:
        [completion], slept = ask(server, asking())
    assert completion.finish_reason is FinishReason.FAILED
    assert completion.prompt_tokens == 0
    assert "HTTP" in completion.detail and str(ATTEMPTS) in completion.detail
    assert (len(server.bodies), len(slept)) == (ATTEMPTS, ATTEMPTS - 1)


@pytest.mark.parametrize("code", [400, 413, 422])
def test_a_request_that_is_not_taken_is_refused_alone(code: int) -> None:
    with openai_server([answer("one"), status(code, "too long"), answer("two")]) as server:
        completions, slept = ask(server, *(asking(str(index)) for index in range(3)), concurrency=1)
    assert sorted(completion.text for completion in completions) == ["", "one", "two"]
    [refused] = [completion for completion in completions if completion.finish_reason is FinishReason.REFUSED]
    assert refused.detail == f"HTTP {code}: too long"
    assert slept == []


@pytest.mark.parametrize("code", [401, 403, 404, 302, 307])
def test_what_no_request_survives_is_an_error(code: int) -> None:
    with openai_server(otherwise=status(code, f"no, {KEY}", Location="http://127.0.0.1:9/")) as server:
        with pytest.raises(TeacherError) as raised:
            ask(server, asking())
        assert len(server.bodies) == 1
    assert str(code) in raised.value.message
    assert raised.value.hint
    assert KEY not in raised.value.message


def test_a_server_that_is_gone_is_an_error() -> None:
    with openai_server() as server:
        pass
    with pytest.raises(TeacherError, match="does not answer"):
        ask(server, asking())


def test_a_server_that_hangs_meets_the_deadline() -> None:
    with openai_server([HANG]) as server:
        [completion], _ = ask(server, asking(), deadline=0.3)
    assert completion.finish_reason is FinishReason.FAILED
    assert completion.detail == "no answer within 0.3 s"


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (raw('{"choices": []}'), "no choices"),
        (raw('{"choices": [null]}'), "no choices"),
        (raw('{"choices": [{"finish_reason": "stop"}]}'), "no message"),
        (raw("[1, 2]"), "no choices"),
        (raw('{"choices": [{"mess'), "no choices"),
        (raw("<html>gateway</html>", "text/html"), "no choices"),
        (answer(None), "no text"),
        (answer("x", finish_reason="tool_calls"), "tool_calls"),
    ],
)
def test_an_answer_that_is_not_of_the_protocol_fails_with_the_reason(reply: Reply, detail: str) -> None:
    with openai_server([reply]) as server:
        [completion], _ = ask(server, asking())
    assert completion.finish_reason is FinishReason.FAILED
    assert detail in completion.detail


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer("half an", finish_reason="length"), FinishReason.LENGTH),
        (answer("", finish_reason="content_filter"), FinishReason.REFUSED),
        (answer(None, refusal="I would rather not"), FinishReason.REFUSED),
        (answer("", finish_reason="stop"), FinishReason.STOP),
        (answer("old server", finish_reason=None), FinishReason.STOP),
    ],
)
def test_every_way_to_end_is_told_apart(reply: Reply, reason: FinishReason) -> None:
    with openai_server([reply]) as server:
        [completion], _ = ask(server, asking())
    assert completion.finish_reason is reason


def test_json_answers_are_checked() -> None:
    request = asking(json_schema={"type": "object"})
    with openai_server([answer("not json")]) as server:
        [completion], _ = ask(server, request)
    assert completion.finish_reason is FinishReason.FAILED
    assert completion.prompt_tokens == 7  # it did reach the model, and is not asked again


@pytest.mark.parametrize(
    ("vllm", "text", "reason"),
    [
        (True, "yes", FinishReason.STOP),
        (False, " yes\n", FinishReason.STOP),
        (False, "maybe", FinishReason.FAILED),
    ],
)
def test_choices_are_told_to_vllm_and_checked_everywhere(vllm: bool, text: str, reason: FinishReason) -> None:
    with openai_server([answer(text)]) as server:
        [completion], _ = ask(server, asking(choices=("yes", "no")), vllm=vllm)
    assert completion.finish_reason is reason
    assert completion.text == ("yes" if reason is FinishReason.STOP else "")
    assert server.bodies[0].get("structured_outputs") == ({"choice": ["yes", "no"]} if vllm else None)


def test_no_more_requests_are_in_flight_than_allowed() -> None:
    with openai_server(seconds=0.01) as server:
        completions, _ = ask(server, *(asking(str(index)) for index in range(40)), concurrency=5)
    assert [completion.text for completion in completions] == [str(index) for index in range(40)]
    assert server.most_in_flight == 5


def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with openai_server() as server:
        teacher = open_openai_teacher(
            server.address, "tiny", environment={}, key_variable=None, concurrency=1
        )
        assert asyncio.run(teacher.complete(asking("red"))).text == "red"


def opened(
    models: Reply, *, key_variable: str | None = None, environment: dict[str, str] | None = None
) -> OpenAITeacher:
    with openai_server(models=models) as server:
        return open_openai_teacher(
            server.address, "tiny", environment=environment or {}, key_variable=key_variable, concurrency=None
        )


@pytest.mark.parametrize(
    ("models", "revision"),
    [
        (served("tiny", "large"), "unknown"),
        (served("tiny", revision="abc123"), "abc123"),
        (served("tiny", root="/models/tiny-7b", owned_by="vllm"), "/models/tiny-7b"),
        (served("tiny", root="tiny"), "unknown"),
        (status(404), "unknown"),
        (raw("hello"), "unknown"),
    ],
)
def test_the_revision_is_what_the_server_tells(models: Reply, revision: str) -> None:
    identity = opened(models).identity
    assert (identity.backend, identity.model, identity.revision) == ("openai", "tiny", revision)


def test_a_model_that_is_not_served_is_an_error_naming_what_is() -> None:
    with pytest.raises(TeacherError, match="serves no model 'tiny'; it has huge, tinny") as raised:
        opened(served("huge", "tinny"))
    assert raised.value.hint == 'model = "tinny"'


@pytest.mark.parametrize("code", [401, 403])
def test_a_key_that_is_not_taken_is_an_error_without_the_key(code: int) -> None:
    with pytest.raises(TeacherError) as raised:
        opened(status(code, KEY), key_variable="TEACHER_KEY", environment={"TEACHER_KEY": KEY})
    assert KEY not in f"{raised.value.message}{raised.value.hint}"


@pytest.mark.parametrize("environment", [{}, {"TEACHER_KEY": "  "}])
def test_a_key_that_is_not_set_is_an_error_before_any_request(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="TEACHER_KEY, which is not set"):
        opened(served("tiny"), key_variable="TEACHER_KEY", environment=environment)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("https://example.org/openai/v1", "https://example.org/openai/v1"),
    ],
)
def test_an_address_may_leave_out_the_version(url: str, address: str) -> None:
    assert base_address(url) == address


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8000", "ftp://x/v1", "http://u:secret@x/v1", "http://x/v1?key=secret", "http:///v1"],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_address(url)
    assert "secret" not in f"{raised.value.message}{raised.value.hint}"
