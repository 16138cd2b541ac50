"""`tests/leaves/by_rule`: for each rule a tree that breaks it once and, where the line is fine, one that nearly does.

`bad/CODE` and `good/CODE` hold `head` (the files of a commit), and where it matters `base` (the commit before) and
`author` (who proposes the change). An attribution is put beside each leaf that has none, save for the rule about it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.golden import assert_golden
from support.repositories import ATTRIBUTION, RepositoryBuilder

from seedbed.checking.check import check
from seedbed.checking.finding import Finding, Status
from seedbed.checking.report import CheckReport
from seedbed.checking.rules import RULES
from seedbed.config import FILE_NAME, read_settings
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.leaf import Span
from seedbed.taxonomy.repository import Repository

TREES = Path(__file__).parents[2] / "leaves" / "by_rule"
WITHOUT_ATTRIBUTION = "SB211"
MODES_AND_SIZES = {"SB103", "SB109", "SB116", "SB204", "SB205", "SB208"}
"""What no folder of text files can show: tests of their own make it."""


def files_of(folder: Path) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if WITHOUT_ATTRIBUTION not in folder.parts:
        for path in [path for path in files if path.endswith((".yaml", ".yml"))]:
            files.setdefault(str(Path(path).with_name("attribution.txt")), ATTRIBUTION)
    return files


def check_tree(case: Path, folder: Path) -> CheckReport:
    builder = RepositoryBuilder(folder)
    base = builder.commit_files(files_of(case / "base")) if (case / "base").exists() else None
    author = (case / "author").read_text() if (case / "author").exists() else None
    if author is not None:
        base = builder.commit_files({"README.md": "A taxonomy.\n"})
    files = files_of(case / "head")
    head = builder.commit_files(files)
    policy = files.get(FILE_NAME)
    settings = read_settings(policy.decode() if isinstance(policy, bytes) else None, source=FILE_NAME)
    named = None if base is None else Base("named by the test", base, head)
    return check(Repository.open(folder), settings, base=named, head=head, author=author)


def marked(report: CheckReport, path: str, span: Span) -> str:
    """The text that a span covers; of several lines, what it covers of the first."""
    text = report.sources.get(path)
    if text is None:
        return "(no text)"
    line = text.split("\n")[span.line - 1]
    return line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None]


def told(report: CheckReport, finding: Finding) -> str:
    span = finding.span
    place = f"{finding.path}:{span.line}:{span.column} «{marked(report, finding.path, span)[:80]}»"
    lines = [
        f"{finding.code} {finding.severity.value} {place}",
        f"    {finding.message}",
        f"    help: {finding.help}",
    ]
    lines += [
        f"    {related.path}:{related.span.line}:{related.span.column} "
        f"«{marked(report, related.path, related.span)[:80]}» {related.message}"
        for related in finding.related
    ]
    if finding.fix is not None:
        lines.append(f"    {'safe' if finding.fix.safe else 'unsafe'} fix: {finding.fix.text[:80]!r}")
    return "\n".join(lines)


@pytest.mark.parametrize("case", sorted((TREES / "good").iterdir()), ids=lambda case: case.name)
def test_what_nearly_breaks_a_rule_has_no_finding(case: Path, tmp_path: Path) -> None:
    assert [finding.code for finding in check_tree(case, tmp_path).findings] == []


def test_one_fault_is_one_finding_at_its_words(tmp_path: Path) -> None:
    """Every word of every rule, in one file to read: where it points, what it says, what it advises."""
    lines = []
    for case in sorted((TREES / "bad").iterdir()):
        report = check_tree(case, tmp_path / case.name)
        present = [finding for finding in report.findings if finding.status is not Status.HEALED]
        assert [finding.code for finding in present] == [case.name]
        lines += [told(report, finding) for finding in present]
    assert_golden(TREES / "expected.txt", "\n".join(lines) + "\n")


def test_every_rule_has_a_tree() -> None:
    shown = {case.name for case in (TREES / "bad").iterdir()}
    assert shown | MODES_AND_SIZES == {rule.code for rule in RULES}
