"""`seedbed explain` for every rule and setting."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from seedbed.checking.rules import RULES
from seedbed.cli.explain import explain
from seedbed.errors import UsageError


def said(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "80"}).invoke(explain, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_the_list_has_every_rule() -> None:
    lines = said().splitlines()
    assert [line.split()[0] for line in lines if line[0] != " "] == [rule.code for rule in RULES]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("topic", ["SB107", "sb107", "plain-value", "plain_value"])
def test_a_manual_page(topic: str) -> None:
    page = said(topic)
    assert page.startswith("SB107 plain-value (error)") and 'answer: "no"' in page


def test_settings() -> None:
    page = said("config")
    assert "[check]" in page and 'root = "taxonomy"' in page and "default_branch = (not set)" in page


def test_an_unknown_topic_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean plain-value"):
        CliRunner().invoke(explain, ["plain-valeu"], catch_exceptions=False)


def test_pages_fit_a_terminal_and_keep_their_examples() -> None:
    for rule in RULES:
        page = said(rule.code)
        prose = [line for line in page.splitlines()[1:] if not line.startswith((" ", "-", "|"))]
        assert max(map(len, prose)) <= 80
        assert [line for line in rule.manual.splitlines() if line.startswith("    ")] == [
            line for line in page.splitlines() if line.startswith("    ")
        ]
