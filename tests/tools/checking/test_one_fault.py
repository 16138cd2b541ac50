"""One fault is one finding: what two rules could both say of one slip, only one of them says."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.leaves_under_check import BESIDE, PATH, check_files, check_leaf, skill
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.checking.check import check
from seedbed.config import Settings
from seedbed.taxonomy.repository import Repository

FOLDER = "taxonomy/compositional_skills"
PARIS, OSLO = "answer: Paris", "answer: Oslo"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (skill(PARIS, "answer: &a Paris").replace(OSLO, "answer: *a"), ["SB104"]),
        (skill(PARIS, "answer: &a no"), ["SB104"]),
        (skill(PARIS, "answer: *a"), ["SB104"]),
        (skill(PARIS, f"{PARIS}\n    <<: *a"), ["SB106"]),
        (skill("- question", "- &a\n    question").replace(OSLO, f"{OSLO}\n    <<: *a"), ["SB104"]),
        (skill(PARIS, "answer: !!str Paris").replace(OSLO, "answer: &a Oslo"), ["SB104", "SB104"]),
        (skill("version: 3", "version: [3]"), ["SB117"]),
        (skill("version: 3", "version: {number: 3}"), ["SB117"]),
        (skill("version: 3", "version: &v 3"), ["SB104"]),
        (skill(PARIS, "answer: " + "a" * 50_000), ["SB307"]),
    ],
    ids=[
        *("anchor and alias", "anchored no", "alias alone", "merge key", "merge key and its anchor"),
        *(
            "a tag and an anchor are two",
            "version as list",
            "version as mapping",
            "anchored version",
            "one word",
        ),
    ],
)
def test_a_value_with_one_fault(text: str, codes: list[str], tmp_path: Path) -> None:
    assert [finding.code for finding in check_leaf(tmp_path, text)] == codes


@pytest.mark.parametrize(
    ("path", "code", "advice"),
    [
        (f"{FOLDER}/Con/qna.yaml", "SB202", "rename it"),
        (f"{FOLDER}/a:b/qna.yaml", "SB202", "rename it"),
        (f"{FOLDER}/tides /qna.yaml", "SB202", "rename it"),
        (f"{FOLDER}/QNA/Qna.yaml", "SB201", f"`{FOLDER}/qna/qna.yaml`"),
        (f"{FOLDER}/Big Places/capitals.yaml", "SB201", f"`{FOLDER}/big_places/qna.yaml`"),
        (f"{FOLDER}/capitals.yaml", "SB201", f"`{FOLDER}/capitals/qna.yaml`"),
        (f"{FOLDER}/qna.yaml", "SB206", f"`{FOLDER.partition('/')[2]}/topic/qna.yaml`"),
    ],
)
def test_a_path_with_one_fault(path: str, code: str, advice: str, tmp_path: Path) -> None:
    (found,) = check_leaf(tmp_path, SKILL, path=path)
    assert found.code == code
    assert advice in (found.help or "")


def test_two_misnamed_leaves_in_a_folder_are_sent_to_two_folders(tmp_path: Path) -> None:
    other = SKILL.replace("capital of", "largest river of")
    files = {f"{FOLDER}/places/capitals.yaml": SKILL, f"{FOLDER}/places/rivers.yaml": other}
    report = check_files(tmp_path, {**files, f"{FOLDER}/places/attribution.txt": ATTRIBUTION})
    wrong = [finding.help for finding in report.findings if finding.code == "SB201"]
    assert wrong == [f"rename it to `{FOLDER}/places/{topic}/qna.yaml`" for topic in ("capitals", "rivers")]


def test_a_device_among_odd_folders_is_told_once_and_so_are_the_others(tmp_path: Path) -> None:
    found = check_leaf(tmp_path, SKILL, path=f"{FOLDER}/Big Places/aux/qna.yaml")
    assert [(finding.code, finding.value) for finding in found] == [("SB202", "aux"), ("SB203", "Big Places")]


def test_an_attribution_that_is_a_link_is_not_missing_too(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.write(PATH, SKILL)
    (tmp_path / BESIDE).symlink_to("elsewhere.txt")
    report = check(Repository.open(tmp_path), Settings(), base=None, head=builder.commit())
    assert [finding.code for finding in report.findings] == ["SB204"]


def test_an_attribution_that_is_too_large_to_read_is_not_called_missing(tmp_path: Path) -> None:
    (found,) = check_leaf(tmp_path, SKILL, attribution=ATTRIBUTION * 4_000)
    assert (found.code, found.path) == ("SB211", BESIDE)
    assert "at most 262,144" in found.message
