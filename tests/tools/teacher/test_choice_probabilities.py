from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.teacher.choice_probabilities import MASKED, choice_log_probabilities


def step(token: str, **listed: float) -> dict[str, Any]:
    """One token with the probabilities of what could stand there; `_` stands for a blank."""
    told = {name.replace("_", " "): math.log(value) for name, value in listed.items()}
    return {
        "token": token,
        "logprob": told[token],
        "top_logprobs": [{"token": name, "logprob": value} for name, value in told.items()],
    }


def shares(*steps: dict[str, Any], choices: tuple[str, ...], answer: str) -> dict[str, float]:
    found = choice_log_probabilities({"content": list(steps)}, choices, answer)
    assert found is not None
    assert math.fsum(map(math.exp, found.values())) == pytest.approx(1.0)
    return {choice: round(math.exp(value), 6) for choice, value in found.items()}


def test_every_spelling_of_a_choice_counts() -> None:
    first = step("YES", YES=0.5, Y=0.1, NO=0.3, N=0.05, _NO=0.05)
    assert shares(first, choices=("YES", "NO"), answer="YES") == {"YES": 0.6, "NO": 0.4}


def test_a_beginning_that_several_choices_share_is_followed() -> None:
    first, second = step("un", un=0.8, fit=0.2), step("fit", fit=0.75, safe=0.25)
    assert shares(first, second, choices=("unfit", "unsafe", "fit"), answer="unfit") == {
        "unfit": 0.6,
        "unsafe": 0.2,
        "fit": 0.2,
    }


def test_where_one_choice_begins_another_the_mark_that_ends_the_answer_decides() -> None:
    first, end = step("1", **{"1": 0.5, "2": 0.5}), step("<|end|>", **{"<|end|>": 0.9, "0": 0.1})
    assert shares(first, end, choices=("1", "2", "10"), answer="1") == {"1": 0.45, "2": 0.5, "10": 0.05}


def test_what_the_closed_list_excludes_counts_for_nothing() -> None:
    entry = {
        "token": "3",
        "logprob": -0.5,
        "top_logprobs": [{"token": "3", "logprob": -0.5}, {"token": "1", "logprob": -9999.0}],
    }
    found = choice_log_probabilities({"content": [entry]}, ("1", "2", "3"), "3")
    assert found == {"1": MASKED, "2": MASKED, "3": 0.0}


def test_blanks_before_the_answer_decide_nothing() -> None:
    first, second = step("_".replace("_", " "), _=0.5, YES=0.4, NO=0.1), step("NO", NO=0.2, YES=0.8)
    assert shares(first, second, choices=("YES", "NO"), answer="NO") == {"YES": 0.8, "NO": 0.2}


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"content": None},
        {"content": []},
        {"content": ["x"]},
        {"content": [{"token": "YES"}]},
        {"content": [{"token": "YES", "logprob": "high"}]},
        {"content": [{"token": "YES", "logprob": 3.0}]},
        {"content": [{"token": "maybe", "logprob": -1.0}]},
        {"content": [{"token": 5, "logprob": -1.0}]},
        {"content": [{"token": "YES", "logprob": float("nan")}]},
    ],
)
def test_a_server_that_does_not_tell_gives_none(told: object) -> None:
    assert choice_log_probabilities(told, ("YES", "NO"), "YES") is None


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["content", "token", "logprob", "top_logprobs"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json)
def test_nothing_that_a_server_says_breaks_it(told: object) -> None:
    found = choice_log_probabilities(told, ("YES", "NO"), "YES")
    assert found is None or set(found) == {"YES", "NO"}
