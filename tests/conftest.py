"""What every test is kept from: this person's home and git configuration, and the CI that may be running the tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pygit2
import pytest
from hypothesis import HealthCheck, settings
from pygit2.enums import ConfigLevel

settings.register_profile(
    "seedbed", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seedbed"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it for a command in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

_CI_PREFIXES = ("GITHUB_", "GITLAB_", "CI_", "RUNNER_", "GIT_")
_CI_NAMES = ("CI", "FORCE_COLOR", "NO_COLOR", "XDG_RUNTIME_DIR")


@pytest.fixture(scope="session")
def _empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL, ConfigLevel.PROGRAMDATA):
        pygit2.settings.search_path[level] = str(home)
    return home


@pytest.fixture(autouse=True)
def isolated_environment(_empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home, no global git configuration, no terminal's width and no trace of CI, for this process and those it starts."""
    for name in tuple(os.environ):
        if name.startswith(_CI_PREFIXES) or name in _CI_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(_empty_home))
    for name in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(_empty_home / name.lower()))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    monkeypatch.setenv("COLUMNS", "100")  # as where the output is no terminal
