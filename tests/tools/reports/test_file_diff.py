"""Unified diffs: exact for programs, harmless for people."""

from __future__ import annotations

from seedbed.reports.file_diff import NO_NEWLINE, shown_diff, unified_diff


def test_a_diff_keeps_line_ends() -> None:
    diff = unified_diff("a/b.yaml", "a: no\r\nb: \u2028x", "a: 'no'\r\nb: \u2028x\r\n")
    assert diff.split("\n")[:3] == ["diff --git a/a/b.yaml b/a/b.yaml", "--- a/a/b.yaml", "+++ b/a/b.yaml"]
    assert "-a: no\r\n" in diff and "+a: 'no'\r\n" in diff
    assert f"-b: \u2028x\n{NO_NEWLINE}\n+a" in diff and diff.endswith("+b: \u2028x\r\n")
    assert unified_diff("a", "same", "same") == ""


def test_what_is_shown_is_harmless() -> None:
    diff = unified_diff("a", "x\n", "\x1b[31m\u202e\n")
    assert "+\\x1b[31m\\u202e\n" in shown_diff(diff) and "\x1b" not in shown_diff(diff)
    assert "\x1b[32m+\\x1b[31m\\u202e\x1b[0m\n" in shown_diff(diff, colour=True)
