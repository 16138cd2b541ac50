from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from support.fake_time import FakeTime
from support.openai_server import DROP, HANG, FaultyServer, Reply, answer, openai_server, raw, served, status

from seedbed.config import TeacherSettings
from seedbed.errors import ConfigurationError, TeacherError
from seedbed.teacher.model_list import ServedModel
from seedbed.teacher.open_teacher import open_teacher, parse_teacher
from seedbed.teacher.openai_server import OpenAITeacher, open_openai_teacher
from seedbed.teacher.retrying import ATTEMPTS
from seedbed.teacher.server_address import base_address, server_key
from seedbed.teacher.server_kind import ServerKind
from seedbed.teacher.teacher import Completion, FinishReason, Message, Request

KEY = "sk-0123456789abcdef"


MODERATED: dict[str, dict[str, Any]] = {
    "content_filter": {"error": {"message": "filtered", "code": "content_filter"}},
    "inner": {"error": {"code": "400", "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
    "policy": {"error": {"message": "no", "type": "content_policy_violation"}},
    "flagged input": {"error": {"code": 403, "message": "flagged", "metadata": {"flagged_input": "red"}}},
    "no envelope": {"code": "data_inspection_failed", "message": "inappropriate"},
}
"""Bodies of errors that are a content filter's."""


def raw_status(code: int, body: dict[str, Any]) -> Reply:
    return lambda _: web.json_response(body, status=code)


def asking(text: str = "red", **settings: Any) -> Request:
    return Request((Message("user", text),), **{"max_tokens": 12, **settings})


def ask(
    server: FaultyServer, *requests: Request, kind: ServerKind = ServerKind.OTHER, **settings: Any
) -> tuple[list[Completion], list[float]]:
    """The answers, and the seconds that would have been slept: time passes when somebody sleeps, and only then."""
    time = FakeTime()

    async def all_at_once() -> list[Completion]:
        teacher = OpenAITeacher(
            server.address,
            ServedModel("tiny", kind=kind),
            key=KEY,
            **{"sleep": time.sleep, "clock": time.now, **settings},
        )
        try:
            return await asyncio.gather(*(teacher.complete(request) for request in requests))
        finally:
            await teacher.close()

    return asyncio.run(all_at_once()), time.slept


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


@pytest.mark.parametrize("trouble", [status(500), status(502), status(504), status(408), DROP])
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


def test_lasting_trouble_fails_the_request() -> None:
    with openai_server(otherwise=status(500, "out of memory")) as server:
        [completion], slept = ask(server, asking())
    assert completion.finish_reason is FinishReason.FAILED
    assert completion.prompt_tokens == 0
    assert completion.detail == f"{ATTEMPTS} attempts: HTTP 500: out of memory"
    assert (len(server.bodies), len(slept)) == (ATTEMPTS, ATTEMPTS - 1)


@pytest.mark.parametrize("code", [429, 503, 529])
def test_overload_is_waited_out_and_uses_no_attempt(code: int) -> None:
    storm = [status(code, "too much")] * (3 * ATTEMPTS)
    with openai_server([*storm, answer("blue")]) as server:
        [completion], slept = ask(server, asking(), deadline=1000.0)
    assert completion.text == "blue"
    assert len(slept) == len(storm)
    assert max(slept) <= 30.0 and sum(slept) > 60.0


def test_overload_without_end_is_an_error() -> None:
    with (
        openai_server(otherwise=status(429, "slow down")) as server,
        pytest.raises(TeacherError, match="been overloaded for 600 s: HTTP 429: slow down") as raised,
    ):
        ask(server, asking())
    assert raised.value.hint is not None and "answers received so far are kept" in raised.value.hint


def test_a_spent_quota_is_not_waited_for() -> None:
    spent = raw_status(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})
    with openai_server(otherwise=spent) as server:
        with pytest.raises(TeacherError, match="You exceeded your quota"):
            ask(server, asking())
        assert len(server.bodies) == 1


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
        assert len(server.bodies) == (2 if code == 403 else 1)  # a harmless prompt is forbidden too
    assert str(code) in raised.value.message
    assert raised.value.hint
    assert KEY not in raised.value.message


@pytest.mark.parametrize("code", [400, 403])
@pytest.mark.parametrize("body", MODERATED)
def test_a_moderated_prompt_is_refused_alone_and_nothing_else_is_asked(body: str, code: int) -> None:
    with openai_server([answer("one"), raw_status(code, MODERATED[body]), answer("two")]) as server:
        completions, _ = ask(server, *(asking(str(index)) for index in range(3)), concurrency=1)
        assert len(server.bodies) == 3
    assert [completion.text for completion in completions] == ["one", "", "two"]
    assert completions[1].finish_reason is FinishReason.REFUSED
    assert completions[1].cause == "content filter" and f"HTTP {code}" in completions[1].detail


def test_a_prompt_that_is_forbidden_is_refused_alone_where_a_harmless_one_is_not() -> None:
    def firewall(body: dict[str, Any]) -> web.StreamResponse:
        minds = body["messages"][-1]["content"] == "<script>"
        return web.Response(status=403, text="<html>blocked</html>") if minds else answer("blue")(body)

    with openai_server(otherwise=firewall) as server:
        completions, _ = ask(server, asking("<script>"), asking("red"), concurrency=1)
        assert len(server.bodies) == 3
    assert [completion.finish_reason for completion in completions] == [
        FinishReason.REFUSED,
        FinishReason.STOP,
    ]
    assert completions[0].cause == "HTTP 403"


@pytest.mark.parametrize("trouble", [status(503), status(500), DROP])
def test_a_forbidden_prompt_is_put_again_where_the_harmless_one_told_nothing(trouble: Reply) -> None:
    with openai_server([status(403), trouble, answer("blue")]) as server:
        [completion], _ = ask(server, asking())
    assert completion.text == "blue"


@pytest.mark.parametrize(
    ("field", "code"), [("logprobs", 400), ("top_logprobs", 422), ("seed", 400), ("logprobs", 403)]
)
def test_a_field_that_no_answer_depends_on_is_left_out_for_a_server_that_does_not_take_it(
    field: str, code: int
) -> None:
    def strict(body: dict[str, Any]) -> web.StreamResponse:
        return (status(code, f"unknown field: {field}") if field in body else answer("yes"))(body)

    with openai_server(otherwise=strict) as server:
        completions, _ = ask(
            server, *(asking(str(n), choices=("yes", "no")) for n in range(3)), concurrency=1
        )
    assert [completion.text for completion in completions] == ["yes"] * 3
    assert [field in body for body in server.bodies] == [True, False, False, False]


def test_the_newer_name_of_the_bound_is_used_where_the_server_asks_for_it() -> None:
    def newer(body: dict[str, Any]) -> web.StreamResponse:
        refused = status(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return (refused if "max_tokens" in body else answer("blue"))(body)

    with openai_server(otherwise=newer) as server:
        [completion], _ = ask(server, asking())
    assert completion.text == "blue" and server.bodies[1]["max_completion_tokens"] == 12


def test_a_model_that_changes_under_its_name_is_an_error() -> None:
    other = answer("two")
    with (
        openai_server([answer("one"), lambda body: other({"model": "huge"})]) as server,
        pytest.raises(TeacherError, match="now answers as 'huge'; it began as 'tiny'"),
    ):
        ask(server, asking("1"), asking("2"), concurrency=1)


def test_a_server_that_is_gone_is_an_error() -> None:
    with openai_server() as server:
        pass
    with pytest.raises(TeacherError, match="does not answer"):
        ask(server, asking())


def test_a_server_that_hangs_meets_the_deadline() -> None:
    with openai_server([HANG]) as server:
        [completion], _ = ask(server, asking(), deadline=0.3)
    assert completion.finish_reason is FinishReason.FAILED
    assert completion.detail.startswith("no answer within 0.3 s")


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (raw('{"choices": [null]}'), "no choices"),
        (raw('{"choices": [{"finish_reason": "stop"}]}'), "no message"),
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
    "body", ["", "[1, 2]", '{"choices": []}', '{"choices": [{"mess', "<html>gateway</html>", "[" * 100_000]
)
def test_a_body_without_an_answer_is_asked_for_again(body: str) -> None:
    with openai_server([raw(body), answer("blue")]) as server:
        [completion], _ = ask(server, asking())
    assert completion.text == "blue"
    with openai_server(otherwise=raw(body)) as server:
        [completion], _ = ask(server, asking())
    assert completion.finish_reason is FinishReason.FAILED and "no choices" in completion.detail


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


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("not json", "not JSON"),
        ("[" * 50_000, "not JSON"),
        ('{"a": NaN}', "not JSON"),
        ('{"a": "1"}', "not of its schema: a fails `type`"),
        ("[]", "not of its schema: the whole fails `type`"),
        ('{"a": 1}', ""),
    ],
)
def test_json_answers_are_checked(text: str, detail: str) -> None:
    with openai_server([answer(text)]) as server:
        [completion], _ = ask(server, asking(json_schema=SCHEMA, max_tokens=1000))
    assert detail in completion.detail
    assert completion.finish_reason is (FinishReason.FAILED if detail else FinishReason.STOP)
    assert completion.prompt_tokens == 7  # it did reach the model, and is not asked again


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"quote": "one\ntwo\x01\tthree"}',
            '{"quote":"one\\ntwo\\u0001\\tthree"}',
        ),  # vLLM's grammar lets these through
        (r'{"quote": "\ud800!"}', '{"quote":"\ufffd!"}'),
        ('\n{"quote":"caf\u00e9"}', '{"quote":"caf\u00e9"}'),
    ],
)
def test_json_that_a_strict_reader_would_refuse_is_written_anew(text: str, expected: str) -> None:
    schema = {"type": "object", "properties": {"quote": {"type": "string"}}, "required": ["quote"]}
    with openai_server([answer(text)]) as server:
        [completion], _ = ask(server, asking(json_schema=schema, max_tokens=100))
    assert (completion.text, completion.finish_reason) == (expected, FinishReason.STOP)


