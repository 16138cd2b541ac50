"""What bytes that are not plain UTF-8 text most likely are."""

from __future__ import annotations

_LOOKED_AT = 8_000  # bytes, as git does
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f") + b"\x7f"
_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def wide_encoding(raw: bytes) -> str | None:
    """UTF-16 or UTF-32 when the bytes begin with its mark, or nearly every second byte of them is zero."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return name
    start = raw[:_LOOKED_AT]
    pairs = len(start) // 2
    for side in (0, 1):
        half = start[side : 2 * pairs : 2]
        other = start[1 - side : 2 * pairs : 2]
        if pairs > 1 and half.count(0) > 0.7 * pairs and not other.count(0):
            return "UTF-16"
    return None


def is_binary(raw: bytes) -> bool:
    """Whether the bytes are no text in any encoding that people save text in: a picture, an archive, a program.

    A single zero byte in sound UTF-8 is a slip within a text, and its place can be shown.
    """
    start = raw[:_LOOKED_AT]
    controls = len(start) - len(start.translate(None, _CONTROLS))
    if controls > 0.05 * len(start) and controls > 2:
        return True
    return b"\0" in start and not _is_utf8(raw)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
