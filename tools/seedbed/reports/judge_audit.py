"""An audit of a judge as a table of text."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.generation.audit_record import CriterionAudit, JudgeAudit, Share
from seedbed.reports.escape import terminal_text
from seedbed.reports.plural import counted

_HEAD = ("criterion", "recall (faults caught)", "precision", "good pairs kept", "unread")


def judge_audit_text(audit: JudgeAudit) -> str:
    """One row a criterion, then what each caught of every fault; every share with its 95 % interval and its cases."""
    rows = [_HEAD, *(_row(each) for each in audit.criteria)]
    made = f"judge {terminal_text(str(audit.teacher))}, recipe {terminal_text(audit.recipe)}"
    lines = [
        f"{made}, {counted(len(audit.leaves), 'leaf')} at {audit.commit[:12]}",
        "",
        *_aligned(rows),
        "",
        *_aligned(
            [
                ("fault", "criterion", "caught"),
                *(
                    (str(fault), each.criterion, f"{caught} of {cases}")
                    for each in audit.criteria
                    for fault, (cases, caught) in each.faults.items()
                ),
            ]
        ),
        "",
        "Precision counts against the good pairs shown here; of generated samples more may be bad.",
    ]
    return "\n".join(lines) + "\n"


def _row(each: CriterionAudit) -> tuple[str, ...]:
    turned_down = each.caught + each.good - each.good_kept
    return (
        terminal_text(each.criterion),
        _share(each.recall, each.caught, each.faulty),
        _share(each.precision, each.caught, turned_down),
        _share(each.kept, each.good_kept, each.good),
        str(each.unread),
    )


def _share(share: Share | None, count: int, cases: int) -> str:
    if share is None:
        return "-"
    return f"{share.share:.2f} ({share.low:.2f} to {share.high:.2f}), {count} of {cases}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