def test_an_answer_longer_than_its_tokens_is_no_answer() -> None:
    with openai_server([answer("x" * 10_000)]) as server:
        [completion], _ = ask(server, asking())
    assert completion.finish_reason is FinishReason.FAILED and "10000 characters" in completion.detail


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (ServerKind.VLLM, "yes", FinishReason.STOP),
        (ServerKind.OTHER, " yes\n", FinishReason.STOP),
        (ServerKind.OTHER, '**"yes"**.', FinishReason.STOP),
        (ServerKind.OTHER, "maybe", FinishReason.FAILED),
        (ServerKind.OTHER, "yes or no", FinishReason.FAILED),
        (ServerKind.OTHER, "\uff59\uff45\uff53", FinishReason.FAILED),  # full-width letters
    ],
)
def test_choices_are_checked_whoever_answers(kind: ServerKind, text: str, reason: FinishReason) -> None:
    with openai_server([answer(text)]) as server:
        [completion], _ = ask(server, asking(choices=("yes", "no")), kind=kind)
    assert completion.finish_reason is reason
    assert completion.text == ("yes" if reason is FinishReason.STOP else "")


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (ServerKind.VLLM, "structured_outputs", {"choice": ["yes", "no."]}),
        (ServerKind.SGLANG, "regex", r"(yes|no\.)"),
        (ServerKind.LLAMA_CPP, "grammar", 'root ::= "yes" | "no."'),
    ],
)
def test_each_server_is_told_of_choices_in_its_own_way(kind: ServerKind, field: str, value: object) -> None:
    with openai_server([answer("yes")]) as server:
        ask(server, asking(choices=("yes", "no.")), kind=kind)
    assert server.bodies[0][field] == value
    assert (server.bodies[0]["logprobs"], server.bodies[0]["top_logprobs"]) == (True, 20)


