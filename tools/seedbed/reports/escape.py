"""Untrusted text made harmless for the place it is shown in: a terminal, a workflow log, Markdown.

Leaves, file names, commit data and model output come from strangers. A terminal obeys escape sequences in them, a
workflow runner obeys lines that begin with `::`, and a forge turns `@name` in a comment into a notification.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = frozenset(
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
    "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
)
"""Characters that hide or reorder text (Unicode TR 36, section 2; CVE-2021-42574). Joiners of scripts and emoji stay."""


def is_hostile(character: str) -> bool:
    """Whether showing `character` as it is could change what a reader sees elsewhere."""
    if character in _INVISIBLE:
        return True
    category = unicodedata.category(character)
    return category in ("Cc", "Cs") or "\U000e0000" <= character <= "\U000e007f"


def terminal_text(text: str) -> str:
    """`text` with every control, direction and invisible character written as `\\x1b` or `\\u202e`.

    Line breaks and tabs are escaped too: a caller that prints several lines splits them first.
    """
    if text.isprintable() and text.isascii():
        return text
    return "".join(_written(character) if is_hostile(character) else character for character in text)


def _written(character: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    code = ord(character)
    return short or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


def github_data(text: str) -> str:
    """`text` as the message of a workflow command (docs.github.com, workflow commands; actions/toolkit command.ts)."""
    lines = "\n".join(terminal_text(line) for line in text.splitlines())
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """`text` as a property of a workflow command, such as `file=`."""
    one_line = terminal_text(text).replace("%", "%25")
    return one_line.replace(":", "%3A").replace(",", "%2C")


def markdown_inline(text: str) -> str:
    """`text` on one line as plain words: no markup, link, mention or issue reference takes effect."""
    line = terminal_text(" ".join(text.split()))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", line)
    line = line.replace("@", "&#64;")
    line = re.sub(r"(?i)\b(https?|ftp|mailto|www)(?=[:.])", lambda match: match.group(0) + "&#8203;", line)
    return re.sub(r"^([-=]|\d+(?=\.))", r"\\\1" if line[:1] in "-=" else r"\1&#8203;", line)


def markdown_fence(text: str, limit: int) -> str:
    """`text` as a fenced block that it cannot close, cut to `limit` characters with the rest counted."""
    shown = "\n".join(terminal_text(line.replace("\t", "    ")) for line in text[:limit].splitlines())
    runs = [len(run) for run in re.findall(r"`+", shown)]
    fence = "`" * max(3, max(runs, default=0) + 1)
    rest = f"\n\n… and {len(text) - limit:,} more characters" if len(text) > limit else ""
    return f"{fence}text\n{shown}\n{fence}{rest}"
