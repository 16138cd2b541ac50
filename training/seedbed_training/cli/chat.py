"""`seedbed chat`: talk to a release in the terminal, beside its parent if wanted."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import click

from seedbed.errors import ExitCode, TeacherError
from seedbed.reports.escape import terminal_text
from seedbed_training.cli.options import open_workspace
from seedbed_training.releasing.conversation import Command, Conversation, help_lines, read_line
from seedbed_training.releasing.speaker import Speaker, load_speaker
from seedbed_training.releasing.spoken_models import SpokenModel, beside, chosen_model

_SEPARATOR = "\n"


@click.command()
@click.argument("release", required=False)
@click.option(
    "--beside",
    "other",
    is_flag=False,
    flag_value="parent",
    metavar="[RELEASE]",
    help="Ask another release too: the parent unless one is named; `base` is the base model.",
)
@click.option("--system", metavar="TEXT", help="System message, for models that were trained to heed one.")
@click.option("--max-tokens", type=click.IntRange(1), default=512, show_default=True, help="Longest answer.")
@click.option(
    "--temperature", type=click.FloatRange(0, 2), default=0.0, show_default=True, help="0 is greedy."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the sampling.")
def chat(
    release: str | None, other: str | None, system: str | None, max_tokens: int, temperature: float, seed: int
) -> None:
    """Talk to RELEASE (the latest one) with its own chat template; each line is a question.

    Works in a pipe too: every line of standard input is asked, each after the ones before as in one conversation (a
    line `/reset` begins anew), and the answers go to standard output. Exit 1 then where a line could not be asked.
    """
    workspace = open_workspace()
    models = [chosen_model(workspace, release)]
    if other is not None:
        models.append(beside(workspace, models[0], other))
    talk = _Talk(models, _typed(system), max_tokens, temperature, seed)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    _read_any_bytes()
    if interactive:
        with suppress(ImportError):  # where Python was built without it, lines cannot be edited
            import readline  # noqa: F401 input() has arrow keys and a history once it is loaded
        click.echo(f"{' and '.join(model.name for model in models)}; /help lists the commands", err=True)
    while True:
        try:
            line = input("> ") if interactive else sys.stdin.readline()
        except EOFError:
            click.echo()  # the shell's prompt belongs on a line of its own
            break
        except KeyboardInterrupt:
            click.echo()
            break
        if not interactive and not line:
            break
        said = read_line(line)
        if isinstance(said, Command):
            if said.name == "/quit":
                break
            talk.command(said)
        elif said is not None:
            talk.ask(said)
    if talk.failed and not interactive:
        raise SystemExit(ExitCode.FINDINGS)


def _read_any_bytes() -> None:
    """What is no text in the terminal's encoding is for `read_line` to replace, not a reason to stop."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")


def _typed(system: str | None) -> str | None:
    """A system message without bytes that were no text."""
    return None if system is None else system.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class _Voice:
    speaker: Speaker
    conversation: Conversation


class _Talk:
    """The voices and how they are shown: under their names where there are two."""

    def __init__(
        self,
        models: Sequence[SpokenModel],
        system: str | None,
        max_tokens: int,
        temperature: float,
        seed: int,
    ) -> None:
        self._begin = Conversation(system)
        self._voices = [_Voice(load_speaker(model.folder, model.name), self._begin) for model in models]
        self._max_tokens, self._temperature, self._seed = max_tokens, temperature, seed
        self.failed = False
        """Whether a question could not be put to a model, or a line was no command."""

    def command(self, command: Command) -> None:
        """Carry out a command; an unknown one is said, and nothing is lost."""
        if command.name == "/help":
            click.echo("\n".join(help_lines()), err=True)
        elif command.name == "unknown":
            self.failed = True
            click.echo(terminal_text(command.text), err=True)
        else:
            if command.name == "/system":
                self._begin = Conversation(command.text or None)
            self._voices = [_Voice(voice.speaker, self._begin) for voice in self._voices]
            click.echo("begun anew", err=True)

    def ask(self, question: str) -> None:
        """Put the question to every voice, one after the other."""
        self._voices = [self._answered(voice, question) for voice in self._voices]
        click.echo()

    def _answered(self, voice: _Voice, question: str) -> _Voice:
        if len(self._voices) > 1:
            click.secho(f"{voice.speaker.name}:", bold=True)
        try:
            spoken = voice.speaker.answer(
                voice.conversation.asked(question),
                _show,
                max_tokens=self._max_tokens,
                temperature=self._temperature,
                seed=self._seed,
            )
        except TeacherError as error:
            self.failed = True
            hint = f"; {error.hint}" if error.hint else ""
            click.echo(f"error: {terminal_text(error.message)}{hint}", err=True)
            return voice
        click.echo("" if spoken.ended else " […]")
        return _Voice(voice.speaker, voice.conversation.answered(question, spoken.text))


def _show(piece: str) -> None:
    """A piece of an answer, its line breaks kept and whatever a terminal would obey written out."""
    click.echo(_SEPARATOR.join(terminal_text(line) for line in piece.split(_SEPARATOR)), nl=False)
    sys.stdout.flush()
