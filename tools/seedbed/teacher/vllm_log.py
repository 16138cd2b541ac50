"""vLLM's own log: in a file, out of the way of our progress, and the place to look when its engine dies."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

LOGGING_VARIABLE = "VLLM_LOGGING_CONFIG_PATH"
_CAUSE = re.compile(r"\b([A-Za-z_.]*(?:Error|Exception|OutOfMemory)[A-Za-z_]*: \S.*)")
_ENGINE_DEAD = "EngineDeadError"  # says only that another line says why
_TAIL = 1 << 18  # bytes


def engine_log(environment: Mapping[str, str]) -> tuple[Path | None, dict[str, str]]:
    """A new file for the log, and the variables that make vLLM and all its processes write there.

    None and no variables where the user has decided on vLLM's logging already.
    """
    if LOGGING_VARIABLE in environment or environment.get("VLLM_CONFIGURE_LOGGING") == "0":
        return None, {}
    folder = Path(tempfile.mkdtemp(prefix="seedbed-vllm-"))
    log = folder / "engine.log"
    configuration = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"}},
        "handlers": {
            "file": {
                "class": "logging.FileHandler",
                "filename": os.fspath(log),
                "formatter": "line",
                "delay": True,
            }
        },
        "loggers": {"vllm": {"handlers": ["file"], "level": "INFO", "propagate": False}},
    }
    settings = folder / "logging.json"
    settings.write_text(json.dumps(configuration), encoding="utf-8")
    return log, {LOGGING_VARIABLE: os.fspath(settings)}


def cause_of_death(log: Path | None) -> str:
    """The first error that the end of the log names, as ` (RuntimeError: …)`; empty when it names none or cannot be read."""
    try:
        if log is None:
            return ""
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    causes = [match[1] for match in _CAUSE.finditer(text) if _ENGINE_DEAD not in match[1]]
    return f" ({causes[0][:300].strip()})" if causes else ""


def where_to_look(log: Path | None) -> str:
    """What a message says of the log."""
    return "its own log above says why" if log is None else f"its log {log} says why"
