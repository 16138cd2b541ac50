from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.openai_server import openai_server
from support.tiny_model import build_tiny_model

from seedbed.config import TeacherSettings
from seedbed.errors import ConfigurationError, MissingExtraError, TeacherError, UsageError
from seedbed.teacher import open_teacher as module
from seedbed.teacher.open_teacher import open_teacher, parse_teacher


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("sandbox", TeacherSettings("transformers", "sandbox")),
        ("transformers:/models/tiny", TeacherSettings("transformers", "/models/tiny")),
        ("vllm:org/model", TeacherSettings("vllm", "org/model")),
        ("ray:org/model#4", TeacherSettings("ray", "org/model", engines=4)),
        ("openai:http://h:1/v1#org/model", TeacherSettings("openai", "org/model", "http://h:1/v1")),
    ],
)
def test_each_form_of_the_flag(flag: str, expected: TeacherSettings) -> None:
    assert parse_teacher(flag) == expected


@pytest.mark.parametrize(
    "flag",
    [
        "",
        "sand",
        "transformers:",
        "openai:http://h/v1",
        "openai:#m",
        "vlm:x",
        "http://h",
        "ray:m",
        "ray:m#0",
        "ray:m#x",
        "ray:#2",
    ],
)
def test_a_flag_of_no_form_is_refused(flag: str) -> None:
    with pytest.raises(UsageError, match="names no teacher; expected sandbox"):
        parse_teacher(flag)


def test_a_key_is_taken_over_for_the_same_server_only() -> None:
    settings = TeacherSettings("openai", "big", "http://h:1/v1", "TEACHER_KEY", 9)
    assert parse_teacher("openai:http://h:1/v1/#small", settings).api_key_variable == "TEACHER_KEY"
    elsewhere = parse_teacher("openai:http://other/v1#small", settings)
    assert (elsewhere.api_key_variable, elsewhere.concurrency) == (None, 9)


def test_a_folder_opens_the_transformers_back_end(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "small", words=["red"])
    teacher = open_teacher(TeacherSettings("transformers", str(folder), concurrency=3))
    assert (teacher.identity.backend, teacher.identity.model, teacher.concurrency) == (
        "transformers",
        "small",
        3,
    )


def test_a_server_opens_the_openai_back_end() -> None:
    with openai_server() as server:
        teacher = open_teacher(TeacherSettings("openai", "tiny", server.address), {})
    assert str(teacher.identity) == "tiny@unknown (openai)"


def test_the_sandbox_is_a_transformers_model_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build_tiny_model(tmp_path / "teacher", words=["red"])
    monkeypatch.setattr(module, "bundled_file", lambda relative: folder)
    assert open_teacher(parse_teacher("sandbox")).identity.model == "sandbox"


def test_without_the_sandbox_its_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundled_file", lambda relative: tmp_path / relative)
    with pytest.raises(TeacherError, match="the sandbox teacher is not there") as raised:
        open_teacher(parse_teacher("sandbox"))
    assert raised.value.hint is not None and "seedbed sandbox build" in raised.value.hint


def test_without_torch_the_sandbox_says_what_serves_other_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build_tiny_model(tmp_path / "teacher", words=["red"])
    monkeypatch.setattr(module, "bundled_file", lambda relative: folder)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match="refuses every other leaf") as raised:
        open_teacher(parse_teacher("sandbox"))
    hint = raised.value.hint or ""
    assert "[train]" in hint and "[generate]" in hint and "name a server under [teacher]" in hint


def test_settings_that_name_no_teacher_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no teacher back end 'transformer'") as raised:
        open_teacher(TeacherSettings("transformer", "x"))
    assert raised.value.hint == 'backend = "transformers"'
    with pytest.raises(ConfigurationError, match="address of its server"):
        open_teacher(TeacherSettings("openai", "x"))
