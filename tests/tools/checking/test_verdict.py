"""Laws of the comparison with the base."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

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


SEEDS = st.lists(
    st.builds(
        Finding,
        code=st.sampled_from(["SB302", "SB308"]),
        severity=st.sampled_from(Severity),
        path=st.sampled_from(["a/qna.yaml", "b/qna.yaml"]),
        span=st.builds(lambda line: Span(line, 1, line, 2), st.integers(1, 9)),
        message=st.just("m"),
        yaml_path=st.builds(lambda n: ("seed_examples", n, "answer"), st.integers(0, 4)),
        value=st.sampled_from(["", "a text that is distinctive"]),
    ),
    max_size=8,
)


@given(SEEDS, SEEDS)
def test_as_many_are_known_as_the_base_had(head: list[Finding], base: list[Finding]) -> None:
    judged = compare(head, base)
    count = Counter(finding.status for finding in judged)
    assert count[Status.INTRODUCED] + count[Status.ALREADY_THERE] == len(head)
    assert count[Status.HEALED] + count[Status.ALREADY_THERE] == len(base)


@given(st.randoms(), SEEDS, SEEDS)
def test_the_order_of_files_and_findings_changes_nothing(
    random: Random, head: list[Finding], base: list[Finding]
) -> None:
    shuffled, elsewhere = list(head), list(base)
    random.shuffle(shuffled)
    random.shuffle(elsewhere)
    assert compare(shuffled, elsewhere) == compare(head, base)


@given(SEEDS)
def test_a_seed_put_in_front_makes_no_fault_new(findings: list[Finding]) -> None:
    moved = [
        replace(finding, yaml_path=("seed_examples", int(finding.yaml_path[1]) + 1, "answer"))
        for finding in findings
    ]
    assert {finding.status for finding in compare(moved, findings)} <= {Status.ALREADY_THERE}


def test_a_seed_that_moves_to_another_leaf_takes_its_fault_along() -> None:
    there = Finding(
        "SB308",
        Severity.ERROR,
        "a/qna.yaml",
        Span(3, 1, 3, 9),
        "m",
        ("seed_examples", 4, "answer"),
        "a text that is distinctive",
    )
    here = replace(there, path="b/qna.yaml", yaml_path=("seed_examples", 0, "answer"))
    assert [finding.status for finding in compare([here], [there])] == [Status.ALREADY_THERE]
    assert [finding.status for finding in compare([here, there], [there])] == [
        Status.ALREADY_THERE,
        Status.INTRODUCED,
    ]
    vague = [replace(finding, value="") for finding in (here, there)]
    assert {finding.status for finding in compare(vague[:1], vague[1:])} == {
        Status.HEALED,
        Status.INTRODUCED,
    }


@given(FINDINGS, FINDINGS)
def test_the_verdict_fails_exactly_when_an_error_is_introduced(
    head: list[Finding], base: list[Finding]
) -> None:
    judged = compare(head, base)
    assert (verdict_of(judged) is Verdict.FAIL) == any(fails(finding) for finding in judged)
    assert verdict_of([finding for finding in judged if finding.status is Status.HEALED]) is Verdict.PASS


def lacking(*keys: str, path: str = "a/qna.yaml") -> Finding:
    return Finding("SB111", Severity.ERROR, path, Span(1, 1, 1, 2), "m", value=" ".join(keys))


def test_who_adds_one_of_several_missing_keys_introduces_nothing() -> None:
    base = [lacking("created_by", "task_description", "seed_examples")]
    assert [finding.status for finding in compare([lacking("seed_examples")], base)] == [Status.ALREADY_THERE]


def test_who_removes_another_key_does() -> None:
    base = [lacking("created_by")]
    for head in (lacking("created_by", "task_description"), lacking("task_description")):
        assert any(fails(finding) for finding in compare([head], base))
    assert any(fails(finding) for finding in compare([lacking("created_by", path="b/qna.yaml")], base))
