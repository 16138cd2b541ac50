"""The OpenAI chat protocol, both ways and without a connection: a request's body, and what an answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from seedbed.teacher.choice_probabilities import choice_log_probabilities
from seedbed.teacher.json_text import utf8_json
from seedbed.teacher.neutralise import neutralise
from seedbed.teacher.server_kind import (
    ServerKind,
    choice_fields,
    dispensable_field,
    length_field,
    schema_fields,
)
from seedbed.teacher.structured_answer import structured_completion
from seedbed.teacher.teacher import Cause, Completion, FinishReason, Message, Request

CHAT_TOKENS = (
    *("<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"),
    *("<start_of_turn>", "<end_of_turn>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CALLS]"),
)
"""Special tokens of the common chat templates, beside the `<|…|>` family; a server does not tell its own."""

_BARRED = re.compile(r"<[|\uff5c][^|\uff5c<>\n]{1,60}[|\uff5c]>")
_SEED_RANGE = 1 << 31  # some servers keep a seed in 32 bits, signed
_DETAIL_CHARACTERS = 300
_LONGEST_TOKEN = 256  # characters; the longest of the common vocabularies, a run of blanks, has half of that


def without_chat_tokens(text: str) -> str:
    """`text` with everything that a common chat template would read as its own token neutralised."""
    if "<" not in text and "[" not in text:  # most text: no token begins otherwise
        return text
    return neutralise(text, {*CHAT_TOKENS, *_BARRED.findall(text)})


def without_broken_end(text: str) -> str:
    """`text` with `?` for U+FFFD at its end, blanks aside.

    vLLM decodes an answer after its prompt, and waits while that ends in U+FFFD, for half a character may: where nothing
    but special tokens follows a message, the answer would then begin with the whole prompt (vLLM 0.32, tokenizers 0.23).
    """
    bare = text.rstrip()
    if not bare.endswith("\ufffd"):
        return text
    whole = bare.rstrip("\ufffd")
    return whole + "?" * (len(bare) - len(whole)) + text[len(bare) :]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one server wants a request: its kind, and fields that it turned out not to take."""

    model: str
    kind: ServerKind = ServerKind.OTHER
    length: str = ""  # name of the field that bounds an answer; the kind's own when empty
    without: frozenset[str] = frozenset()

    def body(self, request: Request) -> dict[str, Any]:
        """The JSON body of `POST /v1/chat/completions`, but for its messages."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [],
            self.length or length_field(self.kind): request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed % _SEED_RANGE,
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.choices is not None:
            body |= choice_fields(self.kind, request.choices)
        if request.json_schema is not None:
            body |= schema_fields(self.kind, request.json_schema)
        for field in self.without:
            body.pop(field, None)
        return body

    def encoded(self, request: Request) -> bytes:
        """The whole body as JSON in UTF-8."""
        import orjson

        body = self.body(request)
        body["messages"] = [_encoded_message(message) for message in request.messages]
        return orjson.dumps(body, default=_plain)

    def adapted(self, request: Request, trouble: str) -> Dialect | None:
        """The dialect without what a refusal of `request` complains of, where no answer depends on that."""
        body = self.body(request)
        if "max_tokens" in body and "max_completion_tokens" in trouble:
            return replace(self, length="max_completion_tokens")
        field = dispensable_field(body, trouble)
        return None if field is None else replace(self, without=self.without | {field})


def _encoded_message(message: Message) -> Any:
    import orjson

    content = utf8_json(without_broken_end(without_chat_tokens(message.content)))
    return orjson.Fragment(b'{"role":%b,"content":%b}' % (utf8_json(message.role), content))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a request holds {type(value).__name__}, which has no JSON form")


def completion_of(answer: object, request: Request) -> Completion:
    """What a server's answer to `request` means; one that is not of the protocol gives FAILED with the reason.

    So does an answer outside the request's choices or schema, and one longer than its tokens could make it: an outcome
    to count, never an exception.
    """
    usage = answer.get("usage") if isinstance(answer, Mapping) else None
    prompt_tokens = _count(usage, "prompt_tokens")
    completion_tokens = _count(usage, "completion_tokens")

    def outcome(text: str, reason: FinishReason) -> Completion:
        return Completion(text, reason, prompt_tokens, completion_tokens)

    def failed(cause: Cause, detail: str, reason: FinishReason = FinishReason.FAILED) -> Completion:
        return Completion("", reason, prompt_tokens, completion_tokens, shortened(detail), cause=cause)

    choice = _first_choice(answer)
    if choice is None:
        return failed(Cause.MALFORMED, "the server's answer holds no choices")
    message = choice.get("message")
    if not isinstance(message, Mapping):
        return failed(Cause.MALFORMED, "the server's answer holds no message")
    text, finish = message.get("content"), choice.get("finish_reason")
    if finish == "content_filter" or message.get("refusal"):
        refusal = str(message.get("refusal") or "content filter")
        return failed(Cause.FILTERED, refusal, FinishReason.REFUSED)
    if not isinstance(text, str):
        return failed(Cause.MALFORMED, f"the server's message has no text (finish reason {finish!r})")
    if len(text) > request.max_tokens * _LONGEST_TOKEN:
        return failed(Cause.ANSWER_TOO_LONG, f"{len(text)} characters for {request.max_tokens} tokens")
    if finish == "length":
        return outcome(text, FinishReason.LENGTH)
    if finish not in ("stop", None):
        return failed(Cause.MALFORMED, f"the server ended its answer with {finish!r}")
    if request.choices is not None:
        said = closed_answer(text, request.choices)
        if said is None:
            return failed(Cause.OFF_FORM, f"answered {text[:80]!r}, which is none of the choices")
        told = choice_log_probabilities(choice.get("logprobs"), request.choices, said)
        return replace(outcome(said, FinishReason.STOP), choice_log_probabilities=told)
    if request.json_schema is not None:
        return structured_completion(
            text,
            request.json_schema,
            ended=True,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )
    return outcome(text, FinishReason.STOP)


def closed_answer(text: str, choices: tuple[str, ...]) -> str | None:
    """The choice that `text` is: to the letter, but for blanks, quotation marks, asterisks and a full stop around it."""
    bare = text.strip()
    for said in (bare, bare.strip("\"'`*. \t\r\n")):
        if said in choices:
            return said
    return None


def shortened(text: str) -> str:
    """`text` in one line of at most 300 characters, for `Completion.detail`."""
    line = " ".join(text[: 20 * _DETAIL_CHARACTERS].split())
    return line if len(line) <= _DETAIL_CHARACTERS else line[: _DETAIL_CHARACTERS - 1] + "…"


def _first_choice(answer: object) -> Mapping[str, Any] | None:
    """The choice of index 0: one was asked for, and a server may send more, in any order."""
    choices = answer.get("choices") if isinstance(answer, Mapping) else None
    if not isinstance(choices, list) or not choices:
        return None
    first = next(
        (one for one in choices if isinstance(one, Mapping) and one.get("index", 0) == 0), choices[0]
    )
    return first if isinstance(first, Mapping) else None


def _count(usage: object, key: str) -> int:
    """A token count, 0 for whatever cannot be one."""
    value = usage.get(key) if isinstance(usage, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32 else 0
