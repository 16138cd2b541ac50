"""The page about a first leaf shows what one really sees: its commands, in this repository's own taxonomy."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support.command_line import seedbed
from support.repositories import RepositoryBuilder

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "first-leaf.md").read_text(encoding="utf-8")
LEAF = "foundational_skills/language/irregular_plurals"
COMMIT = re.compile(r"\b[0-9a-f]{40}\b")


def shown(command: str) -> list[str]:
    """What the page says that a command prints, each time that it shows it."""
    found = re.findall(rf"^```\n\$ {re.escape(command)}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [COMMIT.sub("COMMIT", text).rstrip("\n") for text in found]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    builder = RepositoryBuilder(tmp_path)
    for folder in ("taxonomy", "schema"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    builder.commit("the taxonomy")
    return tmp_path


def test_every_step_prints_what_the_page_shows(clone: Path) -> None:
    def printed(*arguments: str, code: int) -> str:
        done = seedbed(*arguments, folder=clone)
        assert done.returncode == code, done.stderr
        return COMMIT.sub("COMMIT", done.stdout).rstrip("\n")

    [new] = shown(f"seedbed new skill {LEAF}")
    unfilled, misspelt, right = shown("seedbed check")
    assert printed("new", "skill", LEAF, code=0) == new
    assert printed("check", code=1) == unfilled
    modeline = (clone / "taxonomy" / LEAF / "qna.yaml").read_text(encoding="utf-8").split("\n", 1)[0]
    files = dict(re.findall(r"^`(taxonomy/[^`]+)`:\n\n```[a-z]+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    for name, text in files.items():
        (clone / name).write_text(text, encoding="utf-8")
    qna = clone / "taxonomy" / LEAF / "qna.yaml"
    leaf = f"{modeline}\n{files[f'taxonomy/{LEAF}/qna.yaml']}"
    qna.write_text(leaf.replace("    answer: mongooses", "    anwser: mongooses"), encoding="utf-8")
    assert printed("check", code=1) == misspelt
    assert "1 more with --unsafe" in printed("fix", code=0)
    printed("fix", "--unsafe", code=0)
    assert qna.read_text(encoding="utf-8") == leaf
    assert printed("check", code=0) == right
