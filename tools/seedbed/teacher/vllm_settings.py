"""What vLLM's engine is started with: the settings as they were given, and what a processor needs instead of a GPU."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from seedbed.config import VllmSettings
from seedbed.teacher.teacher import TeacherIdentity

CPU_SEQUENCES = 128  # answers at a time on a processor: more gain nothing (measured up to 256, two cores)
CPU_CACHE_SHARE = 0.25  # of the free memory, for the KV cache
CPU_CACHE_LIMIT = 4 << 30  # bytes
_OWN = ("cpu_cores", "structured_outputs_backend")  # not arguments of the engine


def engine_arguments(
    settings: VllmSettings,
    *,
    folder: str,
    max_model_len: int | None,
    concurrency: int,
    cpu_memory: int | None,
    saved_dtype: str | None = None,
) -> dict[str, Any]:
    """The arguments of `AsyncEngineArgs`. `cpu_memory` is the free memory in bytes where vLLM runs on a processor;
    `saved_dtype` is the type of the model's weights in its folder."""
    given = {item.name: getattr(settings, item.name) for item in fields(settings) if item.name not in _OWN}
    chosen = {name: value for name, value in given.items() if value is not None}
    return {
        "model": folder,
        "max_model_len": max_model_len,
        "enable_prefix_caching": True,
        "disable_log_stats": True,
        "trust_remote_code": False,
        "seed": 0,
        "structured_outputs_config": {
            "backend": settings.structured_outputs_backend,
            # Else a weak model fills a JSON answer with blanks until its tokens are spent. A request cannot say it.
            "disable_any_whitespace": True,
        },
        "max_num_seqs": concurrency,
        **({} if cpu_memory is None else _cpu_arguments(concurrency, cpu_memory, saved_dtype)),
        **chosen,
    }


def engine_environment(settings: VllmSettings) -> dict[str, str]:
    """What vLLM reads from its environment alone."""
    return {} if settings.cpu_cores is None else {"VLLM_CPU_OMP_THREADS_BIND": settings.cpu_cores}


def engine_identity(identity: TeacherIdentity, settings: VllmSettings) -> TeacherIdentity:
    """The identity of a model that is computed with other numbers than it was saved with: its answers are others."""
    told = [
        f"{name}={getattr(settings, name)}" for name in ("dtype", "quantization") if getattr(settings, name)
    ]
    return replace(identity, revision="+".join((identity.revision, *told)))


def saved_dtype(folder: Path) -> str | None:
    """The type that a model's config.json names, such as `float32`; None where it names none."""
    try:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # vLLM itself says what is wrong with it
    dtype = (told.get("dtype") or told.get("torch_dtype")) if isinstance(told, dict) else None
    return dtype if isinstance(dtype, str) else None


def _cpu_arguments(concurrency: int, memory: int, dtype: str | None) -> dict[str, Any]:
    # vLLM would turn float32 into bfloat16, which a processor without instructions for it only imitates, slowly.
    exact = {"dtype": "float32"} if dtype == "float32" else {}
    return {
        **exact,
        # A seeded request whose prompt is read in pieces kills the CPU engine (vLLM 0.32: its generator has no offset).
        "enable_chunked_prefill": False,
        "enforce_eager": True,  # compiling takes a minute, and a processor gains nothing by it
        "max_num_seqs": min(concurrency, CPU_SEQUENCES),
        "kv_cache_memory_bytes": min(CPU_CACHE_LIMIT, int(memory * CPU_CACHE_SHARE)),
    }
