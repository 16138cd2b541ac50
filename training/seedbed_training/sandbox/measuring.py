"""How well a sandbox model does its jobs, on cases kept from its training: accuracy by role and family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, cast

import torch
from transformers import GenerationConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from seedbed_training.sandbox import base_student
from seedbed_training.sandbox.card_families import CARD_FAMILIES, FIELD_WORDINGS, draw_card, read_card
from seedbed_training.sandbox.family import Case, Family, draw_case
from seedbed_training.sandbox.lexicon import THINGS
from seedbed_training.sandbox.list_families import LIST_FAMILIES, RULES
from seedbed_training.sandbox.pretraining import encode
from seedbed_training.sandbox.roles import (
    Conversation,
    ask_about,
    ask_like,
    ask_sentence_about,
    context_like,
    draw_sheet_case,
)
from seedbed_training.sandbox.sheet_families import ATTRIBUTES, Sheet, draw_sheet, long_case, short_case
from seedbed_training.sandbox.tokenizer import ASSISTANT, END, PAD

Trial = tuple[Conversation, Callable[[str], bool]]
"""What is asked, and whether a reply to it is right."""


@torch.inference_mode()
def reply(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    asked: list[Conversation],
    *,
    max_tokens: int = 64,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[str]:
    """One reply to each conversation, all in one batch."""
    encodings = tokenizer([encode(turns) + "<|assistant|>" for turns in asked], add_special_tokens=False)[
        "input_ids"
    ]
    width = max(map(len, encodings))
    ids_BT = torch.tensor([[PAD] * (width - len(ids)) + ids for ids in encodings])
    assert bool((ids_BT[:, -1] == ASSISTANT).all())
    torch.manual_seed(seed)
    sampling = GenerationConfig(  # type: ignore[no-untyped-call] # transformers leaves it bare
        max_new_tokens=max_tokens,
        do_sample=temperature > 0,
        temperature=temperature if temperature > 0 else None,
        eos_token_id=END,
        pad_token_id=PAD,
    )
    generate = cast(
        Callable[..., torch.Tensor], cast(Any, model).generate
    )  # its annotation takes another `self`
    output_BT = generate(input_ids=ids_BT, attention_mask=(ids_BT != PAD).long(), generation_config=sampling)
    return tokenizer.batch_decode(output_BT[:, width:], skip_special_tokens=True)


def _is_question_of(name: str) -> Callable[[str], bool]:
    def right(text: str) -> bool:
        _, wordings, lengths = RULES[name]
        for wording in wordings:
            before, after = wording.split("{}")
            if text.startswith(before) and text.endswith(after):
                words = text[len(before) : len(text) - len(after)].split(", ")
                return (
                    all(word in THINGS for word in words)
                    and len(set(words)) == len(words)
                    and len(words) in lengths
                )
        return False

    return right


def _is_card(text: str) -> bool:
    try:
        return {"Name", "Job", "Town"} <= set(read_card(text))
    except ValueError:
        return False


def _is_question_on_sheet(sheet: Sheet, long: bool) -> Callable[[str], bool]:
    wordings = [
        w for name, _ in sheet.facts for w in (ATTRIBUTES[name].long if long else ATTRIBUTES[name].short)
    ]
    return lambda text: text in {wording.format(sheet.thing) for wording in wordings}


def _is_question_on_card(name: str, card: str, example: Case) -> Callable[[str], bool]:
    if name == "card_field":
        return lambda text: (
            text in {w.format(field.lower()) for w in FIELD_WORDINGS for field in read_card(card)}
        )
    return lambda text: text == example.question


def _pair(case: Case) -> Conversation:
    return (("user", case.prompt), ("assistant", case.answer))


def _answer_trial(family: Family, random: Random) -> Trial:
    case, seed = draw_case(family, random, unseen=True), draw_case(family, random)
    return (*_pair(seed), ("user", case.prompt)), lambda text: text == case.answer


def teacher_trials(random: Random, count: int) -> dict[str, list[Trial]]:
    """Trials by `role/family`, `count` of each."""
    trials: dict[str, list[Trial]] = {}
    for name, family in LIST_FAMILIES.items():
        trials[f"write_question/{name}"] = [
            (
                (("user", ask_like([draw_case(family, random).question for _ in range(3)])),),
                _is_question_of(name),
            )
            for _ in range(count)
        ]
        trials[f"answer/{name}"] = [_answer_trial(family, random) for _ in range(count)]
    trials["write_context/card"] = [
        ((("user", context_like([draw_card(random), draw_card(random)])),), _is_card) for _ in range(count)
    ]
    for name, family in CARD_FAMILIES.items():
        trials[f"ask_about/{name}"] = []
        for _ in range(count):
            card, example = draw_card(random), draw_case(family, random)
            asked = (("user", ask_about(card, example.question)),)
            trials[f"ask_about/{name}"].append((asked, _is_question_on_card(name, card, example)))
        trials[f"answer/{name}"] = [_answer_trial(family, random) for _ in range(count)]
    for long in (False, True):
        name = "sheet_long" if long else "sheet_short"
        trials[f"ask_about/{name}"] = []
        trials[f"answer/{name}"] = []
        for _ in range(count):
            sheet, example = draw_sheet(random), draw_sheet_case(random, draw_sheet(random))
            asking = ask_sentence_about if long else ask_about
            trials[f"ask_about/{name}"].append(
                ((("user", asking(sheet.passage, example.question)),), _is_question_on_sheet(sheet, long))
            )
            draw = long_case if long else short_case
            while not (case := draw(random, random.randrange(2), draw_sheet(random))).unseen:
                pass
            trials[f"answer/{name}"].append(((*_pair(example), ("user", case.prompt)), _equals(case.answer)))
    return trials


def student_trials(random: Random, count: int) -> dict[str, list[Trial]]:
    """What the base student has been taught, `count` trials of each; its lists and cards come under code words."""
    kinds = {
        "answer/repeat": base_student.repeat,
        "answer/list_operation": base_student.list_operation,
        "answer/card_operation": base_student.card_operation,
    }
    trials: dict[str, list[Trial]] = {}
    for name, draw in kinds.items():
        conversations = [draw(random) for _ in range(count)]
        trials[name] = [((turns[0],), _equals(turns[1][1])) for turns in conversations]
    return trials


def _equals(answer: str) -> Callable[[str], bool]:
    return lambda text: text == answer


TEMPERATURES = {"answer": 0.0, "ask_about": 1.0, "write_question": 0.8, "write_context": 0.8}
"""By role, as in the `sandbox` generation recipe."""


def measure(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, trials: Mapping[str, list[Trial]]
) -> dict[str, float]:
    """Share of right replies by `role/family`, at the temperatures of generation."""
    scores: dict[str, float] = {}
    for name, group in trials.items():
        temperature = TEMPERATURES[name.split("/", 1)[0]]
        replies = reply(model, tokenizer, [asked for asked, _ in group], temperature=temperature)
        scores[name] = sum(right(text) for text, (_, right) in zip(replies, group, strict=True)) / len(group)
    return scores
