"""The runner's expressions give what the forge's reference says they give."""

from __future__ import annotations

from typing import Any

import pytest
from support.workflows.expressions import ExpressionError, Status, evaluate, holds, render

CONTEXTS: dict[str, Any] = {
    "github": {
        "event_name": "pull_request",
        "event": {"number": 7, "labels": [{"name": "preview"}, {"name": "Leaf: new"}], "before": None},
    },
    "inputs": {"recipe": ""},
    "vars": {"SEEDBED_RECIPE": "lab"},
    "needs": {"generate": {"result": "failure"}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.event.number", 7),
        ("github.event.missing.deeper", None),
        ("GITHUB == 'x'", None),
        ("github.event_name == 'PULL_REQUEST'", True),
        ("github.event.number == '7'", True),
        ("github.event.before == ''", True),
        ("inputs.recipe || vars.SEEDBED_RECIPE || 'sandbox'", "lab"),
        ("github.event.number && 'yes'", "yes"),
        ("!contains(github.event.labels.*.name, 'PREVIEW')", False),
        ("contains('a preview', 'view')", True),
        ("startsWith(github.event_name, 'pull')", True),
        ("format('{0}-{1}', 'check', 7)", "check-7"),
        ("fromJSON('[\"a\"]')[0]", "a"),
        ("'it''s'", "it's"),
        ("(false || true) && !false", True),
        ("needs.generate.result != 'success'", True),
    ],
)
def test_values(text: str, value: object) -> None:
    if text.startswith("GITHUB"):
        with pytest.raises(
            ExpressionError
        ):  # contexts are spelt in small letters here, so that a slip is seen
            evaluate(text, CONTEXTS)
    else:
        assert evaluate(text, CONTEXTS) == value


@pytest.mark.parametrize(
    "text", ["secrets.KEY", "hashFiles('a')", "github.", "a b", "'open", "github ? 1", ""]
)
def test_what_is_unknown_is_refused(text: str) -> None:
    with pytest.raises((ExpressionError, IndexError)):
        evaluate(text, CONTEXTS)


@pytest.mark.parametrize(
    ("condition", "failed", "runs"),
    [
        (None, False, True),
        (None, True, False),
        ("github.event_name == 'push'", False, False),
        ("${{ failure() }}", True, True),
        ("${{ failure() }}", False, False),
        ("${{ !cancelled() }}", True, True),
        ("always() && needs.generate.result == 'success'", True, False),
    ],
)
def test_conditions(condition: str | None, failed: bool, runs: bool) -> None:
    assert holds(condition, CONTEXTS, Status(failed=failed)) is runs


def test_alone_an_expression_keeps_its_type_and_inside_of_text_it_becomes_text() -> None:
    given = {
        "number": "${{ github.event.number }}",
        "group": "check-${{ github.event.number }}",
        "flag": False,
    }
    assert render(given, CONTEXTS) == {"number": 7, "group": "check-7", "flag": False}
