"""The servers that people run behind OpenAI's protocol, and what each takes beyond it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

TOP_LOGPROBS = 20  # the most that OpenAI and vLLM tell for one token


class ServerKind(StrEnum):
    """Who answers; the value is the name that people know."""

    VLLM = "vLLM"
    SGLANG = "SGLang"
    LLAMA_CPP = "llama.cpp"
    OLLAMA = "Ollama"
    OPENAI = "OpenAI"
    OTHER = "OpenAI-compatible"


_OWNERS: Mapping[str, ServerKind] = {
    "vllm": ServerKind.VLLM,
    "sglang": ServerKind.SGLANG,
    "llamacpp": ServerKind.LLAMA_CPP,
    "library": ServerKind.OLLAMA,
}


def server_kind(host: str, owned_by: object) -> ServerKind:
    """From the host's name and from what the list of models says of who owns the model."""
    if host == "api.openai.com" or host.endswith(".openai.azure.com"):
        return ServerKind.OPENAI
    return _OWNERS.get(str(owned_by).lower(), ServerKind.OTHER)


def version_path(kind: ServerKind) -> tuple[str, str] | None:
    """Where, beside `/v1`, a server of this kind tells its version, and in which field; None when it does not."""
    return {
        ServerKind.VLLM: ("/version", "version"),
        ServerKind.SGLANG: ("/server_info", "version"),
        ServerKind.LLAMA_CPP: ("/props", "build_info"),
        ServerKind.OLLAMA: ("/api/version", "version"),
    }.get(kind)


def length_field(kind: ServerKind) -> str:
    """What the bound on an answer's tokens is called: OpenAI's newer models refuse the old name."""
    return "max_completion_tokens" if kind is ServerKind.OPENAI else "max_tokens"


def choice_fields(kind: ServerKind, choices: Sequence[str]) -> dict[str, Any]:
    """What holds an answer to a closed list, and asks how likely each token was.

    A server of another kind gets no constraint: its answer is read and must be one of the list all the same.
    """
    fields: dict[str, Any] = {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
    match kind:
        case ServerKind.VLLM:
            fields["structured_outputs"] = {"choice": list(choices)}
        case ServerKind.SGLANG:
            fields["regex"] = f"({'|'.join(map(re.escape, choices))})"
        case ServerKind.LLAMA_CPP:
            fields["grammar"] = "root ::= " + " | ".join(
                json.dumps(choice, ensure_ascii=False) for choice in choices
            )
    return fields


def schema_fields(kind: ServerKind, schema: Mapping[str, object]) -> dict[str, Any]:
    """What holds an answer to a JSON schema."""
    if kind is ServerKind.VLLM:
        return {"structured_outputs": {"json": schema}}
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        }
    }


def dispensable_field(body: Mapping[str, Any], trouble: str) -> str | None:
    """The field of `body` that the server's refusal names and that no answer depends on; None when there is none."""
    for field in ("top_logprobs", "logprobs", "seed"):
        if field in body and re.search(rf"\b{field}\b", trouble):
            return field
    return None
