"""Copies between leaves, held-out questions and benchmarks: a view over stored samples."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.training_samples import TEACHER

from seedbed.generation import across_leaves
from seedbed.generation.across_leaves import Copies, Reason, screen
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.teacher.teacher import Message

LONG = "Which keeper of the north pier of Velm painted the railings red in the spring of 1869?"
NEARLY = "Which keeper of the north pier of Velm painted the railings red in the spring of 1870?"


def sample(
    leaf: str,
    question: str,
    answer: str = "Ada",
    *,
    stage: Stage = Stage.COMPOSITIONAL,
    held_out: bool = False,
) -> Sample:
    made = Provenance("b" * 40, "p" * 64, TEACHER, 0, {})
    return Sample(leaf, stage, (Message("user", question), Message("assistant", answer)), held_out, made)


def reasons(samples: Sequence[Sample], **options: object) -> dict[tuple[str, str], Reason]:
    found = screen(samples, **options)  # type: ignore[arg-type]
    by_id = {one.id: one for one in samples}
    return {(fallen.leaf, by_id[id].question): fallen.reason for id, fallen in found.fallen.items()}


def test_the_first_by_stage_then_leaf_is_kept() -> None:
    samples = [
        sample("b", "Who keeps it?"),
        sample("a", "who  keeps IT?"),
        sample("z", "Who keeps it?", stage=Stage.KNOWLEDGE_SHORT),
    ]
    found = screen(samples)
    assert {fallen.leaf for fallen in found.fallen.values()} == {"a", "b"}
    assert {fallen.like for fallen in found.fallen.values()} == {samples[2].id}
    assert found.keep(samples) == (samples[2],)
    assert found.counts() == {"a": {Reason.REPEATED: 1}, "b": {Reason.REPEATED: 1}}


def test_within_a_leaf_nothing_falls() -> None:
    assert reasons([sample("a", LONG), sample("a", LONG, "Bram"), sample("a", NEARLY)]) == {}


def test_a_near_copy_falls_only_with_its_answer() -> None:
    assert reasons([sample("a", LONG), sample("b", NEARLY)]) == {("b", NEARLY): Reason.NEARLY}
    assert reasons([sample("a", LONG), sample("b", NEARLY, "Bram")]) == {}
    assert reasons([sample("a", LONG), sample("b", NEARLY)], copies=Copies.EXACT) == {}
    assert reasons([sample("a", LONG), sample("b", LONG)], copies=Copies.OFF) == {}


def test_the_same_question_with_another_answer_is_told_and_kept() -> None:
    samples = [sample("a", LONG), sample("b", LONG, "Bram"), sample("c", LONG, "ada.")]
    found = screen(samples)
    assert {fallen.leaf for fallen in found.fallen.values()} == {"c"}
    assert found.disputed == {samples[1].id: samples[0].id}


def test_what_another_leaf_holds_out_is_not_trained_on() -> None:
    samples = [sample("a", LONG, held_out=True), sample("b", LONG), sample("a", LONG)]
    assert reasons(samples) == {("b", LONG): Reason.HELD_OUT}


def test_benchmark_questions_fall_from_question_and_answer() -> None:
    lists = (("tests/exam.txt", f"First question here\n{LONG}\n"),)
    told = f"They asked: {LONG.lower()}"
    samples = [sample("a", LONG), sample("b", "What did they ask?", told), sample("c", "Who keeps it?")]
    found = screen(samples, benchmarks=lists)
    assert [fallen.like for fallen in found.fallen.values()] == ["`tests/exam.txt`, line 2"] * 2
    assert {fallen.leaf for fallen in found.fallen.values()} == {"a", "b"}
    assert reasons(samples, benchmarks=lists, copies=Copies.OFF) == {
        ("a", LONG): Reason.BENCHMARK,
        ("b", "What did they ask?"): Reason.BENCHMARK,
    }


def test_copies_in_other_words_fall_beside_one_that_stays() -> None:
    samples = [
        sample("a", "Who keeps the pier?"),
        sample("b", "Name the pier's keeper."),
        sample("c", "Tell me."),
    ]

    def close(texts: Sequence[str]) -> list[list[int]]:
        return [[], [0], [1]]  # the third is like the second, which falls

    assert reasons(samples, same_meaning=close) == {("b", "Name the pier's keeper."): Reason.SAME_MEANING}


words = "which keeper of the north pier painted railings red in spring".split()
questions = st.lists(st.sampled_from(words), min_size=1, max_size=12).map(" ".join)
drawn = st.lists(
    st.builds(
        sample, st.sampled_from("abc"), questions, st.sampled_from(["Ada", "Bram"]), held_out=st.booleans()
    ),
    max_size=25,
)


@settings(deadline=None)
@given(drawn, st.integers(0, 99))
def test_the_order_in_which_samples_come_does_not_count(samples: list[Sample], seed: int) -> None:
    shuffled = list(samples)
    Random(seed).shuffle(shuffled)
    assert screen(shuffled).fallen == screen(samples).fallen


@settings(deadline=None)
@given(drawn)
def test_what_is_kept_is_stable_and_one_of_a_kind(samples: list[Sample]) -> None:
    found = screen(samples)
    kept = found.keep(samples)
    assert screen(kept).fallen == {}
    assert all(one in kept for one in samples if one.held_out)
    asked: dict[tuple[str, str], str] = {}
    for one in kept:
        if not one.held_out:
            assert asked.setdefault((one.question, one.answer), one.leaf) == one.leaf


@given(drawn, st.sampled_from("abc"))
def test_a_leaf_that_no_other_is_like_loses_nothing(samples: list[Sample], leaf: str) -> None:
    alone = [one for one in samples if one.leaf == leaf]
    assert screen(alone).fallen == {}


def test_near_copies_among_many_are_found() -> None:
    """At a likeness of some 0.85 the sketches miss few; what they find is verified, so nothing falls in error."""
    random = Random(3)
    vocabulary = [f"word{number}" for number in range(3000)]
    originals = [" ".join(random.choices(vocabulary, k=24)) for _ in range(300)]
    copies = [text.rsplit(" ", 1)[0] + " other" for text in originals]
    samples = [sample("a", text, f"answer {n}") for n, text in enumerate(originals)]
    samples += [sample("b", text, f"answer {n}") for n, text in enumerate(copies)]
    told: list[tuple[str, int, int]] = []
    found = screen(samples, watch=lambda *heard: told.append(heard))
    assert told == [("samples compared", 0, 600)]
    assert len(found.fallen) >= 0.98 * len(copies)
    assert all(fallen.leaf == "b" and fallen.reason is Reason.NEARLY for fallen in found.fallen.values())


def test_a_question_that_every_leaf_asks_takes_no_square_of_time() -> None:
    """Each answer is compared with a bounded number of others, and the very same one is found among all."""
    samples = [sample(f"leaf_{n:05}", LONG, f"answer {n}") for n in range(300)]
    samples.append(sample("z", LONG, "Answer 200."))
    compared = 0
    real = across_leaves.similarity

    def counted(*pair: frozenset[tuple[str, ...]]) -> float:
        nonlocal compared
        compared += 1
        return real(*pair)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(across_leaves, "similarity", counted)
        found = screen(samples)
    assert [(one.leaf, one.reason) for one in found.fallen.values()] == [("z", Reason.REPEATED)]
    assert len(found.disputed) == 299 and compared < 100 * len(samples) < 300 * 299 // 2


def test_embeddings_of_a_real_static_model(tmp_path_factory: pytest.TempPathFactory) -> None:
    model2vec = pytest.importorskip("model2vec")
    import numpy
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    from seedbed.generation.embeddings import load_close

    vocabulary = ["[UNK]", "[PAD]", *words, "who", "keeps"]
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = numpy.random.default_rng(0).normal(size=(len(vocabulary), 16)).astype("float32")
    folder = tmp_path_factory.mktemp("static")
    model2vec.StaticModel(vectors, tokenizer).save_pretrained(folder)
    close = load_close(str(folder))
    assert close([]) == []
    assert close(["north pier", "red railings", "pier north", "spring"]) == [[], [], [0], []]


def test_an_embedding_model_that_is_not_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    from seedbed.errors import ConfigurationError, MissingExtraError
    from seedbed.generation.embeddings import load_close

    folder = tmp_path_factory.mktemp("empty")
    with pytest.raises((ConfigurationError, MissingExtraError)) as caught:
        load_close(str(folder))
    assert "embedding" in (caught.value.hint or "")