def test_vllm_is_told_of_a_schema_in_its_own_way() -> None:
    with openai_server([answer('{"a": 1}')]) as server:
        ask(server, asking(json_schema=SCHEMA), kind=ServerKind.VLLM)
    assert server.bodies[0]["structured_outputs"] == {"json": SCHEMA}


def test_the_log_probabilities_of_choices_are_read() -> None:
    told = {
        "content": [{"token": "yes", "logprob": -0.1, "top_logprobs": [{"token": "no", "logprob": -2.3}]}]
    }
    with openai_server([answer("yes", logprobs=told)]) as server:
        [completion], _ = ask(server, asking(choices=("yes", "no")))
    assert completion.choice_log_probabilities is not None
    assert completion.choice_log_probabilities["no"] == pytest.approx(-2.305, abs=0.01)


def test_half_of_a_surrogate_pair_is_sent_as_something_that_can_be_sent() -> None:
    with openai_server() as server:
        [completion], _ = ask(server, asking("caf\u00e9 \ud800"))
    assert completion.text == "caf\u00e9 ?"


@pytest.mark.parametrize(
    ("text", "sent"),
    [("a\ufffd b\ufffd\ufffd\n", "a\ufffd b??\n"), ("\ufffd", "?"), ("\ufffd.", "\ufffd."), ("", "")],
)
def test_a_message_does_not_end_in_what_looks_like_half_a_character(text: str, sent: str) -> None:
    with openai_server() as server:
        ask(server, asking(text))
    assert server.bodies[0]["messages"][-1]["content"] == sent


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


