"""The use case on real repositories: what is looked at, what is new, and what never stops the others."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest
from support.leaves_under_check import BESIDE, PATH, check_change, check_files, skill
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder, corrupt_object

from seedbed.checking.check import check
from seedbed.checking.finding import Status
from seedbed.checking.verdict import Verdict
from seedbed.config import Settings
from seedbed.errors import UsageError
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.repository import Repository

OTHER = "taxonomy/compositional_skills/places/rivers/qna.yaml"
OTHER_BESIDE = "taxonomy/compositional_skills/places/rivers/attribution.txt"
RIVERS = SKILL.replace("capital of", "longest river of")
BAD = skill("answer: Oslo", "answer: no")
GOOD = {PATH: SKILL, BESIDE: ATTRIBUTION}


def test_a_fault_that_was_there_before_does_not_fail(tmp_path: Path) -> None:
    report = check_change(
        tmp_path, {**GOOD, PATH: BAD}, {PATH: "# a remark\n" + BAD.replace("Lima", "Lima!")}
    )
    assert [(finding.code, finding.status) for finding in report.findings] == [
        ("SB107", Status.ALREADY_THERE)
    ]
    assert not report.failed
    assert report.leaves[0].verdict is Verdict.WARN


def test_a_new_fault_fails_and_a_mended_one_is_healed(tmp_path: Path) -> None:
    report = check_change(tmp_path, {**GOOD, PATH: BAD}, {PATH: skill("answer: Lima", "answer: 12")})
    assert {(finding.value, finding.status) for finding in report.findings} == {
        ("no", Status.HEALED),
        ("12", Status.INTRODUCED),
    }
    assert report.failed
    assert report.leaves[0].verdict is Verdict.FAIL


@pytest.mark.parametrize("broken", ["version: [3\n", "", "- a list\n", b"\xff\xfe\xfa", "a: 1\n" * 60_000])
def test_a_leaf_that_cannot_be_read_now_has_healed_nothing(tmp_path: Path, broken: str | bytes) -> None:
    files = {**GOOD, PATH: BAD, OTHER: BAD.replace("capital of", "river of"), OTHER_BESIDE: ATTRIBUTION}
    report = check_change(tmp_path, files, {PATH: broken, OTHER: RIVERS})
    assert report.failed
    assert [finding.status for finding in report.findings if finding.path == PATH] == [Status.INTRODUCED]
    healed = [finding.path for finding in report.findings if finding.status is Status.HEALED]
    assert healed == [OTHER]


def test_only_changed_leaves_are_looked_at(tmp_path: Path) -> None:
    report = check_change(tmp_path, {**GOOD, PATH: BAD}, {OTHER: RIVERS, OTHER_BESIDE: ATTRIBUTION})
    assert [(leaf.path, leaf.change, leaf.verdict) for leaf in report.leaves] == [
        (OTHER, "added", Verdict.PASS)
    ]


def test_a_renamed_leaf_keeps_its_old_faults(tmp_path: Path) -> None:
    moved = {OTHER: BAD, OTHER_BESIDE: ATTRIBUTION}
    report = check_change(tmp_path, {**GOOD, PATH: BAD}, moved, removed=(PATH, BESIDE))
    (leaf,) = report.leaves
    assert (leaf.change, leaf.old_path, leaf.verdict) == ("renamed", PATH, Verdict.WARN)
    assert [finding.status for finding in report.findings] == [Status.ALREADY_THERE]


def test_a_removed_leaf_passes_with_its_faults(tmp_path: Path) -> None:
    report = check_change(tmp_path, {**GOOD, PATH: BAD}, {"README.md": "Hello\n"}, removed=(PATH, BESIDE))
    assert [(leaf.path, leaf.blob, leaf.verdict) for leaf in report.leaves] == [(PATH, None, Verdict.REMOVED)]
    assert not report.failed and report.findings == ()


def test_a_removed_attribution_fails_the_leaf(tmp_path: Path) -> None:
    report = check_change(tmp_path, GOOD, {"README.md": "Hello\n"}, removed=(BESIDE,))
    assert [(leaf.change, leaf.verdict) for leaf in report.leaves] == [("edited", Verdict.FAIL)]
    assert [finding.code for finding in report.findings] == ["SB211"]


def test_a_missing_blob_is_a_finding_and_the_others_are_checked(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    commit = builder.commit_files({**GOOD, OTHER: BAD, OTHER_BESIDE: ATTRIBUTION})
    blob = Repository.open(tmp_path)
    (file,) = [file for file in blob.files(commit, "taxonomy") if file.path == PATH]
    (tmp_path / ".git/objects" / file.blob[:2] / file.blob[2:]).unlink()
    report = check(Repository.open(tmp_path), Settings(), base=None, head=commit)
    assert [(finding.path, finding.code) for finding in report.findings] == [
        (PATH, "SB109"),
        (OTHER, "SB107"),
    ]


def test_a_corrupt_blob_is_a_finding(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    commit = builder.commit_files(GOOD)
    (file,) = [file for file in Repository.open(tmp_path).files(commit, "taxonomy") if file.path == PATH]
    corrupt_object(tmp_path / ".git", file.blob)
    report = check(Repository.open(tmp_path), Settings(), base=None, head=commit)
    assert [finding.code for finding in report.findings] == ["SB109"]


def test_links_are_refused_and_never_followed(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "repository")
    (tmp_path / "secret").write_text(SKILL)
    builder.write(BESIDE, ATTRIBUTION)
    (tmp_path / "repository" / PATH).symlink_to(tmp_path / "secret")
    commit = builder.commit()
    for head in (commit, None):
        report = check(Repository.open(tmp_path / "repository"), Settings(), base=None, head=head)
        assert [finding.code for finding in report.findings] == ["SB204"]
        assert "capital" not in "".join(report.sources.values())


def test_a_link_in_the_place_of_a_leaf_fails_and_an_old_one_does_not(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.write_leaf(str(Path(PATH).parent))
    old = tmp_path / "taxonomy/compositional_skills/places/old"
    old.symlink_to("capitals")
    base = builder.commit()
    (tmp_path / "taxonomy/compositional_skills/places/towns").symlink_to("capitals")
    report = check(Repository.open(tmp_path), Settings(), base=Base("test", base, builder.commit()))
    assert [(finding.code, finding.path) for finding in report.findings] == [
        ("SB208", "taxonomy/compositional_skills/places/towns")
    ]
    assert report.failed


def test_a_name_that_stands_twice_in_a_tree_is_refused(tmp_path: Path) -> None:
    """Git writes no such tree, so one was made by hand: which of the two a checkout takes is nobody's to guess."""
    builder = RepositoryBuilder(tmp_path)
    base = builder.commit_files(GOOD)

    def head(folder: str) -> str:
        """A commit in which the last part of `folder` stands twice in the folder above it."""
        above, _, name = folder.rpartition("/")
        tree = builder.git[base].peel(pygit2.Tree)
        entry = tree[folder]
        oid = builder.raw_tree([(int(entry.filemode), name.encode(), entry.id)] * 2)
        while above:
            above, _, name = above.rpartition("/")
            oid = builder.raw_tree([(0o40000, name.encode(), oid)])
        return builder.commit_tree(oid, reference=f"refs/heads/{oid}")

    def told(folder: str) -> list[tuple[str, str]]:
        report = check(Repository.open(tmp_path), Settings(), base=Base("test", base, head(folder)))
        assert report.failed
        return [
            (finding.code, finding.message) for finding in report.findings if finding.status == "introduced"
        ]

    [(code, message)] = told(str(Path(PATH).parent))
    assert code == "SB208" and "two entries of the same name" in message
    assert "SB204" in [code for code, _ in told(PATH)]


