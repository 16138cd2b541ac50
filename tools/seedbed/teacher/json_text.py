"""Text as JSON, encoded once for all who need it: a prompt of pages is in the request's key and in its body."""

from __future__ import annotations

import json
from functools import lru_cache

_KEPT = (
    512  # texts; leading messages come again and again, and the key of a request comes just before its body
)


@lru_cache(maxsize=_KEPT)
def utf8_json(text: str) -> bytes:
    """`text` as a JSON string in UTF-8; half of a surrogate pair, for which there is no UTF-8, becomes `?`."""
    import orjson

    try:
        return orjson.dumps(text)
    except TypeError:
        return orjson.dumps(text.encode("utf-8", "replace").decode("utf-8"))


def ascii_json(text: str) -> bytes:
    """`text` as `json.dumps` writes it, to the byte: keys of requests are made of it and must never change."""
    if text.isascii() and "\x7f" not in text:  # then both forms are the same
        try:
            return utf8_json(text)
        except ImportError:
            pass  # without the extra that brings orjson
    return json.dumps(text).encode("ascii")
