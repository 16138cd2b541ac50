"""What the check found, as a reviewer would say it: errors first, what is alike once, what does not fail folded away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from seedbed.checking.finding import Severity, Status
from seedbed.checking.verdict import Verdict
from seedbed.forge.check_report import CheckReportFile, ReportedFinding, ReportedLeaf
from seedbed.reports.escape import markdown_code, markdown_fence, markdown_inline, markdown_prose
from seedbed.reports.plural import counted

_TEXT_LIMIT = 600  # characters of one message, a name or a line of help
_EXCERPT_LIMIT = 3_000
_LEAVES_SHOWN, _FEW_LEAVES = 30, 10
_PLACES_SHOWN = 20  # where a finding is said again
_FILE_IS_AT_FAULT = frozenset(
    {"SB201", "SB202", "SB203", "SB204", "SB205", "SB206", "SB207", "SB208", "SB211"}
)
"""Rules about the file, its folder or what is missing beside it: lines of the leaf show nothing of that."""
_VERDICTS = {
    Verdict.FAIL: "fails",
    Verdict.WARN: "passes",
    Verdict.PASS: "passes",
    Verdict.REMOVED: "is removed",
}
_CHANGES = {"added": "new", "renamed": "moved"}


@dataclass(frozen=True, slots=True)
class _Alike:
    """Findings that say the same but for a number or the leaf's own path; the first stands for all."""

    findings: tuple[ReportedFinding, ...]

    @property
    def first(self) -> ReportedFinding:
        return self.findings[0]


def leaves_list(report: CheckReportFile) -> Iterator[str]:
    """A line for each leaf, those that fail first; of many, those that pass are counted where others fail."""
    order = [Verdict.FAIL, Verdict.WARN, Verdict.PASS, Verdict.REMOVED]
    ranked = sorted(report.leaves, key=lambda leaf: (order.index(leaf.verdict), leaf.path))
    shown = ranked
    if len(ranked) > _FEW_LEAVES and ranked[0].verdict is Verdict.FAIL:
        shown = [leaf for leaf in ranked if leaf.verdict is Verdict.FAIL or _count(leaf, report)]
    for leaf in shown[:_LEAVES_SHOWN]:
        yield f"- {_code(leaf.name)} ({_kind(leaf)}) {_verdict(leaf, report)}"
        if leaf.neighbours:
            yield f"  - near to it: {', '.join(map(_code, leaf.neighbours[:3]))}"
    hidden = max(0, len(shown) - _LEAVES_SHOWN) + report.more_leaves
    failing = sum(leaf.verdict is Verdict.FAIL for leaf in shown[_LEAVES_SHOWN:])
    if hidden:
        many = "all" if failing == hidden else f"{failing:,}"
        yield f"- and {counted(hidden, 'more leaf', 'more leaves')}{f', {many} of them failing' if failing else ''}"
    if fine := len(ranked) - len(shown):
        removed = " or are removed" if ranked[-1].verdict is Verdict.REMOVED else ""
        yield f"- {counted(fine, 'other passes', 'others pass')}{removed}"
    if ranked:
        yield ""


def findings_text(report: CheckReportFile, room: int, length: Callable[[str], int]) -> str:
    """Everything that the change introduces, within `room`; what was there or is mended is counted alone."""
    new = [finding for finding in report.findings if finding.introduced]
    errors = _alike([finding for finding in new if finding.fails])
    others = _alike([finding for finding in new if not finding.fails])
    shown, left = _that_fit([_block(alike) for alike in errors], errors, room, length)
    if not errors:
        more, rest = _that_fit([_block(alike) for alike in others], others, room - length(shown), length)
        shown += more
    else:
        title = f"\n<details><summary>{_summary(others)}</summary>\n"
        end = "\n</details>\n"
        more, rest = _that_fit(
            [_block(alike) for alike in others], others, room - length(shown + title + end), length
        )
        shown += title + more + end if more else ""
    if left := left + rest + report.more_findings:
        shown += f"\n{counted(left, 'more finding does', 'more findings do')} not fit here; `seedbed check` shows them all.\n"
    return shown + _not_introduced(report)


def _not_introduced(report: CheckReportFile) -> str:
    old = sum(finding.status is Status.ALREADY_THERE for finding in report.findings)
    healed = sum(finding.status is Status.HEALED for finding in report.findings)
    text = ""
    if old:
        words = ("was", "does") if old == 1 else ("were", "do")
        text += f"\n{counted(old, 'finding', 'findings')} {words[0]} there before this change and {words[1]} not fail it.\n"
    if healed:
        text += f"\nThis change mends {counted(healed, 'finding', 'findings')} that the base has.\n"
    return text


