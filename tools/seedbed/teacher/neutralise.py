"""Text from a leaf, a document or a model is data: it can never speak as the chat template does."""

from __future__ import annotations

from collections.abc import Iterable

_UNREADABLE = "\N{REPLACEMENT CHARACTER}"


def neutralise(text: str, special_tokens: Iterable[str]) -> str:
    """`text` with every special token broken by a visible space, such as `< |user|>` for `<|user|>`.

    Nothing else changes, and a text without special tokens comes back as it is. Neutralising twice equals
    neutralising once. Special tokens that are blank are left alone; one of a single character has no inside to
    break and becomes U+FFFD.
    """
    cores = sorted(
        {token.strip() for token in special_tokens} - {"", _UNREADABLE}, key=lambda core: (-len(core), core)
    )
    while found := [core for core in cores if core in text]:
        for core in found:  # again until none is left, since a break may lay open a shorter token
            text = text.replace(core, _broken(core))
    return text


def _broken(token: str) -> str:
    if len(token) == 1:
        return _UNREADABLE
    separator = "_" if token[1].isspace() else " "
    return token[0] + separator + token[1:]
