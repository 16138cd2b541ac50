"""A person's talk with one or two models: what they typed becomes turns or commands. No terminal in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from seedbed.teacher.teacher import Message

COMMANDS = {
    "/reset": "forget what was said",
    "/system TEXT": "begin anew under this system message; without TEXT, under none",
    "/help": "these lines",
    "/quit": "leave (as does the end of input)",
}


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one model has heard and said."""

    system: str | None = None
    turns: tuple[Message, ...] = ()

    def asked(self, question: str) -> tuple[Message, ...]:
        """Everything that the model reads for this question."""
        head = (Message("system", self.system),) if self.system else ()
        return (*head, *self.turns, Message("user", question))

    def answered(self, question: str, answer: str) -> Conversation:
        """With one more turn."""
        return replace(self, turns=(*self.turns, Message("user", question), Message("assistant", answer)))


@dataclass(frozen=True, slots=True)
class Command:
    """A line that begins with a slash; `name` is one of the words of `COMMANDS`, or `unknown`."""

    name: str
    text: str = ""


def read_line(line: str) -> Command | str | None:
    """A command, a question, or nothing. `//` at the start asks a question that begins with one slash.

    Bytes that were no text in the terminal's encoding become U+FFFD: no tokenizer can read them.
    """
    line = line.encode("utf-8", "replace").decode().strip()
    if not line:
        return None
    if line.startswith("//"):
        return line[1:]
    if not line.startswith("/"):
        return line
    word, _, rest = line.partition(" ")
    names = [form.split()[0] for form in COMMANDS]
    if word in names:
        return Command(word, rest.strip())
    close = get_close_matches(word, names, 1)
    guess = f"did you mean {close[0]}?" if close else "/help lists them"
    return Command("unknown", f"there is no command {word}; {guess}")


def help_lines() -> Sequence[str]:
    """One line for each command."""
    return [f"{form:<14} {meaning}" for form, meaning in COMMANDS.items()]