def _alike(findings: Sequence[ReportedFinding]) -> list[_Alike]:
    """By severity, then by code: a leaf that cannot be read is mended before its words are."""
    severities = list(Severity)
    groups: dict[tuple[object, ...], list[ReportedFinding]] = {}
    for finding in sorted(
        findings, key=lambda one: (severities.index(one.severity), one.code, one.path, one.line)
    ):
        said = (_unplaced(finding.message, finding), _unplaced(finding.help, finding))
        groups.setdefault((finding.severity, finding.code, *said), []).append(finding)
    return [_Alike(tuple(group)) for group in groups.values()]


def _unplaced(text: str, finding: ReportedFinding) -> str:
    folder = finding.path.rpartition("/")[0]
    return re.sub(r"\d+", "0", text.replace(folder, "") if folder else text)


def _that_fit(
    blocks: Sequence[str], groups: Sequence[_Alike], room: int, length: Callable[[str], int]
) -> tuple[str, int]:
    """The first blocks that fit, and how many findings the others hold."""
    for place, block in enumerate(blocks):
        room -= length(block)
        if room < 0:
            return "".join(blocks[:place]), sum(len(group.findings) for group in groups[place:])
    return "".join(blocks), 0


def _block(alike: _Alike) -> str:
    first = alike.first
    lines = [f"\n**{first.severity.value} {first.code}** at {_place(first)}  ", _prose(first.message), ""]
    if first.excerpt and first.code not in _FILE_IS_AT_FAULT:
        lines += [markdown_fence(_without_rim(first.excerpt), _EXCERPT_LIMIT), ""]
    if first.help or first.safe_fix:
        fix = "`seedbed fix` mends it." if first.safe_fix else ""
        lines += [f"{_help(first)}{fix}".strip(), ""]
    if places := _places(alike.findings[1:], first):
        lines += [f"The same at {places}.", ""]
    return "\n".join(lines)


def _help(finding: ReportedFinding) -> str:
    """A sentence; where the help is a command, one that can be copied."""
    if not finding.help:
        return ""
    if finding.help.startswith("git "):
        return f"Help: {_code(finding.help)}. "
    return f"Help: {_prose(finding.help).removesuffix('.')}. "


def _places(findings: Sequence[ReportedFinding], first: ReportedFinding) -> str:
    """Lines of the same file by their numbers, others with their path."""
    here = [one for one in findings if one.path == first.path]
    others = [one for one in findings if one.path != first.path]
    named = [_place(one) for one in others[:_PLACES_SHOWN]]
    if numbers := [f"{one.line:,}" for one in here[:_PLACES_SHOWN]]:
        named.insert(0, f"line{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}")
    more = max(0, len(here) - _PLACES_SHOWN) + max(0, len(others) - _PLACES_SHOWN)
    return ", ".join(named) + (f" and {more:,} more places" if more else "")


def _place(finding: ReportedFinding) -> str:
    if finding.code in _FILE_IS_AT_FAULT:
        return _code(finding.path)
    return f"{_code(finding.path)}, line {finding.line}"


def _summary(groups: Sequence[_Alike]) -> str:
    findings = [finding for group in groups for finding in group.findings]
    counts = [(one, sum(finding.severity is one for finding in findings)) for one in Severity]
    said = " and ".join(counted(count, one.value, f"{one.value}s") for one, count in counts if count)
    return f"{said}, which {'does' if len(findings) == 1 else 'do'} not fail the check"


def _kind(leaf: ReportedLeaf) -> str:
    change = _CHANGES.get(leaf.change, leaf.change)
    moved = f" from {_code(leaf.old_path)}" if leaf.old_path and leaf.change == "renamed" else ""
    return ", ".join(filter(None, (f"{markdown_inline(change)}{moved}", leaf.kind)))


def _verdict(leaf: ReportedLeaf, report: CheckReportFile) -> str:
    """With what the change brings; what was there before is counted below, for all leaves."""
    said, counts = _VERDICTS[leaf.verdict], _count(leaf, report)
    if not counts:
        return said
    return f"{said}: {counts}" if leaf.verdict is Verdict.FAIL else f"{said}, with {counts}"


def _count(leaf: ReportedLeaf, report: CheckReportFile) -> str:
    folder = leaf.path.rpartition("/")[0]
    mine = [
        finding
        for finding in report.findings
        if finding.introduced and (finding.path == leaf.path or finding.path.rpartition("/")[0] == folder)
    ]
    counts = [(severity, sum(finding.severity is severity for finding in mine)) for severity in Severity]
    return ", ".join(counted(count, one.value, f"{one.value}s") for one, count in counts if count)


def _without_rim(excerpt: str) -> str:
    """An excerpt without the empty line above it, which parts it from a header that a comment does not have."""
    first, _, rest = excerpt.partition("\n")
    return rest if first.strip() == "|" else excerpt


def _code(text: str) -> str:
    return markdown_code(_cut(text))


def _prose(text: str) -> str:
    return markdown_prose(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_LIMIT else f"{text[:_TEXT_LIMIT]}…"
