"""What the pages for people say can be typed, and what they show as a leaf is one."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from support.repositories import RepositoryBuilder

from seedbed.checking.check import check
from seedbed.cli.main import seedbed
from seedbed.config import Settings
from seedbed.taxonomy.repository import Repository

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def typed(page: Path) -> list[str]:
    """Every `seedbed …` that stands in code, alone or at a prompt."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    inline = re.findall(
        r"`(seedbed [^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    )
    return [line for line in (*lines, *inline) if re.match(r"seedbed [a-z]", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_their_options_exist(page: Path) -> None:
    context = click.Context(seedbed)
    for line in typed(page):
        line = re.split(r" [>|&;#] ?| {2,}|…", line)[0]
        _, *words = re.sub("['\"`]", "", line).split()
        command = seedbed.get_command(context, words[0].rstrip(",:."))
        assert command is not None, line
        if isinstance(command, click.Group) and len(words) > 1 and words[1] in command.commands:
            command = command.commands[words[1]]
        known = {"--help", "-h"} | {
            name for each in command.params for name in (*each.opts, *each.secondary_opts)
        }
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= known, (line, options - known)


def test_the_first_leaf_passes_the_check(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "first-leaf.md").read_text(encoding="utf-8")
    files = re.findall(r"^`(taxonomy/[^`]+)`:\n\n```[a-z]+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert [name.rpartition("/")[2] for name, _ in files] == ["qna.yaml", "attribution.txt"]
    builder = RepositoryBuilder(tmp_path / "repository")
    commit = builder.commit_files(dict(files))
    report = check(Repository.open(builder.path), Settings(), base=None, head=commit)
    assert [leaf.name for leaf in report.leaves] == ["foundational_skills/language/irregular_plurals"]
    assert report.findings == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]*)(?:#[^)]*)?\)", text):
        if target and "://" not in target:
            assert (page.parent / target).exists(), target
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", text):
        if "://" in target:
            continue
        other = (page.parent / target if target else page).read_text(encoding="utf-8")
        heads = [
            re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
            for head in re.findall(r"^#+ (.+)$", other, re.MULTILINE)
        ]
        assert anchor in heads, (target, anchor)
