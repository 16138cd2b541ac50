"""Untrusted text made harmless for the place it is shown in: a terminal, a workflow log, Markdown.

Leaves, file names, commit data and model output come from strangers. A terminal obeys escape sequences in them, a
workflow runner obeys lines that begin with `::`, and a forge turns `@name` in a comment into a notification.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = frozenset("\u115f\u1160\u180e\u2028\u2029\u3164\uffa0\ufffe\uffff")
"""Characters that show nothing or break a line, and that Unicode does not count as format characters."""
_NEEDED = frozenset(
    "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Format characters that scripts and emoji cannot do without: joiners, and signs that stand above numbers."""
_RUNNER_COMMAND = re.compile(r"##(?=\w*\[)")
"""Workflow runners obey `##[error]`, `##vso[…]` and `##teamcity[…]` wherever in a line they stand."""


def is_hostile(character: str) -> bool:
    """Whether showing `character` as it is could change what a reader sees elsewhere.

    These are control, direction and other format characters, half surrogates, and what hides text (Unicode TR 36,
    section 2; CVE-2021-42574).
    """
    if character in _INVISIBLE:
        return True
    category = unicodedata.category(character)
    if category == "Cf":
        return character not in _NEEDED
    return category in ("Cc", "Cs") or "\U000e0100" <= character <= "\U000e01ef"


def terminal_text(text: str) -> str:
    """`text` with every control, direction and invisible character written as `\\x1b` or `\\u202e`.

    Line breaks and tabs are escaped too: a caller that prints several lines splits them first. What a workflow runner
    takes for a command inside a line is taken apart.
    """
    if not (text.isprintable() and text.isascii()):
        text = "".join(_written(character) if is_hostile(character) else character for character in text)
    return _RUNNER_COMMAND.sub(r"#\\x23", text) if "##" in text else text


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


_AUTOLINKED = re.compile(r"(?i)(https?|ftp|mailto|xmpp)(?=:)|www(?=\.)|\bgh(?=-\d)")
_BREAK = "&#8203;"
"""A space of no width. A forge looks for `@name`, `#12` and addresses in the finished page, where a backslash or an
entity has become the character itself again: only another character between them keeps them apart."""


def markdown_inline(text: str) -> str:
    """`text` on one line as plain words: no markup, link, mention or issue reference takes effect.

    A line that begins with it is no command for a workflow runner either.
    """
    line = terminal_text(" ".join(text.split()))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", line)
    line = re.sub(r"([@#])(?=\S)", rf"\1{_BREAK}", line)
    line = re.sub(r"^::", "&#58;:", line)
    line = _AUTOLINKED.sub(lambda match: match.group(0) + _BREAK, line)
    return re.sub(r"^([-=]|\d+(?=\.))", r"\\\1" if line[:1] in "-=" else rf"\1{_BREAK}", line)


def markdown_code(text: str) -> str:
    """`text` on one line as code, in which a forge sees no name, number or address; as plain words where it cannot be."""
    line = terminal_text(" ".join(text.split()))
    return f"`{line}`" if line and "`" not in line else markdown_inline(text)


def markdown_prose(text: str) -> str:
    """A sentence on one line in which what stands between backticks is code; the rest is plain words."""
    *pairs, last = " ".join(text.split()).split("`")
    if len(pairs) % 2:  # one that is never closed
        return markdown_inline(text)
    parts = [
        (markdown_code(part) if part.strip() else r"\`\`") if place % 2 else _plain_part(part)
        for place, part in enumerate([*pairs, last])
    ]
    return "".join(parts)


def _plain_part(text: str) -> str:
    """Plain words with the blanks around them, which part them from code."""
    before, after = " " * text.startswith(" "), " " * (text.endswith(" ") and text.strip() != "")
    return f"{before}{markdown_inline(text)}{after}"


def markdown_fence(text: str, limit: int) -> str:
    """`text` as a fenced block that it cannot close, cut to `limit` characters with the rest counted.

    A line that begins with `::` would be a command for a workflow runner that prints it: a blank parts the two.
    """
    lines = (terminal_text(line.replace("\t", "    ")) for line in text[:limit].splitlines())
    shown = "\n".join(re.sub(r"^(\s*)::", r"\1: :", line) for line in lines)
    runs = [len(run) for run in re.findall(r"`+", shown)]
    fence = "`" * max(3, max(runs, default=0) + 1)
    rest = f"\n\n… and {len(text) - limit:,} more characters" if len(text) > limit else ""
    return f"{fence}text\n{shown}\n{fence}{rest}"


def without_surrogates(text: str) -> str:
    """`text` with bytes that were not UTF-8 written as `\\udcff`, for formats whose readers refuse half a surrogate."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def xml_text(text: str) -> str:
    """`text` with every character that XML 1.0 cannot hold, or that hides something, written as an escape."""
    lines = "\n".join(terminal_text(line) for line in text.splitlines())
    return re.sub("[\ufdd0-\ufdef\ufffe\uffff]", lambda match: f"\\u{ord(match[0]):04x}", lines)


def json_for_log(document: str) -> str:
    """A JSON document, the same in meaning, in which a workflow runner that prints it finds no command."""
    return _RUNNER_COMMAND.sub(r"#\\u0023", document)


def xml_for_log(document: str) -> str:
    """An XML document, the same in meaning, in which a workflow runner that prints it finds no command."""
    return re.sub(r"(?m)^(\s*)::", r"\1&#58;:", _RUNNER_COMMAND.sub("#&#35;", document))
