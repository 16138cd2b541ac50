"""Facts about pull requests: one of each sort, and one with a stranger's text in every place that he can fill."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from support.sample_previews import full_preview

from seedbed.checking.finding import Severity, Status
from seedbed.checking.verdict import Verdict
from seedbed.forge.check_report import CheckReportFile, ReportedFinding, ReportedLeaf
from seedbed.forge.facts import CheckRun, Facts, OwnComment, PreviewRun, PullRequest, Review
from seedbed.generation.preview import Preview

HEAD, NEWER, BASE, MERGE = "c" * 40, "d" * 40, "a" * 40, "e" * 40
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
RUN = "https://forge.example/seedbed/seedbed/actions/runs/41"
PATH = "taxonomy/compositional_skills/geography/rivers/qna.yaml"

RIVERS = ReportedLeaf(
    PATH,
    "compositional_skills/geography/rivers",
    "1" * 40,
    "added",
    Verdict.FAIL,
    "freeform",
    neighbours=("compositional_skills/geography/capitals",),
)
MISSPELT = ReportedFinding(
    "SB111",
    Severity.ERROR,
    Status.INTRODUCED,
    PATH,
    3,
    1,
    "`task_descriptoin` is no key of a leaf; `task_description` is probably meant",
    "rename the key",
    "3 | task_descriptoin: Name a river.\n  | ^^^^^^^^^^^^^^^^",
    True,
)
ASKED_TWICE = replace(
    MISSPELT,
    code="SB305",
    severity=Severity.WARNING,
    line=9,
    message="this question is asked twice",
    help="",
    excerpt="",
    safe_fix=False,
)
FAILING = CheckReportFile("0.1.0", HEAD, MERGE, BASE, True, (ASKED_TWICE, MISSPELT), (RIVERS,))
CLEAR = replace(FAILING, failed=False, findings=(), leaves=(replace(RIVERS, verdict=Verdict.PASS),))


def pull_request(**changed: object) -> PullRequest:
    return replace(PullRequest(7, HEAD, "robin"), **changed)  # type: ignore[arg-type]


def checked(report: CheckReportFile | None, conclusion: str | None = None, **changed: object) -> Facts:
    """Facts after a run of the check that left `report`; the conclusion is the one that goes with it."""
    fitting = "failure" if report is None or report.failed else "success"
    run = CheckRun(HEAD, conclusion or fitting, RUN, report, None if report else "it left no report")
    return replace(Facts(pull_request(), NOW, run, ("ada",)), **changed)  # type: ignore[arg-type]


def many_leaves() -> CheckReportFile:
    """500 changed leaves, every third of which fails."""
    leaves = []
    findings = []
    for number in range(500):
        path = f"taxonomy/knowledge/harbours/h{number:03}/qna.yaml"
        verdict = Verdict.FAIL if number % 3 == 0 else Verdict.PASS
        leaves.append(
            ReportedLeaf(path, f"knowledge/harbours/h{number:03}", "1" * 40, "added", verdict, "knowledge")
        )
        if verdict is Verdict.FAIL:
            findings.append(replace(MISSPELT, path=path))
    return replace(FAILING, findings=tuple(findings), leaves=tuple(leaves))


def moved_and_removed() -> CheckReportFile:
    """A leaf that moved with a fault it had, one that goes, and one that mends a fault."""
    moved = replace(
        RIVERS, change="renamed", verdict=Verdict.WARN, old_path="taxonomy/old/qna.yaml", neighbours=()
    )
    gone = replace(
        RIVERS,
        path="taxonomy/knowledge/harbours/velm/qna.yaml",
        name="knowledge/harbours/velm",
        blob=None,
        change="removed",
        verdict=Verdict.REMOVED,
        kind="knowledge",
        neighbours=(),
    )
    findings = (
        replace(MISSPELT, status=Status.ALREADY_THERE),
        replace(ASKED_TWICE, status=Status.HEALED),
    )
    return replace(CLEAR, findings=findings, leaves=(moved, gone))


def shown_preview() -> Preview:
    """A preview of one leaf, of the pull request's commit."""
    preview = full_preview()
    return replace(preview, base=BASE, head=HEAD, leaves=preview.leaves[:1])


def hostile(text: str) -> Facts:
    """The facts of a pull request in which everything that a stranger names is `text`."""
    finding = replace(MISSPELT, path=text, message=text, help=text, excerpt=text, code="SB111")
    leaf = replace(RIVERS, path=text, name=text, change="added", neighbours=(text,))
    report = CheckReportFile("0.1.0", HEAD, MERGE, BASE, True, (finding,), (leaf,))
    return checked(report, pull_request=pull_request(author=text[:39]))


def cases() -> dict[str, Facts]:
    """Name of the golden file → facts."""
    from seedbed.forge.actions import WriteComment, actions_of

    def body(facts: Facts) -> str:
        [written] = [action for action in actions_of(facts) if isinstance(action, WriteComment)]
        return written.body

    failing = checked(FAILING)
    preview = PreviewRun(HEAD, RUN, shown_preview())
    previewed = Facts(pull_request(), NOW, preview, ("ada",), OwnComment(5, body(checked(CLEAR))))
    approved = (Review("ada", "APPROVED", HEAD),)
    newer = replace(CLEAR, head=NEWER)
    return {
        "failing": failing,
        "all_clear_after_failing": checked(
            CLEAR,
            comment=OwnComment(5, body(failing)),
            pull_request=pull_request(labels=frozenset({"needs-author", "good first leaf"})),
        ),
        "draft": checked(CLEAR, pull_request=pull_request(draft=True)),
        "approved": checked(CLEAR, pull_request=pull_request(reviews=approved, assignees=frozenset({"Ada"}))),
        "changes_requested": checked(
            CLEAR, pull_request=pull_request(reviews=(Review("ada", "CHANGES_REQUESTED", HEAD),))
        ),
        "moved_and_removed": checked(moved_and_removed()),
        "no_leaf": checked(replace(CLEAR, leaves=())),
        "no_report": checked(None),
        "contradicted": checked(CLEAR, "failure"),
        "many_leaves": checked(many_leaves()),
        "preview": previewed,
        "preview_failed": replace(previewed, run=PreviewRun(HEAD, RUN, None, "the preview cannot be read")),
        "preview_stale": checked(
            newer,
            run=CheckRun(NEWER, "success", RUN, newer),
            comment=OwnComment(5, body(previewed)),
            pull_request=pull_request(head=NEWER),
        ),
    }
