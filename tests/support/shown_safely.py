"""What a report must never do to whoever shows it: a terminal, a workflow runner, a forge."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

from markdown_it import MarkdownIt

from seedbed.reports.escape import is_hostile
from seedbed.reports.markdown import COMMENT_LIMIT, MARKER

OWN_HTML = {f"{MARKER}", "<details><summary>Already there before this change</summary>", "</details>"}
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_COMMAND = re.compile(r"::(error|warning|notice) [^:]*::.*")
_ANYWHERE = re.compile(r"##\w*\[")
_LINKED = re.compile(
    r"(?:https?|ftp|mailto|xmpp):(?!//seedbed\.example)|www\.|(?<![\w`])@\w|#\d|\bgh-\d", re.IGNORECASE
)


def runner_commands(output: str) -> list[str]:
    """The lines that a workflow runner would obey (actions/runner, ActionCommand.cs: both generations)."""
    lines = re.split(r"[\r\n]", output)
    return [line for line in lines if line.strip().startswith("::") or _ANYWHERE.search(line)]


def assert_shown_safely(form: str, output: str) -> None:
    """Hold the output of one form to its promises, whatever the strings in it were."""
    hostile = {character for character in set(output) if is_hostile(character) and character != "\n"}
    assert not hostile, f"{form} lets {sorted(map(ascii, hostile))} through"
    commands = runner_commands(output)
    if form == "github":
        assert all(_COMMAND.fullmatch(command) for command in commands)
        assert commands == output.splitlines()
    else:
        assert commands == [], f"{form} has a command: {commands[0]!r}"
    if form == "markdown":
        assert len(output.encode("utf-16-le")) // 2 <= COMMENT_LIMIT
        assert_inert_markdown(output)
    elif form == "junit":
        ElementTree.fromstring(output)
    elif form == "jsonl":
        assert all(isinstance(json.loads(line), dict) for line in output.removesuffix("\n").split("\n"))
    elif form in ("json", "sarif", "gitlab", "rdjson"):
        json.loads(output)
    if form == "rdjson":
        for diagnostic in json.loads(output)["diagnostics"]:
            diagnostic["location"]["path"].encode()
            assert_inert_markdown(diagnostic["message"])


def assert_inert_markdown(text: str) -> None:
    """No link, image, HTML, mention or reference in it, as CommonMark reads it and as a forge looks for names in it."""
    for token in _PARSER.parse(text):
        assert token.type not in ("table_open", "code_block", "blockquote_open", "hr"), token
        if token.type == "html_block":
            assert set(token.content.strip().split("\n")) <= OWN_HTML, token.content
        if token.type == "heading_open":
            assert token.markup == "###"
        if token.type == "fence":
            assert token.info == "text"
        for child in token.children or ():
            assert child.type in (
                "text",
                "softbreak",
                "hardbreak",
                "strong_open",
                "strong_close",
                "code_inline",
            ) or (child.type in ("link_open", "link_close") and _own_link(child.attrGet("href"))), child
            assert child.type != "text" or not _LINKED.search(child.content), child.content


def _own_link(href: str | float | None) -> bool:
    return href is None or str(href).startswith("https://seedbed.example/")
