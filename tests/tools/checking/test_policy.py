"""What a repository decides about its rules, and that a change cannot decide it for itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.leaves_under_check import BESIDE, PATH, skill
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.checking.check import check
from seedbed.checking.finding import Finding, Severity, Status
from seedbed.checking.report import CheckReport
from seedbed.config import FILE_NAME, read_settings
from seedbed.errors import ConfigurationError
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.repository import Repository

BAD = skill("answer: Oslo", "answer: Paris <|im_end|>")  # SB308, an error
IGNORE = '[[check.ignore]]\nrules = ["{}"]\npaths = ["taxonomy/*/places/*"]\nreason = "older than the rule"\n'


def check_all(folder: Path, policy: str, leaf: str = BAD) -> CheckReport:
    builder = RepositoryBuilder(folder)
    commit = builder.commit_files({PATH: leaf, BESIDE: ATTRIBUTION, FILE_NAME: policy})
    settings = read_settings(policy, source=FILE_NAME)
    return check(Repository.open(folder), settings, base=None, head=commit)


def check_pull(
    folder: Path, before: dict[str, str], after: dict[str, str], *, own: bool = False
) -> CheckReport:
    """Check a change under the settings of its own head, as a command in its working tree would."""
    builder = RepositoryBuilder(folder)
    base = builder.commit_files({BESIDE: ATTRIBUTION, **before})
    head = builder.commit_files(after)
    text = {**before, **after}.get(FILE_NAME)
    settings = read_settings(text, source=FILE_NAME)
    named = Base("named by the test", base, head)
    return check(Repository.open(folder), settings, base=named, policy_from_base=not own)


def told(report: CheckReport) -> list[tuple[str, Severity, Status]]:
    return [(finding.code, finding.severity, finding.status) for finding in report.findings]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", [("SB308", Severity.ERROR)]),
        ('[check.severity]\nSB308 = "warning"', [("SB308", Severity.WARNING)]),
        ('[check.severity]\nSB308 = "off"', []),
        (IGNORE.format("SB308"), []),
        ('[check.ratchet]\nSB308 = "since 2026-11"', [("SB308", Severity.WARNING)]),
    ],
)
def test_severity_off_ignore_and_ratchet(
    tmp_path: Path, policy: str, expected: list[tuple[str, Severity]]
) -> None:
    report = check_all(tmp_path, policy)
    assert [(finding.code, finding.severity) for finding in report.findings] == expected
    assert report.failed == (("SB308", Severity.ERROR) in expected)


def test_a_new_finding_of_a_ratcheted_rule_fails_and_an_old_one_does_not(tmp_path: Path) -> None:
    policy = '[check.ratchet]\nSB303 = "since 2026-11"\n'
    old = skill("answer: Oslo", "answer: What is the capital of Norway?")
    new = old.replace("answer: Lima", "answer: What is the capital of Peru?")
    report = check_pull(tmp_path, {PATH: old, FILE_NAME: policy}, {PATH: new})
    assert told(report) == [
        ("SB303", Severity.WARNING, Status.ALREADY_THERE),
        ("SB303", Severity.ERROR, Status.INTRODUCED),
    ]
    assert report.failed


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ('[check.severity]\nSB3O8 = "off"', ["SB3O8", "did you mean SB308?"]),
        ('[check.ratchet]\nSB999 = "why not"', ["check.ratchet names SB999"]),
        (IGNORE.format("SB30"), ["check.ignore names SB30", "did you mean SB3"]),
        ('[check.severity]\nSB101 = "hint"', ["weakens SB101"]),
        (IGNORE.format("SB202"), ["weakens SB202"]),
    ],
)
def test_codes_of_a_policy_are_known_and_not_weakened_where_they_protect(
    tmp_path: Path, policy: str, words: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_all(tmp_path, policy)
    assert caught.value.hint
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ('[check.severity]\nSB308 = "of"', ["check.severity.SB308", "did you mean off?"]),
        ("[check.severity]\nSB308 = 1", ["expected a table of texts"]),
        ('[check]\nratchet = ["SB308"]', ["check.ratchet", "expected a table of texts"]),
        ('[[check.ignore]]\nrules = ["SB308"]\npaths = ["*"]', ["check.ignore[0] gives no reason"]),
        ('[[check.ignore]]\nrules = "SB308"\npaths = ["*"]\nreason = "x"', ["ignore[0].rules"]),
        ('[[check.ignore]]\nrules = ["SB308"]\npath = ["*"]\nreason = "x"', ["did you mean paths?"]),
        ('[check]\nignore = "SB308"', ["expected a list of tables"]),
    ],
)
def test_a_policy_that_cannot_be_read_says_why(policy: str, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(policy, source=FILE_NAME)
    assert caught.value.hint
    for word in words:
        assert word in caught.value.message


def test_an_ignore_that_ignores_nothing_is_told_at_its_reason(tmp_path: Path) -> None:
    policy = IGNORE.format("SB308") + IGNORE.format("SB303").replace("older than the rule", "no longer true")
    report = check_all(tmp_path, policy)
    (finding,) = report.findings
    assert (finding.code, finding.path) == ("SB702", FILE_NAME)
    assert marked(report, finding) == "no longer true"


def marked(report: CheckReport, finding: Finding) -> str:
    line = report.sources[finding.path].split("\n")[finding.span.line - 1]
    return line[finding.span.column - 1 : finding.span.end_column - 1]


@pytest.mark.parametrize("relaxed", ['[check.severity]\nSB308 = "off"\n', IGNORE.format("SB308")])
@pytest.mark.parametrize("before", ['[store]\npath = "kept"\n', None])
def test_a_change_cannot_relax_what_it_is_checked_by(
    tmp_path: Path, relaxed: str, before: str | None
) -> None:
    kept = {PATH: SKILL} if before is None else {PATH: SKILL, FILE_NAME: before}
    report = check_pull(tmp_path, kept, {PATH: BAD, FILE_NAME: relaxed})
    assert told(report) == [
        ("SB701", Severity.HINT, Status.INTRODUCED),
        ("SB308", Severity.ERROR, Status.INTRODUCED),
    ]
    assert marked(report, report.findings[0]) == relaxed.split("\n")[0]
    assert report.failed


def test_settings_that_a_person_named_count(tmp_path: Path) -> None:
    relaxed = '[check.severity]\nSB308 = "off"\n'
    assert told(check_pull(tmp_path, {PATH: SKILL}, {PATH: BAD, FILE_NAME: relaxed}, own=True)) == []


def test_a_first_policy_may_say_where_the_taxonomy_is(tmp_path: Path) -> None:
    own = PATH.removeprefix("taxonomy/")
    beside = BESIDE.removeprefix("taxonomy/")
    builder = RepositoryBuilder(tmp_path)
    base = builder.commit_files({own: SKILL, beside: ATTRIBUTION})
    head = builder.commit_files({own: BAD, FILE_NAME: '[taxonomy]\nroot = "."\n'})
    settings = read_settings('[taxonomy]\nroot = "."\n', source=FILE_NAME)
    report = check(Repository.open(tmp_path), settings, base=Base("test", base, head))
    assert [leaf.path for leaf in report.leaves] == [own]
    assert report.failed


def test_a_change_cannot_hide_the_taxonomy_by_moving_its_root(tmp_path: Path) -> None:
    report = check_pull(tmp_path, {PATH: SKILL}, {PATH: BAD, FILE_NAME: '[taxonomy]\nroot = "nowhere"\n'})
    assert report.failed


def test_a_policy_of_the_base_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    before = {PATH: SKILL, FILE_NAME: "[chekc]\n"}
    report = check_pull(tmp_path, before, {PATH: BAD, FILE_NAME: "[check]\n"})
    assert [finding.code for finding in report.findings] == ["SB701", "SB308"]
    assert "did you mean check?" in report.findings[0].message
