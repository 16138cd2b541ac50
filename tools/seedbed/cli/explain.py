"""`seedbed explain`: the manual page of a rule, the list of rules, the keys of seedbed.toml."""

from __future__ import annotations

import difflib
import shutil
import textwrap

import click
from click.shell_completion import CompletionItem

from seedbed.errors import UsageError


def _topics(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """For a shell: codes with their titles, and `config`."""
    from seedbed.checking.rules import RULES

    topics = [(rule.code, rule.title) for rule in RULES] + [("config", "every key of seedbed.toml")]
    return [
        CompletionItem(word, help=title)
        for word, title in topics
        if word.lower().startswith(incomplete.lower())
    ]


@click.command(short_help="Explain a rule, or list all rules and settings.")
@click.argument("topic", required=False, metavar="[CODE|config]", shell_complete=_topics)
def explain(topic: str | None) -> None:
    """Explain the rule CODE, such as SB101 or its name; list all rules without one.

    `seedbed explain config` lists every key of seedbed.toml with its meaning and default.
    """
    if topic is None:
        _list_rules()
    elif topic.lower() in ("config", "seedbed.toml", "settings"):
        _list_settings()
    else:
        _explain_rule(topic)


def _list_rules() -> None:
    from seedbed.checking.rules import RULES

    width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        label = f"{rule.code}  {rule.severity.value:<7}  {rule.name:<{width}}  "
        click.echo(_wrapped(rule.title, first=label, rest=" " * len(label)))


def _page(manual: str) -> str:
    """The page with its prose as wide as the terminal; examples and lists stay as they are."""
    paragraphs = manual.split("\n\n")
    return "\n\n".join(
        _wrapped(paragraph, first="", rest="")
        if not any(line.startswith((" ", "-", "|")) for line in paragraph.splitlines())
        else paragraph
        for paragraph in paragraphs
    )


def _wrapped(text: str, *, first: str, rest: str) -> str:
    """`text` within the width of the terminal, at least 80 and at most 120 columns."""
    width = min(max(shutil.get_terminal_size().columns, 80), 120)
    return textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _explain_rule(topic: str) -> None:
    from seedbed.checking.rules import RULES

    wanted = topic.lower().replace("_", "-")
    for rule in RULES:
        if wanted in (rule.code.lower(), rule.name):
            click.echo(f"{rule.code} {rule.name} ({rule.severity.value})\n\n{_page(rule.manual)}")
            return
    words = {word: word for rule in RULES for word in (rule.code.lower(), rule.name)} | {"config": "config"}
    near = difflib.get_close_matches(wanted, words, n=1)
    guess = f"; did you mean {near[0].upper() if near[0].startswith('sb') else near[0]}?" if near else ""
    raise UsageError(f"there is no rule {topic!r}{guess}", hint="`seedbed explain` lists all rules")


def _list_settings() -> None:
    from seedbed.config.description import describe_settings

    section = None
    for setting in describe_settings():
        if setting.section != section:
            click.echo(f"{'' if section is None else chr(10)}[{setting.section}]")
            section = setting.section
        click.echo(f"{setting.key} = {_toml(setting.default)}")
        click.echo(_wrapped(f"{setting.help} ({setting.type})", first="    ", rest="    "))


def _toml(default: object) -> str:
    if default is None:
        return "(not set)"
    if isinstance(default, tuple):
        return "[" + ", ".join(_toml(item) for item in default) + "]"
    if isinstance(default, bool):
        return str(default).lower()
    return f'"{default}"' if isinstance(default, str) else str(default)