def test_an_executable_leaf_is_a_warning(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.write(BESIDE, ATTRIBUTION)
    builder.write(PATH, SKILL).chmod(0o755)
    report = check(Repository.open(tmp_path), Settings(), base=None, head=builder.commit())
    assert [(finding.code, finding.severity) for finding in report.findings] == [("SB205", "warning")]


def test_paths_choose_leaves_changed_or_not(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    base = builder.commit_files({**GOOD, PATH: BAD, OTHER: RIVERS, OTHER_BESIDE: ATTRIBUTION})
    repository = Repository.open(tmp_path)
    for path in ("taxonomy/compositional_skills/places/capitals", PATH, BESIDE):
        report = check(repository, Settings(), base=Base("test", base, None), paths=(path,))
        assert [(leaf.path, leaf.change) for leaf in report.leaves] == [(PATH, "unchanged")]
        assert [finding.status for finding in report.findings] == [Status.ALREADY_THERE]
    assert len(check(repository, Settings(), base=None, paths=("taxonomy",)).leaves) == 2
    with pytest.raises(UsageError, match="no leaf at or under docs"):
        check(repository, Settings(), base=None, paths=("docs",))


def test_fingerprints_stay_when_lines_move(tmp_path: Path) -> None:
    (first,) = check_files(tmp_path / "a", {**GOOD, PATH: BAD}).findings
    (second,) = check_files(tmp_path / "b", {**GOOD, PATH: "# remark\n\n" + BAD}).findings
    assert first.span != second.span
    assert first.fingerprint == second.fingerprint
