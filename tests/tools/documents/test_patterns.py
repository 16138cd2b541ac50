from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.documents.patterns import checked_patterns, matches
from seedbed.errors import UsageError


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.md", "a.md", True),
        ("a.md", "*.md", True),
        ("d/a.md", "*.md", False),
        ("d/a.md", "d/*.md", True),
        ("d/e/a.md", "d/*.md", False),
        ("d/e/a.md", "d/**/*.md", True),
        ("d/a.md", "d/**/*.md", True),
        ("a.md", "**/*.md", True),
        ("d/e/f/a.md", "**/f/*.md", True),
        ("a1.md", "a[0-9].md", True),
        ("aX.md", "a?.md", True),
        ("A.md", "a.md", False),
        ("d/a.md", "**", False),
        ("a.md", "**", True),
    ],
)
def test_globs_mean_what_they_do_elsewhere(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


names = st.text(alphabet="ab", min_size=1, max_size=3)


@given(st.lists(names, min_size=1, max_size=5))
def test_a_path_matches_itself_and_any_folders_before_it(parts: list[str]) -> None:
    path = "/".join(parts)
    assert matches(path, path)
    assert matches(path, f"**/{parts[-1]}")
    assert matches(path, "/".join("*" for _ in parts))
    assert not matches(path, "/".join("*" for _ in (*parts, "x")))


def test_many_stars_are_quick() -> None:
    started = time.process_time()
    assert not matches(
        "/".join("a" * 20 for _ in range(30)) + "/b", "/".join(["**", "*a*a*a*a*a*"] * 12) + "/c"
    )
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "/etc/passwd",
        "../x.md",
        "a/../b.md",
        "a//b.md",
        "./a.md",
        "a\\b.md",
        "a\nb.md",
        "**/.git/config",
        "x" * 201,
    ],
)
def test_a_pattern_that_could_reach_outside_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="the document pattern"):
        checked_patterns((pattern,))


@pytest.mark.parametrize("count", [0, 11])
def test_none_and_too_many_patterns_are_refused(count: int) -> None:
    with pytest.raises(UsageError, match="1 to 10 were expected"):
        checked_patterns(["a.md"] * count)
