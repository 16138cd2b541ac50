"""`seedbed doctor --teacher`: what it finds is found by asking, and said plainly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from support.openai_server import FaultyServer, answer, openai_server, served, status
from support.tiny_model import build_tiny_model

from seedbed.cli.diagnosis import Diagnosis, State
from seedbed.cli.doctor_teacher import diagnose_teacher
from seedbed.cli.main import exit_code_of, seedbed
from seedbed.config import TeacherSettings
from seedbed.teacher import examine_teacher

SUBJECTS = ["teacher", "server", "context", "choices", "logprobs", "schema", "speed", "speed"]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine_teacher, "WINDOW", 0.05)


def able(body: dict[str, Any]) -> web.StreamResponse:
    """A server that does all that vLLM does."""
    told = {"content": [{"token": "YES", "logprob": -0.1, "top_logprobs": [{"token": "NO", "logprob": -2}]}]}
    constrained = body.get("structured_outputs", {})
    text = "YES" if "choice" in constrained else json.dumps({"colour": "red"}) if constrained else "The sea."
    return answer(text, logprobs=told if body.get("logprobs") else None)(body)


def found(server: FaultyServer, **fields: Any) -> list[Diagnosis]:
    settings = TeacherSettings("openai", "tiny", server.address, **{"concurrency": 4, **fields})
    return list(diagnose_teacher(settings))


def test_a_server_that_can_do_all() -> None:
    models = served("tiny", owned_by="vllm", max_model_len=4096, root="org/tiny-7b")
    with openai_server(otherwise=able, models=models, seconds=0.02) as server:  # so that four meet there
        server.version = {"version": "0.32.0"}
        lines = found(server)
        assert server.most_in_flight == 4
    assert [line.subject for line in lines] == SUBJECTS
    assert {line.state for line in lines} == {State.OK}
    said = [line.found for line in lines]
    assert said[0] == "tiny@org/tiny-7b (openai)"
    assert said[1] == f"vLLM 0.32.0 at {server.address}"
    assert said[2].startswith("4,096 tokens")
    assert said[6].startswith("1 request in flight: ") and said[7].startswith("4 requests in flight: ")
    assert all("tokens/s" in one and "answers in" in one for one in said[6:])


def test_a_server_that_can_do_little() -> None:
    with openai_server(otherwise=answer("A fine day to you.")) as server:
        lines = {line.subject: line for line in found(server)}
    assert lines["server"].found == f"OpenAI-compatible at {server.address}"
    assert lines["context"].found == "of a length it does not tell"
    for subject in ("choices", "logprobs", "schema"):
        assert lines[subject].state is State.ATTENTION
    assert "A fine day to you." in lines["choices"].found


def test_a_server_that_answers_nothing() -> None:
    with openai_server(otherwise=status(400, "no")) as server:
        lines = found(server)
    assert lines[-1].state is State.ATTENTION and "no answer: HTTP 400: no" in lines[-1].found


def test_a_server_that_fails_is_blocked_with_what_it_said_last() -> None:
    with openai_server(otherwise=status(500, "the engine is on fire")) as server:
        lines = found(server, timeout_seconds=1)
    assert [line.subject for line in lines] == ["teacher", "server", "context", "teacher"]
    assert lines[-1].state is State.BLOCKED
    assert "no answer within 1 s: HTTP 500: the engine is on fire" in lines[-1].found


def test_a_server_that_takes_no_request_is_blocked() -> None:
    with openai_server(otherwise=status(401, "who are you?")) as server:
        lines = found(server)
    assert lines[-1].state is State.BLOCKED and "who are you?" in lines[-1].found


def test_a_model_in_this_process(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "small", words=["YES", "NO", "red", "blue", "sea"])
    lines = list(diagnose_teacher(TeacherSettings("transformers", str(folder), concurrency=2)))
    assert [line.subject for line in lines] == [one for one in SUBJECTS if one != "server"]
    assert lines[1].found.startswith("512 tokens")
    assert [line.state for line in lines[2:4]] == [State.OK, State.OK]


def test_the_command_asks_the_teacher_of_the_settings_or_the_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # no repository: the flag is enough
    with openai_server(otherwise=able) as server:
        arguments = ["doctor", "--teacher", f"openai:{server.address}#tiny"]
        code = exit_code_of(lambda: seedbed.main(arguments, standalone_mode=False))
    assert code == 0 and "tokens/s" in capsys.readouterr().out
    code = exit_code_of(lambda: seedbed.main(arguments, standalone_mode=False))
    assert code == 1 and "does not answer" in capsys.readouterr().out
