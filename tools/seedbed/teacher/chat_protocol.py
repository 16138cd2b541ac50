"""The OpenAI chat protocol, both ways and without a connection: a request's body, and what an answer means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from seedbed.teacher.neutralise import neutralise
from seedbed.teacher.teacher import Completion, FinishReason, Request

CHAT_TOKENS = (
    *("<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"),
    *("<start_of_turn>", "<end_of_turn>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CALLS]"),
)
"""Special tokens of the common chat templates, beside the `<|…|>` family; a server does not tell its own."""

_BARRED = re.compile(r"<[|\uff5c][^|\uff5c<>\n]{1,60}[|\uff5c]>")
_SEED_RANGE = 1 << 31  # some servers keep a seed in 32 bits, signed
_DETAIL_CHARACTERS = 300


def without_chat_tokens(text: str) -> str:
    """`text` with everything that a common chat template would read as its own token neutralised."""
    return neutralise(text, {*CHAT_TOKENS, *_BARRED.findall(text)})


def request_body(request: Request, *, model: str, vllm: bool) -> dict[str, Any]:
    """The JSON body of `POST /v1/chat/completions`. Only vLLM is told of `choices`; others are only checked after."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": message.role, "content": without_chat_tokens(message.content)}
            for message in request.messages
        ],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed % _SEED_RANGE,
    }
    if request.stop:
        body["stop"] = list(request.stop)
    if request.choices is not None and vllm:
        body["structured_outputs"] = {"choice": list(request.choices)}
    if request.json_schema is not None:
        schema = {"name": "answer", "strict": True, "schema": request.json_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def completion_of(answer: object, request: Request) -> Completion:
    """What a server's answer to `request` means; one that is not of the protocol gives FAILED with the reason."""
    usage = answer.get("usage") if isinstance(answer, Mapping) else None
    prompt_tokens = _count(usage, "prompt_tokens")
    completion_tokens = _count(usage, "completion_tokens")

    def outcome(text: str, reason: FinishReason, detail: str = "") -> Completion:
        return Completion(text, reason, prompt_tokens, completion_tokens, shortened(detail))

    choices = answer.get("choices") if isinstance(answer, Mapping) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        return outcome("", FinishReason.FAILED, "the server's answer holds no choices")
    message = choices[0].get("message")
    if not isinstance(message, Mapping):
        return outcome("", FinishReason.FAILED, "the server's answer holds no message")
    text, finish = message.get("content"), choices[0].get("finish_reason")
    if finish == "content_filter" or message.get("refusal"):
        return outcome("", FinishReason.REFUSED, str(message.get("refusal") or "content filter"))
    if not isinstance(text, str):
        return outcome(
            "", FinishReason.FAILED, f"the server's message has no text (finish reason {finish!r})"
        )
    if finish == "length":
        return outcome(text, FinishReason.LENGTH)
    if finish not in ("stop", None):
        return outcome("", FinishReason.FAILED, f"the server ended its answer with {finish!r}")
    if request.choices is not None:
        text = text.strip()
        if text not in request.choices:
            return outcome("", FinishReason.FAILED, f"answered {text[:80]!r}, which is none of the choices")
    if request.json_schema is not None:
        try:
            json.loads(text)
        except ValueError as error:
            return outcome("", FinishReason.FAILED, f"the answer is not JSON: {error}")
    return outcome(text, FinishReason.STOP)


def shortened(text: str) -> str:
    """`text` in one line of at most 300 characters, for `Completion.detail`."""
    line = " ".join(text.split())
    return line if len(line) <= _DETAIL_CHARACTERS else line[: _DETAIL_CHARACTERS - 1] + "…"


def _count(usage: object, key: str) -> int:
    value = usage.get(key) if isinstance(usage, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
