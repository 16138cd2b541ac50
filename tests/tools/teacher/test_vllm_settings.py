from __future__ import annotations

import json
from pathlib import Path

import pytest

from seedbed.config import VllmSettings
from seedbed.teacher.teacher import TeacherIdentity
from seedbed.teacher.vllm_log import cause_of_death, engine_log, where_to_look
from seedbed.teacher.vllm_settings import engine_arguments, engine_environment, engine_identity, saved_dtype

GIB = 1 << 30


def arguments(
    settings: VllmSettings, *, cpu_memory: int | None = None, concurrency: int = 256
) -> dict[str, object]:
    return engine_arguments(
        settings, folder="/m", max_model_len=None, concurrency=concurrency, cpu_memory=cpu_memory
    )


def test_on_a_gpu_vllm_decides_what_was_not_given() -> None:
    found = arguments(VllmSettings(tensor_parallel_size=2, gpu_memory_utilization=0.8))
    assert (found["tensor_parallel_size"], found["gpu_memory_utilization"]) == (2, 0.8)
    assert not {"enforce_eager", "enable_chunked_prefill", "kv_cache_memory_bytes", "dtype", "cpu_cores"} & {
        *found
    }
    assert found["enable_prefix_caching"] is True and found["max_num_seqs"] == 256


def test_on_a_processor_its_traps_are_avoided_unless_told_otherwise() -> None:
    found = arguments(VllmSettings(), cpu_memory=8 * GIB)
    assert found["enable_chunked_prefill"] is False and found["enforce_eager"] is True
    assert (found["kv_cache_memory_bytes"], found["max_num_seqs"]) == (2 * GIB, 128)
    assert arguments(VllmSettings(), cpu_memory=64 * GIB)["kv_cache_memory_bytes"] == 4 * GIB
    told = arguments(VllmSettings(kv_cache_memory_bytes=GIB, max_num_seqs=7), cpu_memory=8 * GIB)
    assert (told["kv_cache_memory_bytes"], told["max_num_seqs"]) == (GIB, 7)


def test_a_processor_computes_float32_as_it_was_saved(tmp_path: Path) -> None:
    def dtype(config: str, settings: VllmSettings, memory: int | None) -> object:
        (tmp_path / "config.json").write_text(config)
        saved = saved_dtype(tmp_path)
        return engine_arguments(
            settings, folder="/m", max_model_len=None, concurrency=8, cpu_memory=memory, saved_dtype=saved
        ).get("dtype")

    assert dtype('{"dtype": "float32"}', VllmSettings(), GIB) == "float32"
    assert dtype('{"torch_dtype": "bfloat16"}', VllmSettings(), GIB) is None
    assert dtype("not JSON", VllmSettings(), GIB) is None
    assert dtype('{"dtype": "float32"}', VllmSettings(), None) is None  # on a GPU
    assert dtype('{"dtype": "float32"}', VllmSettings(dtype="bfloat16"), GIB) == "bfloat16"


def test_other_numbers_make_another_teacher() -> None:
    identity = TeacherIdentity("vllm", "m", "abc")
    assert engine_identity(identity, VllmSettings(max_num_seqs=3)) == identity
    assert engine_identity(identity, VllmSettings(dtype="float32", quantization="fp8")).revision == (
        "abc+dtype=float32+quantization=fp8"
    )
    assert engine_environment(VllmSettings()) == {}
    assert engine_environment(VllmSettings(cpu_cores="0-3")) == {"VLLM_CPU_OMP_THREADS_BIND": "0-3"}


def test_the_log_is_a_new_file_unless_the_user_decided_on_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    log, variables = engine_log({})
    assert log is not None and log.parent.parent == tmp_path
    configuration = json.loads(Path(variables["VLLM_LOGGING_CONFIG_PATH"]).read_text())
    assert configuration["handlers"]["file"]["filename"] == str(log)
    assert engine_log({"VLLM_LOGGING_CONFIG_PATH": "mine.json"}) == (None, {})
    assert engine_log({"VLLM_CONFIGURE_LOGGING": "0"}) == (None, {})


def test_the_first_error_in_the_log_is_the_cause(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    assert cause_of_death(log) == cause_of_death(None) == ""
    log.write_text(
        "INFO fine\nERROR   RuntimeError: CPU Generator does not use offset\n"
        "ERROR vllm.v1.engine.exceptions.EngineDeadError: see above\nERROR RuntimeError: cancelled\n"
    )
    assert cause_of_death(log) == " (RuntimeError: CPU Generator does not use offset)"
    assert str(log) in where_to_look(log) and "above" in where_to_look(None)
