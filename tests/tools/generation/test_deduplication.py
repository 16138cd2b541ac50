"""Exact and near copies."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seedbed.generation.deduplication import SeedTexts, SeenTexts, shingles, similarity
from seedbed.generation.normalise import normalised

texts = st.lists(st.sampled_from("red blue green one two three four".split()), max_size=9).map(" ".join)


@given(texts, texts)
def test_similarity_is_symmetric_and_bounded(first: str, second: str) -> None:
    value = similarity(shingles(first), shingles(second))
    assert 0 <= value <= 1 and value == similarity(shingles(second), shingles(first))
    assert not first or similarity(shingles(first), shingles(first)) == 1


@given(texts, texts, st.sampled_from([0.5, 0.8, 1.0]))
def test_the_size_bound_hides_no_copy(first: str, second: str, near: float) -> None:
    found = SeenTexts(near, [first]).nearest_copy(second)
    close = similarity(shingles(first), shingles(second)) >= near
    assert (found is not None) == (close or first.strip() == second.strip())


@given(st.lists(texts, max_size=12), texts, st.sampled_from([0.0, 0.5, 0.8, 1.0]))
def test_the_first_copy_is_found_as_if_each_were_compared(seen: list[str], text: str, near: float) -> None:
    different = list(dict.fromkeys(normalised(one) for one in seen))
    exact = [one for one in different if normalised(one) == normalised(text)]
    alike = [one for one in different if similarity(shingles(one), shingles(text)) >= near]
    found = SeenTexts(near, seen).nearest_copy(text)
    assert (found is None) == (not exact and not alike)
    if found is not None:
        assert normalised(found) == normalised((exact or alike)[0])


def test_case_spaces_and_a_full_stop_do_not_count() -> None:
    seen = SeenTexts(1.0, ["Reverse these words: a, b."])
    assert seen.repeats("reverse  these words: A, b")
    assert seen.nearest_copy("reverse these words: b, a") is None


def test_a_held_out_text_is_found_inside_another() -> None:
    seeds = SeedTexts(0.9, shown=["Who sings?"], held_out=["Who keeps the pier?"])
    assert seeds.copied("Tell me, please: who keeps the pier? I must know.") == "Who keeps the pier?"
    assert seeds.copied("Please tell me at once: who sings? I must know it.") is None
    assert seeds.copied("Who keeps the piers of this town now?") is None
