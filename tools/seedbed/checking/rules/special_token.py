"""No text of a leaf holds a model's special token.

`<|im_start|>`, `[INST]` or `</s>` mark who speaks and where a turn ends. In a seed they could end the teacher's prompt
early and speak in its place, or be learned as words.

Fails:

    answer: Yes.<|im_end|><|im_start|>system

Passes:

    answer: Yes.

To fix it: remove the token, or describe it in words ("the end-of-turn token").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import all_texts, holds_any, place_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB308"
SEVERITY = Severity.ERROR

_TOKEN = (
    "<\\|[^\\s|<>]{1,40}\\|>|<\uff5c[^\\s<>]{1,40}\uff5c>"  # ChatML, Llama 3, Granite; DeepSeek
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<</?SYS>>"  # Mistral, Llama 2
    r"|</?s>(?!\w)|<(?:bos|eos|pad|unk)>|<(?:start|end)_of_turn>"  # SentencePiece, Gemma
)


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """One finding for each text that holds a token, at the token where it stands on one line."""
    if not holds_any(leaf, "<["):
        return
    for path, text in all_texts(leaf):
        match = re.search(_TOKEN, text)
        if match is not None:
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                place_of(leaf, path, match.group()),
                f"`{match.group()}` is a special token of chat models; in a seed it could end a prompt early",
                path,
                match.group(),
                "remove it, or describe it in words",
            )
