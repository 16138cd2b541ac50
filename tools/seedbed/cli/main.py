"""The command `seedbed`: finds each subcommand when it is asked for, and turns every error into its exit code.

Commands are imported only when they run, so that `seedbed check` never waits for a library that it does not use.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from seedbed import __version__
from seedbed.cli.terminal import width_of
from seedbed.cli.termination import terminated_as_interrupted
from seedbed.errors import ExitCode, MissingExtraError, SeedbedError, UsageError
from seedbed.reports.escape import terminal_text

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "new": ("seedbed.cli.new:new", "Write a leaf to fill in."),
        "check": ("seedbed.cli.check:check", "Check the leaves that this branch changes."),
        "fix": ("seedbed.cli.fix:fix", "Mend what has a certain fix."),
        "diff": ("seedbed.cli.diff:diff", "Compare leaves with the base, seed by seed."),
        "tree": ("seedbed.cli.tree:tree", "Show the taxonomy, its counts and states."),
        "explain": ("seedbed.cli.explain:explain", "Explain a rule, or list all rules and settings."),
        "preview": ("seedbed.cli.preview:preview", "Show what the teacher makes of the changed leaves."),
        "publish": ("seedbed.cli.publish:publish", "Tell a pull request how its check went."),
        "generate": ("seedbed.cli.generate:generate", "Make training samples for fresh leaves."),
        "audit-judge": ("seedbed.cli.audit_judge:command", "Plant faults and count what the judge catches."),
        "status": ("seedbed.cli.status:status", "Show which leaves are fresh and what is stored."),
        "show": ("seedbed.cli.show:show", "Show the stored samples of a leaf."),
        "why": ("seedbed.cli.why:why", "Follow a sample back to leaf, author, prompt and teacher."),
        "export": ("seedbed.cli.export:export", "Write samples for TRL, axolotl, InstructLab or the hub."),
        "site": ("seedbed.cli.site:site", "Write the taxonomy as pages that a browser opens."),
        "doctor": ("seedbed.cli.doctor:doctor", "Say whether all is in place, and what to do if not."),
    }
)
"""Commands of this package: name → (import path, one line of help)."""

ENTRY_POINT_GROUP = "seedbed.commands"

_EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "aiohttp": "generate",
        "fsspec": "generate",
        "jinja2": "generate",
        "lxml": "documents",
        "markdownify": "documents",
        "orjson": "generate",
        "pyarrow": "generate",
        "pypdf": "documents",
        "model2vec": "embeddings",
        "matplotlib": "train",
        "safetensors": "train",
        "tokenizers": "train",
        "torch": "train",
        "transformers": "train",
        "vllm": "vllm",
    }
)
"""Which extra brings a library that a command may miss."""


@cache
def all_commands() -> Mapping[str, tuple[str, str]]:
    """Every command: those of this package, then those that installed packages add through `seedbed.commands`.

    Such an entry point names a mapping of the same shape as `COMMANDS`. A name that is taken keeps its first meaning.
    """
    from importlib.metadata import entry_points  # slow to import, and no command of this package needs it

    found = dict(COMMANDS)
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        try:
            added: Mapping[str, tuple[str, str]] = entry_point.load()
        except ModuleNotFoundError as error:
            if (error.name or "").startswith(entry_point.module.split(".", 1)[0]):
                continue  # the package that declares these commands is not installed in full
            raise
        for name, command in added.items():
            found.setdefault(name, command)
    return MappingProxyType(found)


class LazyGroup(click.Group):
    """A group whose commands are import paths until one of them runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(all_commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        named = COMMANDS.get(cmd_name) or all_commands().get(cmd_name)
        return None if named is None else _load(cmd_name, named[0])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in all_commands().items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names and help lines from the table, so that completing one command loads none."""
        found = [
            CompletionItem(name, help=text)
            for name, (_, text) in all_commands().items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], all_commands(), n=1)
            guess = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"{error.message}{guess}", ctx) from error


def _load(name: str, import_path: str) -> click.Command:
    module, _, attribute = import_path.partition(":")
    try:
        command = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise _missing(name, error) from error
    assert isinstance(command, click.Command), f"{import_path} is no command"
    return command


def _missing(command: str, error: ModuleNotFoundError) -> Exception:
    """Which `pip install` line brings what a command misses; a module of our own that is missing is a defect."""
    library = (error.name or "").split(".", 1)[0]
    extra = _EXTRAS.get(library)
    return error if extra is None else MissingExtraError(f"seedbed {command}", extra, library)


_COMPLETION = """\
\b
Complete commands and paths in your shell (or zsh, fish):
  eval "$(_SEEDBED_COMPLETE=bash_source seedbed)"
"""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_COMPLETION)
@click.version_option(__version__, prog_name="seedbed")
def seedbed() -> None:
    """Turn a taxonomy kept in git into a model, one pull request at a time."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run `seedbed` and leave the process with the exit code that its outcome means."""
    sys.exit(exit_code_of(lambda: seedbed.main(arguments, standalone_mode=False, prog_name="seedbed")))


def exit_code_of(run: Callable[[], Any]) -> int:
    """Run a command; say what went wrong on standard error, and give the exit code for it. The one place that does."""
    with terminated_as_interrupted() as termination:
        code = _outcome(run)
    return ExitCode.TERMINATED if termination.asked and code == ExitCode.INTERRUPTED else code


def _outcome(run: Callable[[], Any]) -> int:
    output = sys.stdout
    try:
        result = run()
        sys.stdout.flush()
        return int(result) if isinstance(result, int) else ExitCode.FINE
    except SeedbedError as error:
        _say(error.message, error.hint)
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except BrokenPipeError:
        return _quiet_pipe()
    except SystemExit:
        if sys.stdout is not output:  # how click leaves on a broken pipe: another standard output, and this
            return _quiet_pipe()
        raise
    except ModuleNotFoundError as error:
        known = _missing("", error)
        if isinstance(known, UsageError):
            _say(f"this command needs {error.name}, which is not installed", known.hint)
            return ExitCode.USAGE
        return _internal(error)
    except Exception as error:  # noqa: BLE001 the last resort: whatever it is becomes a report
        return _internal(error)


def _say(message: str, hint: str | None) -> None:
    print("\n".join(_fitted(f"error: {message}", "  ")), file=sys.stderr)
    if hint:
        print("\n".join(_fitted(f"  try: {hint}", " " * len("  try: "))), file=sys.stderr)


def _fitted(text: str, rest: str) -> list[str]:
    """The lines of `text`, made safe; on a terminal wrapped to its width, with `rest` before what is carried over."""
    lines = [terminal_text(line) for line in text.splitlines()]
    width = width_of(sys.stderr)
    if width is None:
        return lines
    from seedbed.reports.wrapping import wrapped

    starts = [" " * (len(line) - len(line.lstrip())) for line in lines]
    return [
        part
        for line, start in zip(lines, starts, strict=True)
        for part in wrapped(line, width, first=start, rest=max(start, rest, key=len))
    ]


def _interrupted() -> int:
    print("\ninterrupted", file=sys.stderr)
    return ExitCode.INTERRUPTED


def _quiet_pipe() -> int:
    """The reader of our output went away, as `head` does; keep the interpreter from complaining at its end.

    The exit code is that of a process which SIGPIPE ends, as for cat or git: a verdict nobody read is not "fine".
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return 128 + 13


def _internal(error: Exception) -> int:
    """A defect of Seedbed's own: write down what a maintainer needs, and say where."""
    import tempfile
    import traceback

    text = "\n".join(
        [
            f"seedbed {__version__}, Python {sys.version.split()[0]}, {sys.platform}",
            f"command: {' '.join(map(ascii, sys.argv))}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    handle, name = tempfile.mkstemp(prefix="seedbed-report-", suffix=".txt")
    os.close(handle)
    Path(name).write_text(text, encoding="utf-8", errors="backslashreplace")
    print(f"error: Seedbed failed on its own account ({type(error).__name__})", file=sys.stderr)
    print(f"  try: paste the report {name} into a new issue", file=sys.stderr)
    return ExitCode.INTERNAL
