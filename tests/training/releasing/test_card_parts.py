"""Pieces of a model card that the whole one shows only for some models: line breaks in templates, leaves that fell."""

from __future__ import annotations

from seedbed.generation.release_manifest import ScoreRecord
from seedbed_training.releasing.card.markdown import first_few
from seedbed_training.releasing.card.summary import falls_in_words
from seedbed_training.releasing.card.usage import prompt_form_lines
from seedbed_training.releasing.prompt_form import PromptForm


def test_a_line_break_at_a_templates_end_is_there_to_be_copied() -> None:
    """Labradorite's: without its last line break the model is asked something that it was not trained to answer."""
    template = "<|system|>\n{system message}\n<|user|>\n{question}\n<|assistant|>\n"
    lines = prompt_form_lines(PromptForm(template, ("<|endoftext|>",)))
    said: dict[str, object] = {}
    exec(lines, said)  # noqa: S102 what a reader of the card would paste
    assert said["prompt"] == template
    assert said["stop_token"] == "<|endoftext|>"
    exec(prompt_form_lines(PromptForm("{question}", ("</s>", "<|im_end|>"))), said)  # noqa: S102
    assert said["stop_token"] == ["</s>", "<|im_end|>"]


def test_every_old_leaf_that_got_worse_is_named() -> None:
    def record(leaf: str, parent: float, score: float) -> ScoreRecord:
        return ScoreRecord(leaf, score, 0.0, 1.0, 10, parent=parent)

    records = [record("a/kept", 0.9, 0.9), record("a/fell", 0.97, 0.5), record("a/sank", 1.0, 0.02)]
    assert falls_in_words(records) == "worse: `a/sank` (1.00 → **0.02**), `a/fell` (0.97 → **0.50**)"
    assert falls_in_words(records[:1]) == "no leaf fell"
    many = [record(f"a/{number}", 1.0, 0.5) for number in range(8)]
    assert falls_in_words(many).endswith(", `a/4` (1.00 → **0.50**) and 3 more")


def test_a_sentence_names_a_few_and_counts_the_rest() -> None:
    assert first_few(["a", "b"]) == "a, b"
    assert first_few([str(number) for number in range(1005)]) == "0, 1, 2, 3, 4 and 1,000 more"
