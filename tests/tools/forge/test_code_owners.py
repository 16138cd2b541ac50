"""CODEOWNERS: which people own a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedbed.forge.code_owners import CodeOwners
from seedbed.forge.facts import Owners

OWNERS = """
# The last pattern that matches decides.
*                     @ada
*.md                  @writer  # and nobody else
/taxonomy/knowledge/  @grace @seedbed/knowledge grace@example.org
docs/*                @docs
apps/                 @apps
**/logs               @logs
/build/**/made        @made
/taxonomy/free
"""


@pytest.mark.parametrize(
    ("path", "people"),
    [
        ("taxonomy/knowledge/sea/qna.yaml", ["grace"]),
        ("taxonomy/skills/qna.yaml", ["ada"]),
        ("taxonomy/knowledge/sea/sea.md", ["grace"]),
        ("deep/er/notes.md", ["writer"]),
        ("docs/one.txt", ["docs"]),
        ("docs/deep/one.txt", ["ada"]),
        ("x/apps/y/z.txt", ["apps"]),
        ("a/logs/b", ["logs"]),
        ("build/a/b/made", ["made"]),
        ("taxonomy/free/qna.yaml", []),
        ("taxonomy/freedom/qna.yaml", ["ada"]),
    ],
)
def test_last_pattern_decides(path: str, people: list[str]) -> None:
    assert list(CodeOwners.read(OWNERS).of([path]).people) == people


def test_owners_of_several_paths_come_once() -> None:
    paths = ["taxonomy/knowledge/a", "b", "taxonomy/knowledge/c", "d"]
    assert CodeOwners.read(OWNERS).of(paths) == Owners(("grace", "ada"), ("knowledge",))


@pytest.mark.parametrize(
    ("path", "team"),
    [
        ("taxonomy/knowledge/harbours/velm/qna.yaml", "knowledge"),
        ("taxonomy/compositional_skills/writing/haiku/qna.yaml", "compositional-skills"),
        (".github/workflows/publish.yml", "maintainers"),
        ("README.md", "maintainers"),
    ],
)
def test_the_project_s_own_file_names_a_team_for_each_branch(path: str, team: str) -> None:
    file = Path(__file__).parents[3] / ".github" / "CODEOWNERS"
    owners = CodeOwners.read(file.read_text(encoding="utf-8")).of([path])
    assert team in owners.teams and owners.people == ()
