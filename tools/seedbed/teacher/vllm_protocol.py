"""Requests in vLLM's terms, and what its answers mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from seedbed.teacher.chat_prompt import ChatPrompt
from seedbed.teacher.choice_probabilities import choice_log_probabilities
from seedbed.teacher.structured_answer import structured_completion
from seedbed.teacher.teacher import Cause, Completion, FinishReason, Request

BESIDE = 20  # tokens whose probability is told beside each token of a choice; vLLM tells no more
_SEED_RANGE = 1 << 63


def sampling_parameters(request: Request, room: int, vocabulary: int) -> Any:
    """vLLM's parameters of a request that has `room` tokens for its answer, of a model with `vocabulary` tokens."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    held: dict[str, Any] = {"max_tokens": min(room, request.max_tokens), "stop": list(request.stop)}
    if request.choices:
        longest = max(len(choice.encode("utf-8", "replace")) for choice in request.choices)
        held = {
            "structured_outputs": StructuredOutputsParams(choice=list(request.choices)),
            "max_tokens": min(room, longest + 1),  # the list bounds the answer: a token has a byte at least
            # asked for more than it has, the engine dies (vLLM 0.32)
            "logprobs": min(BESIDE, vocabulary),
        }
    elif request.json_schema is not None:  # no stop strings: they could cut the document
        held["structured_outputs"] = StructuredOutputsParams(json=dict(request.json_schema))
        held["stop"] = []
    return SamplingParams(
        temperature=request.temperature,
        seed=request.seed % _SEED_RANGE,
        output_kind=RequestOutputKind.FINAL_ONLY,
        **held,
    )


def completion_of_output(
    answer: Any, request: Request, chat: ChatPrompt, *, prompt_tokens: int
) -> Completion:
    """What vLLM's `CompletionOutput` means.

    Its text is read from its tokens here: vLLM's own keeps a word tokenizer's leading blank, and then is none of the
    choices.
    """
    tokens = list(answer.token_ids)
    if answer.finish_reason not in ("stop", "length"):
        detail = f"vLLM ended its answer with {answer.finish_reason!r}"
        return Completion("", FinishReason.FAILED, prompt_tokens, len(tokens), detail, cause=Cause.ENGINE)
    ended = answer.finish_reason == "stop"
    if request.choices:
        return _choice(answer, request.choices, chat, prompt_tokens)
    if request.json_schema is not None:
        return structured_completion(
            chat.exact_text(tokens),
            request.json_schema,
            ended=ended,
            prompt_tokens=prompt_tokens,
            completion_tokens=len(tokens),
        )
    reason = FinishReason.STOP if ended else FinishReason.LENGTH
    return Completion(chat.text(tokens, request.stop), reason, prompt_tokens, len(tokens))


def _choice(answer: Any, choices: Sequence[str], chat: ChatPrompt, prompt_tokens: int) -> Completion:
    tokens = list(answer.token_ids)
    text = chat.text(tokens).strip()
    if text not in choices:  # no room for the whole of it before the model's last token
        return Completion(text, FinishReason.LENGTH, prompt_tokens, len(tokens))
    told = choice_log_probabilities({"content": _listed(answer, chat)}, choices, text)
    return Completion(text, FinishReason.STOP, prompt_tokens, len(tokens), choice_log_probabilities=told)


def _listed(answer: Any, chat: ChatPrompt) -> list[dict[str, Any]]:
    """Token by token what stood beside it, in the form of OpenAI's protocol; tokens that the list excluded are left out.

    A token is told as what it adds to the text before it: many tokenizers write a blank before a word, but not before
    the first one.
    """
    said: list[int] = []
    listed = []
    for token, beside in zip(answer.token_ids, answer.logprobs or (), strict=False):
        before = chat.exact_text(said)
        spelt = {
            index: chat.exact_text([*said, index]).removeprefix(before)
            for index, told in beside.items()
            if index == token or math.isfinite(told.logprob)
        }
        others = [
            {"token": text, "logprob": beside[index].logprob}
            for index, text in spelt.items()
            if index != token
        ]
        listed.append({"token": spelt[token], "logprob": beside[token].logprob, "top_logprobs": others})
        said.append(token)
    return listed
