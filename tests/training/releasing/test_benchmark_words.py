"""What a card says of standard benchmarks: what got worse comes first, and a trial never stands there as the whole."""

from __future__ import annotations

from typing import Any

from seedbed_training.releasing.card.benchmarks import changes_in_words, measured_results


def measured(**tasks: tuple[tuple[float, float | None], tuple[float, float | None]]) -> dict[str, Any]:
    """Task → (value, standard error) before and now."""

    def arm(place: int) -> dict[str, Any]:
        return {
            task: {"value": both[place][0], "standard_error": both[place][1], "metric": "acc,none"}
            for task, both in tasks.items()
        }

    return {"models": {"base": arm(0), "parent": arm(0), "this": arm(1)}}


def test_losses_come_first_and_chance_is_no_change() -> None:
    found = measured(
        mmlu=((60.0, 0.4), (58.0, 0.4)),
        arc_challenge=((50.0, 1.5), (52.0, 1.5)),
        gsm8k=((20.0, 1.0), (30.0, 1.0)),
        own=((10.0, None), (10.04, None)),
    )
    assert changes_in_words(found) == (
        "worse at MMLU (exam questions): 60.0 → **58.0**; better at GSM8K (school mathematics): 20.0 → **30.0**; "
        "no clear change at ARC-C (school science): 50.0 → **52.0**, own: 10.0 → **10.0**"
    )


def test_without_benchmarks_nothing_is_claimed() -> None:
    assert changes_in_words(None) == ""
    assert measured_results(None) == []


def test_a_trial_is_called_one_and_no_hub_indexes_it() -> None:
    found = measured(mmlu=((60.0, 9.0), (58.0, 9.0)), gsm8k=((20.0, 1.0), (30.0, 1.0)))
    for arm in found["models"].values():
        arm["mmlu"]["limit"] = 5
    assert "no clear change at MMLU, first 5 cases (exam questions)" in changes_in_words(found)
    assert [result.dataset_type for result in measured_results(found)] == ["openai/gsm8k"]
