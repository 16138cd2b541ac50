from __future__ import annotations

from pathlib import Path

import pytest

from seedbed.config import Settings, load_settings, read_settings
from seedbed.config.description import describe_settings
from seedbed.errors import ConfigurationError


def test_no_file_gives_defaults(tmp_path: Path) -> None:
    assert (
        load_settings(tmp_path)
        == read_settings(None, source="none")
        == read_settings("", source="x")
        == Settings()
    )


def test_values_are_read(tmp_path: Path) -> None:
    (tmp_path / "seedbed.toml").write_text(
        '[taxonomy]\nroot = "."\n[teacher]\nbackend = "openai"\nurl = "http://127.0.0.1:8000/v1"\nconcurrency = 8\n'
        '[check]\nlicences = ["MIT"]\n',
        encoding="utf-8",
    )
    settings = load_settings(tmp_path)
    assert settings.taxonomy.root == "."
    assert (settings.teacher.backend, settings.teacher.concurrency) == ("openai", 8)
    assert settings.check.licences == ("MIT",)
    assert settings.generation == Settings().generation


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[techer]\nmodel = "x"', ["[techer]", "did you mean teacher?"]),
        ('[teacher]\nmodle = "x"', ["teacher.modle", "did you mean model?"]),
        ('[teacher]\nbackend = "opnai"', ["opnai", "did you mean openai?"]),
        ("[teacher]\nmodel = 3", ["teacher.model is 3", "expected text"]),
        ("[teacher]\nconcurrency = true", ["expected a whole number"]),
        ("[teacher]\nconcurrency = 0", ["at least 1"]),
        ('[check]\nlicences = "MIT"', ["expected a list of texts"]),
        ("[check]\nlicences = [1]", ["check.licences[0] is 1", "expected text"]),
        ('[store]\npath = ""', ["store.path is empty"]),
        ('taxonomy = "."', ["section, not a value"]),
        ("colour = 1", ["colour"]),
        ("[evaluation]\nminimum_score = 2", ["evaluation.minimum_score is 2", "at most 1"]),
        ('[evaluation.measures]\n"a/*" = "jugde"', ['evaluation.measures."a/*"', "did you mean judge?"]),
        ("[teacher\n", ["not TOML", "line 1"]),
    ],
)
def test_wrong_input_is_one_clear_error(text: str, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(text, source="seedbed.toml")
    assert caught.value.hint
    for word in ["seedbed.toml", *words]:
        assert word in caught.value.message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[store]\npath = "x"\n\n[teacher]\n# of any kind\nmodel = 3', 6),
        ("[teacher]\nconcurrency = 2\n[teacher.vllm] # the engine\n\nmax_num_seqs = 0", 5),
        ('[check.severity]\nSB101 = "error"\n"SB203" = "fatal"', 1),
        ('[check]\nlicences = [\n  "MIT",\n  1,\n]', 2),
        ("[store]\n[techer]", 2),
        ('[taxonomy]\n\nroot = "../up"', 3),
        ("[store]\ncolour = 1\n[teacher]\ncolour = 1", 2),
        ("colour = 1", 1),
    ],
)
def test_the_line_is_told(text: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(text, source="seedbed.toml")
    assert caught.value.message.startswith(f"seedbed.toml:{line}: ")


def test_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "seedbed.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(tmp_path)


def test_every_key_is_described_and_can_be_given_its_default() -> None:
    described = list(describe_settings())
    assert len({(item.section, item.key) for item in described}) == len(described) > 10
    for item in described:
        assert item.help.endswith(".")
        if item.default is not None:
            value = list(item.default) if isinstance(item.default, tuple) else item.default
            written = f"[{item.section}]\n{item.key} = {value!r}"
            assert read_settings(written, source="x") == Settings()


def test_the_engine_has_a_section_inside_the_teachers() -> None:
    text = "[teacher]\nbackend = 'vllm'\n[teacher.vllm]\ntensor_parallel_size = 2\nenforce_eager = true\n"
    teacher = read_settings(text, source="x").teacher
    assert (teacher.vllm.tensor_parallel_size, teacher.vllm.enforce_eager, teacher.vllm.dtype) == (
        2,
        True,
        None,
    )
    assert ("teacher.vllm", "dtype") in {(item.section, item.key) for item in describe_settings()}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "tensor_paralel_size = 2",
            ["teacher.vllm.tensor_paralel_size", "did you mean tensor_parallel_size"],
        ),
        ("gpu_memory_utilization = 1.5", ["gpu_memory_utilization is 1.5", "at most 1"]),
        ("max_num_seqs = true", ["max_num_seqs is true", "a whole number"]),
        ("enforce_eager = 1", ["enforce_eager is 1", "true or false"]),
        ("dtype = 'bf16'", ["did you mean bfloat16"]),
    ],
)
def test_a_wrong_setting_of_the_engine_is_one_clear_error(line: str, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(f"[teacher.vllm]\n{line}", source="seedbed.toml")
    assert all(word in caught.value.message for word in words)
    with pytest.raises(ConfigurationError, match="is 3; expected a section"):
        read_settings("[teacher]\nvllm = 3", source="seedbed.toml")


def test_settings_of_this_repository_are_valid() -> None:
    assert load_settings(Path(__file__).parents[2]).taxonomy.root == "taxonomy"
