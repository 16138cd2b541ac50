"""HTML in which text is always text: only what `element` made is markup, and a page allows what its policy names."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable

from seedbed.reports.escape import terminal_text


class Markup(str):
    """Markup that this module made; any other string is text."""

    __slots__ = ()


Child = str | Iterable["Child"] | None

_PLAIN = re.compile(r"[A-Za-z0-9 .,;?!()/_%+=*-]*")
"""Text that needs no look at each character, as most does."""
_VOID = frozenset({"br", "hr", "input", "link", "meta", "wbr"})


def element(name: str, /, *children: Child, **attributes: str | int | None) -> Markup:
    """`<name …>children</name>`. Text among the children and in attributes is escaped; None is left out.

    A trailing underscore of an attribute's name falls away (`class_`), others become hyphens.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    """Children one after the other."""
    parts = []
    for child in children:
        if isinstance(child, str):
            parts.append(child if isinstance(child, Markup) else _escaped(child))
        elif child is not None:
            parts.append(joined(child))
    return Markup("".join(parts))


def page(*body: Child, title: str, style: str) -> str:
    """A whole document that loads nothing and runs nothing: its policy allows this one style sheet alone."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return document(*body, title=title, policy=policy, head=element("style", Markup(style)))


def document(*body: Child, title: str, policy: str, head: Child) -> str:
    """A whole document under a content security policy; `head` is what it is shown with."""
    about = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        head,
    )
    return f"<!doctype html>\n{element('html', about, element('body', *body), lang='en')}\n"


def _escaped(text: str) -> str:
    """Text with its line breaks; everything that could hide or turn text is written as an escape."""
    if _PLAIN.fullmatch(text):
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    shown = html.escape("\n".join(terminal_text(line.replace("\t", "    ")) for line in lines))
    return re.sub(
        r"(?m)^(\s*)::", r"\1&#58;:", shown
    )  # where the page is printed, a workflow runner may listen
