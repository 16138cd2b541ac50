"""`seedbed audit-judge` from the outside, with a teacher behind a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from support.growing import run_seedbed
from support.openai_server import answer, openai_server
from support.repositories import RepositoryBuilder
from support.small_taxonomy import FREEFORM, KNOWLEDGE, small_taxonomy


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RepositoryBuilder:
    made = small_taxonomy(tmp_path / "repository")
    made.write(".gitignore", ".seedbed/\n")
    made.commit("ignore")
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture
def repository(builder: RepositoryBuilder) -> Path:
    return builder.path


def judge(body: dict[str, Any]) -> web.StreamResponse:
    """Sees personal data and nothing else."""
    said = body["messages"][-1]["content"]
    grades = "1, 2 or 3" in said
    private = any(word in said for word in ("Feldkamp", "Arkwright", "hunter2"))
    return answer(("1" if grades else "NO") if private else ("3" if grades else "YES"))(body)


def test_an_audit_is_printed_kept_and_asks_nothing_again(repository: Path) -> None:
    with openai_server(otherwise=judge) as server:
        flags = (
            "audit-judge",
            "--recipe",
            "lab",
            "--teacher",
            f"openai:{server.address}#tiny",
            "--seeds",
            "2",
        )
        first = run_seedbed(*flags, "--json")
        assert first.exit_code == 0, first.errors
        asked = len(server.bodies)
        again = run_seedbed(*flags)
        assert again.exit_code == 0 and len(server.bodies) == asked
    assert "0 requests made" in again.errors
    audit = json.loads(first.output)
    (kept,) = (repository / ".seedbed" / "audits").iterdir()
    assert json.loads(kept.read_text()) == audit
    by_name = {each["criterion"]: each for each in audit["criteria"]}
    assert by_name["no_personal_data"]["recall"]["share"] == 1
    assert by_name["no_personal_data"]["precision"]["share"] == 1
    assert by_name["grounded"]["recall"]["share"] == 0
    assert "no_personal_data" in again.output and "personal data" in again.output


def test_a_dry_run_and_one_leaf(repository: Path) -> None:
    found = run_seedbed("audit-judge", "--recipe", "lab", "--leaf", KNOWLEDGE, "--dry-run")
    assert found.exit_code == 0 and found.errors.startswith("1 leaf, ")
    assert not (repository / ".seedbed").exists()


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (("--recipe", "sandbox"), 2, "has no judge"),
        (("--recipe", "lab", "--leaf", FREEFORM + "s"), 2, f"did you mean {FREEFORM}?"),
        (("--recipe", "labb"), 2, "there is no generation recipe 'labb'"),
        (("--recipe", "lab", "--teacher", "openai:nowhere"), 2, "names no teacher"),
        (("--recipe", "lab", "--revision", "nowhere"), 2, "nowhere"),
        (("--recipe", "lab", "--seeds", "0"), 2, "--seeds"),
    ],
)
def test_wrong_input(repository: Path, flags: tuple[str, ...], code: int, message: str) -> None:
    found = run_seedbed("audit-judge", *flags)
    assert found.exit_code == code and message in found.errors
    assert not (repository / ".seedbed" / "audits").exists()


def test_a_leaf_that_cannot_be_read_stops_no_other(builder: RepositoryBuilder) -> None:
    builder.write_leaf(f"taxonomy/{FREEFORM}", "version: 3\n")
    builder.commit("break one")
    found = run_seedbed("audit-judge", "--recipe", "lab", "--dry-run")
    assert found.exit_code == 0 and f"left out: {FREEFORM}" in found.errors and "2 leaves" in found.errors
