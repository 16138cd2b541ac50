"""An answer that was held to a JSON schema, as JSON that every reader takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from seedbed.teacher.schema_fit import misfit
from seedbed.teacher.teacher import Cause, Completion, FinishReason

_SHOWN = 80  # characters of an answer that is no JSON, from where it broke off
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def structured_completion(
    text: str, schema: Mapping[str, object], *, ended: bool, prompt_tokens: int, completion_tokens: int
) -> Completion:
    """The outcome of a request with a schema, whoever answered it.

    STOP with strict JSON of that schema, LENGTH when the answer was cut; else FAILED: a server that does not hold its
    answers, or a grammar that knows less than the schema says.
    """
    if not ended:
        return Completion(text, FinishReason.LENGTH, prompt_tokens, completion_tokens)
    document, detail = strict_json(text), f"the answer ended, but is not JSON: …{text[-_SHOWN:]!r}"
    if document is not None:
        wrong = misfit(json.loads(document), schema)
        if wrong is None:
            return Completion(document, FinishReason.STOP, prompt_tokens, completion_tokens)
        detail = f"the answer is not of its schema: {wrong}"
    return Completion("", FinishReason.FAILED, prompt_tokens, completion_tokens, detail, cause=Cause.OFF_FORM)


def strict_json(text: str) -> str | None:
    """The JSON document that `text` is, written anew; None when it is none.

    Engines' grammars let more through than a strict reader takes: raw control characters inside strings (xgrammar 0.2),
    and escapes that name half of a surrogate pair, which no UTF-8 file can hold. The first are escaped here, the
    second become U+FFFD. The order of keys stays.
    """
    try:
        document = json.loads(text, strict=False, parse_constant=_no_number)
        written = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):  # ValueError also for 1e999 and for an integer of 4,301 digits
        return None
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", written)


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
