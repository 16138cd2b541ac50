"""Facts about pull requests: one of each sort, and one with a stranger's text in every place that he can fill."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from support.sample_previews import full_preview, hostile_preview

from seedbed.checking.finding import Severity, Status
from seedbed.checking.verdict import Verdict
from seedbed.forge.actions import AddLabels, WriteComment, actions_of
from seedbed.forge.check_report import CheckReportFile, ReportedFinding, ReportedLeaf
from seedbed.forge.facts import CheckRun, Facts, OwnComment, Owners, PreviewRun, PullRequest, Review
from seedbed.generation.preview import Preview

HEAD, NEWER, BASE, MERGE = "c" * 40, "d" * 40, "a" * 40, "e" * 40
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
OPENED = NOW.replace(day=20)
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
    return replace(PullRequest(7, HEAD, "robin", OPENED), **changed)  # type: ignore[arg-type]


def checked(report: CheckReportFile | None, conclusion: str | None = None, **changed: object) -> Facts:
    """Facts after a run of the check that left `report`; the conclusion is the one that goes with it."""
    fitting = "failure" if report is None or report.failed else "success"
    run = CheckRun(HEAD, conclusion or fitting, RUN, report, None if report else "it left no report")
    return replace(Facts(pull_request(), NOW, run, Owners(("ada",))), **changed)  # type: ignore[arg-type]


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
    moved = replace(leaf, change="renamed", old_path=text, verdict=Verdict.PASS)
    twice = replace(finding, line=4), replace(finding, severity=Severity.WARNING, code="SB305")
    report = CheckReportFile("0.1.0", HEAD, MERGE, BASE, True, (finding, *twice), (leaf, moved))
    author = pull_request(author=text[:39], newcomer=True, labels=frozenset({text}))
    return checked(report, pull_request=author, owners=Owners((text,), (text,)))


def hostile_shown(text: str) -> Facts:
    """The facts of a pull request whose preview says `text` wherever a leaf, a model or a file's writer can."""
    preview = replace(hostile_preview(text), head=HEAD)
    before = OwnComment(5, body_of(hostile(text)), NOW)
    return replace(hostile(text), run=PreviewRun(HEAD, RUN, preview), comment=before)


def hostile_run(text: str) -> Facts:
    """The facts of a run that left nothing, and ended in words that no forge says."""
    return replace(hostile(text), run=CheckRun(HEAD, text, RUN, None, text))


def body_of(facts: Facts) -> str:
    """The comment that is written."""
    [written] = [action for action in actions_of(facts) if isinstance(action, WriteComment)]
    return written.body


def after(facts: Facts, **changed: object) -> Facts:
    """What is known when nothing runs after `facts` were spoken of; `changed` is what became of the pull request."""
    spoken = OwnComment(5, body_of(facts), NOW)
    labels = {name for action in actions_of(facts) if isinstance(action, AddLabels) for name in action.names}
    now = replace(facts.pull_request, **{"labels": frozenset(labels), **changed})  # type: ignore[arg-type]
    return Facts(now, NOW.replace(hour=15), None, Owners(("ada",)), spoken)


def review(state: str, *, commit: str = HEAD, counts: bool = True) -> tuple[Review, ...]:
    """One reviewer's word."""
    return (Review("ada", state, commit, NOW, counts),)


def cases() -> dict[str, Facts]:
    """Name of the golden file → facts."""
    failing, clear = checked(FAILING), checked(CLEAR)
    preview = PreviewRun(HEAD, RUN, shown_preview())
    before = OwnComment(5, body_of(clear), NOW)
    previewed = Facts(pull_request(), NOW, preview, Owners(("ada",)), before)
    shown = OwnComment(5, body_of(previewed), NOW)
    newer = replace(CLEAR, head=NEWER)
    teams = Owners(("ada",), ("geography",))
    waits = CheckRun(HEAD, "action_required", RUN, None, "the report cannot be read")
    queue = CheckRun(HEAD, "failure", RUN, replace(FAILING, head=MERGE), queue=True)
    doubled = (OwnComment(6, body_of(failing), NOW),)
    return {
        "failing": failing,
        "all_clear_after_failing": checked(
            CLEAR,
            comment=OwnComment(5, body_of(failing), NOW),
            pull_request=pull_request(labels=frozenset({"needs-author", "good first leaf"})),
        ),
        "first_contribution": checked(FAILING, pull_request=pull_request(newcomer=True)),
        "not_let_run": replace(failing, run=waits, pull_request=pull_request(newcomer=True)),
        "stopped": replace(failing, run=CheckRun(HEAD, "cancelled", RUN, None)),
        "draft": checked(CLEAR, pull_request=pull_request(draft=True)),
        "ready_for_review": after(checked(CLEAR, pull_request=pull_request(draft=True)), draft=False),
        "approved": after(clear, reviews=review("APPROVED"), assignees=frozenset({"Ada"})),
        "approved_by_anybody": after(clear, reviews=review("APPROVED", counts=False)),
        "changes_requested": after(clear, reviews=review("CHANGES_REQUESTED")),
        "teams": replace(clear, owners=teams),
        "teams_not_yet": replace(failing, owners=teams),
        "moved_and_removed": checked(moved_and_removed()),
        "no_leaf": checked(replace(CLEAR, leaves=())),
        "no_report": checked(None),
        "contradicted": checked(CLEAR, "failure"),
        "clear_with_remarks": checked(
            replace(CLEAR, findings=(ASKED_TWICE,), leaves=(replace(RIVERS, verdict=Verdict.WARN),))
        ),
        "changes_own_check": checked(CLEAR, pull_request=pull_request(changes_own_check=True)),
        "said_twice": replace(clear, comment=before, doubles=doubled),
        "many_leaves": checked(many_leaves()),
        "left_the_queue": replace(
            clear,
            run=queue,
            comment=before,
            pull_request=pull_request(reviews=review("APPROVED"), labels=frozenset({"needs-maintainer"})),
        ),
        "preview": previewed,
        "preview_failed": replace(previewed, run=PreviewRun(HEAD, RUN, None, "the preview cannot be read")),
        "preview_outdated": replace(previewed, run=PreviewRun(HEAD, RUN, None, outdated=True)),
        "pushed": replace(
            after(previewed, head=NEWER, labels=frozenset({"preview", "needs-maintainer"})), pushed=True
        ),
        "preview_stale": checked(
            newer,
            run=CheckRun(NEWER, "success", RUN, newer),
            comment=shown,
            pull_request=pull_request(head=NEWER),
        ),
        "closed": after(clear, open=False, labels=frozenset({"needs-maintainer", "preview", "leaf: new"})),
        "reopened": after(clear, labels=frozenset({"leaf: new", "idle"})),
    }
