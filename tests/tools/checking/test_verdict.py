"""Laws of the comparison with the base."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from seedbed.checking.finding import Finding, Severity, Status
from seedbed.checking.verdict import Verdict, compare, fails, verdict_of
from seedbed.taxonomy.leaf import Span

FINDINGS = st.lists(
    st.builds(
        Finding,
        code=st.sampled_from(["SB101", "SB303"]),
        severity=st.sampled_from(Severity),
        path=st.sampled_from(["a/qna.yaml", "b/qna.yaml"]),
        span=st.builds(lambda line: Span(line, 1, line, 2), st.integers(1, 9)),
        message=st.just("m"),
        value=st.sampled_from(["x", "y"]),
    ),
    max_size=12,
)


def counted(findings: list[Finding] | tuple[Finding, ...]) -> Counter[str]:
    return Counter(finding.fingerprint for finding in findings)


@given(FINDINGS, FINDINGS)
def test_nothing_is_lost_and_nothing_is_made_up(head: list[Finding], base: list[Finding]) -> None:
    judged = compare(head, base)
    by_status = {status: counted([f for f in judged if f.status is status]) for status in Status}
    assert by_status[Status.INTRODUCED] + by_status[Status.ALREADY_THERE] == counted(head)
    assert by_status[Status.HEALED] + by_status[Status.ALREADY_THERE] == counted(base)
    assert not by_status[Status.INTRODUCED] & by_status[Status.HEALED]


@given(FINDINGS)
def test_a_change_that_changes_nothing_introduces_nothing(findings: list[Finding]) -> None:
    moved = [replace(finding, span=Span(50, 1, 50, 2)) for finding in findings]
    assert {finding.status for finding in compare(moved, findings)} <= {Status.ALREADY_THERE}


@given(FINDINGS)
def test_a_move_introduces_nothing(findings: list[Finding]) -> None:
    here = [replace(finding, path="new/" + finding.path) for finding in findings]
    renamed = {path: f"new/{path}" for path in ("a/qna.yaml", "b/qna.yaml")}
    assert {finding.status for finding in compare(here, findings, renamed=renamed)} <= {Status.ALREADY_THERE}


@given(FINDINGS, FINDINGS)
def test_the_verdict_fails_exactly_when_an_error_is_introduced(
    head: list[Finding], base: list[Finding]
) -> None:
    judged = compare(head, base)
    assert (verdict_of(judged) is Verdict.FAIL) == any(fails(finding) for finding in judged)
    assert verdict_of([finding for finding in judged if finding.status is Status.HEALED]) is Verdict.PASS
