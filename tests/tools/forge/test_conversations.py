"""The player of real pull requests, on a small made-up corpus: what is said lies there to be read."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.repositories import ATTRIBUTION, SKILL

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
LEAF = "compositional_skills/places/capitals"


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("conversations")


def test_what_is_said_on_each_pull_request_is_written_down(
    player: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = SKILL.replace("answer: Oslo", "answer: no")
    pulls = []
    for number, text in ((7, SKILL), (8, broken)):
        leaf = tmp_path / "corpus" / "pulls" / str(number) / "head" / LEAF
        leaf.mkdir(parents=True)
        (leaf / "qna.yaml").write_text(text)
        (leaf / "attribution.txt").write_text(ATTRIBUTION)
        pulls.append(json.dumps({"pull": number, "leaves": [{"path": f"{LEAF}/qna.yaml"}]}) + "\n")
    (tmp_path / "corpus" / "pulls.jsonl").write_text("".join(pulls))
    (tmp_path / "corpus" / "index.jsonl").write_text("")
    said = tmp_path / "said"
    monkeypatch.setattr(sys, "argv", ["conversations", str(tmp_path / "corpus"), "--output", str(said)])
    assert player.main() == 0
    assert sorted(file.name for file in said.iterdir()) == ["0007-passes.md", "0008-fails.md"]
    assert "1 leaf needs a change" in (said / "0008-fails.md").read_text()
    printed = capsys.readouterr().out.splitlines()
    assert ["passes" in line for line in printed] == [True, False] and "needs-author" in printed[1]


def test_what_is_said_twice_is_told(player: ModuleType) -> None:
    line = "this is said in more than five words"
    assert player.repeated(f"{line}\n```text\n{line}\n```\n") == []
    assert player.repeated(f"{line}\n{line}\n") == [f"2x {line}"]