@pytest.mark.parametrize("code", [401, 403])
@pytest.mark.parametrize("listed", [False, True])
def test_a_server_that_wants_a_key_and_is_not_of_the_settings_is_told_of(code: int, listed: bool) -> None:
    named = TeacherSettings("openai", "tiny", "http://named.example/v1", "TEACHER_KEY")
    models = served("tiny") if listed else status(code)
    with openai_server(models=models, otherwise=status(code, "who are you?")) as server:
        settings = parse_teacher(f"openai:{server.address}#tiny", named)
        with pytest.raises(TeacherError) as raised:
            asyncio.run(open_teacher(settings, {"TEACHER_KEY": KEY}).complete(asking("red")))
        assert all("Authorization" not in headers for headers in server.headers)
    assert raised.value.hint is not None
    assert "none is sent to a server that seedbed.toml does not name as `url`" in raised.value.hint
    with openai_server(models=models, otherwise=status(code, "not you")) as server:
        settings = replace(named, url=server.address)
        with pytest.raises(TeacherError) as raised:
            asyncio.run(open_teacher(settings, {"TEACHER_KEY": KEY}).complete(asking("red")))
    assert raised.value.hint is not None and raised.value.hint.startswith("check ")


@pytest.mark.parametrize("environment", [{}, {"TEACHER_KEY": "  "}])
def test_a_key_that_is_not_set_is_an_error_before_any_request(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="TEACHER_KEY, which is not set"):
        opened(served("tiny"), key_variable="TEACHER_KEY", environment=environment)


@pytest.mark.parametrize("key", ["two words", "caf\u00e9", "line\nbreak", "a\x00b"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        server_key({"TEACHER_KEY": key}, "TEACHER_KEY")
    assert key not in f"{raised.value.message}{raised.value.hint}"


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
    [
        "",
        "localhost:8000",
        "ftp://x/v1",
        "http://u:secret@x/v1",
        "http://x/v1?key=secret",
        "http:///v1",
        "http://x:port/v1",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        base_address(url)
    assert "secret" not in f"{raised.value.message}{raised.value.hint}"
