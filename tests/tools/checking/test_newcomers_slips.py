"""What a person slips on who adds a first leaf from a browser: paths typed without the taxonomy, names nearly right."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.leaves_under_check import BESIDE, PATH, check_change, check_files
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.checking.check import check
from seedbed.config import Settings, TaxonomySettings
from seedbed.reports.findings import REPORTS
from seedbed.reports.text import findings_text
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.repository import Repository

README: dict[str, str | bytes] = {"README.md": "A taxonomy\n"}


@pytest.mark.parametrize("branch", ["compositional_skills", "foundational_skills", "knowledge"])
def test_a_leaf_beside_the_taxonomy_is_told_and_fails(tmp_path: Path, branch: str) -> None:
    report = check_change(
        tmp_path, {**README, PATH: SKILL, BESIDE: ATTRIBUTION}, {f"{branch}/a/qna.yaml": SKILL}
    )
    (finding,) = report.findings
    assert (finding.code, finding.path) == ("SB206", f"{branch}/a/qna.yaml")
    assert finding.help == f"move its folder to `taxonomy/{branch}/a`"
    assert report.failed and not report.leaves
    said = findings_text(report)
    assert "0 leaves checked: 1 error introduced by this change." in said and said.endswith(
        "The check fails.\n"
    )
    assert "nothing to check" not in said and "Passed" not in said
    markdown = REPORTS["markdown"](report, documentation_url=None)
    assert "### Seedbed check: the check fails\n" in markdown


def test_a_leaf_beside_the_taxonomy_in_the_working_tree(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    base = builder.commit_files({**README, PATH: SKILL, BESIDE: ATTRIBUTION})
    builder.write("knowledge/a/QNA.yml", SKILL)
    report = check(Repository.open(tmp_path), Settings(), base=Base("named by the test", base, None))
    assert [(one.code, one.path) for one in report.findings] == [("SB206", "knowledge/a/QNA.yml")]


def test_what_is_no_new_leaf_beside_the_taxonomy_is_nothing(tmp_path: Path) -> None:
    before = {**README, PATH: SKILL, BESIDE: ATTRIBUTION, "knowledge/old/qna.yaml": SKILL}
    after: dict[str, str | bytes] = {
        "knowledge/old/qna.yaml": f"{SKILL}# later\n",  # it was there before
        "knowledge/notes.md": "notes",
        "tests/knowledge/a/qna.yaml": SKILL,
    }
    assert check_change(tmp_path, before, after).findings == ()


def test_where_branches_stand_at_the_top_they_are_the_taxonomy(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    base = builder.commit_files(README)
    leaf = PATH.removeprefix("taxonomy/")
    head = builder.commit_files({leaf: SKILL, BESIDE.removeprefix("taxonomy/"): ATTRIBUTION})
    builder.write("seedbed.toml", '[taxonomy]\nroot = "."\n')
    settings = Settings(taxonomy=TaxonomySettings(root="."))
    report = check(
        Repository.open(tmp_path), settings, base=Base("named", base, head), policy_from_base=False
    )
    assert report.findings == () and [one.path for one in report.leaves] == [leaf]


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("Attribution.txt", "rename"),
        ("ATTRIBUTION.md", "rename"),
        ("atribution.txt", "rename"),
        ("attribution", "rename"),
        ("notes.txt", "add"),
        ("below/attribution.txt", "add"),
    ],
)
def test_an_attribution_of_nearly_the_right_name_is_to_be_renamed(
    tmp_path: Path, name: str, help: str
) -> None:
    folder = PATH.removesuffix("/qna.yaml")
    report = check_files(tmp_path, {PATH: SKILL, f"{folder}/{name}": ATTRIBUTION})
    (finding,) = report.findings
    assert finding.code == "SB211" and finding.help is not None
    wanted = f"rename `{folder}/{name}` to `{BESIDE}`" if help == "rename" else f"add `{BESIDE}`: "
    assert finding.help.startswith(wanted)
