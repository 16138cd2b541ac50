"""Whether an error says that a server will not answer this one prompt, for what stands in it.

It is told by fields that are set for nothing else: words of a message are no proof, since an account may be "flagged" too.
"""

from __future__ import annotations

from collections.abc import Mapping

from seedbed.teacher.teacher import Message, Request

_CODES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
        "invalid_prompt",
        "moderation",
        "moderation_blocked",
        "data_inspection_failed",
        "content_moderation",
        "safety",
    }
)
_MARKS = ("flagged_input", "content_filter_result", "content_filter_results")
_NESTED = ("error", "innererror", "metadata")

HARMLESS = Request((Message("user", "Say hello."),), max_tokens=8)
"""What no filter minds: a key that may use the model is let in with it."""


def is_moderated(content: object) -> bool:
    """Whether the body of an error (HTTP 400 or 403) is a content filter's."""
    if not isinstance(content, Mapping):
        return False
    if any(content.get(mark) for mark in _MARKS):
        return True
    if any(str(content.get(field) or "").lower() in _CODES for field in ("code", "type")):
        return True
    return any(is_moderated(content.get(field)) for field in _NESTED)
