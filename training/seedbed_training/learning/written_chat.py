"""A conversation as the student's chat template writes it: its prompt, and its answer up to the token that ends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TODAY = datetime(2026, 1, 1)
"""What templates that write the day are told it is. Any other than a fixed one would give a sample other tokens
tomorrow: a plan's figures would not hold, and a run could not go on where it was stopped."""


@dataclass(frozen=True, slots=True)
class Written:
    """`prompt` ends where the model is to speak; `answer` ends with an end token."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one sample cannot be trained on. `reason` is the same for all samples at fault in this way."""

    reason: str
    hint: str
    detail: str = ""


class ChatForm:
    """A tokenizer's chat template, seen as a function from messages to text."""

    def __init__(self, tokenizer: Any, *, name: str, ends: Sequence[str]) -> None:
        """`name` is what messages call the model; `ends` are the texts of its end tokens."""
        self._tokenizer = tokenizer
        self._name = name
        self._ends = tuple(ends)
        template = tokenizer.chat_template
        self.sources = tuple(template.values()) if isinstance(template, dict) else (str(template),)
        dated = any("strftime_now" in source for source in self.sources)
        self._more: dict[str, Callable[[str], str]] = {"strftime_now": TODAY.strftime} if dated else {}

    def write(self, conversation: list[dict[str, str]]) -> Written | Fault:
        """The conversation, whose last message is the answer to be learned."""
        from jinja2.exceptions import TemplateError

        try:
            prompt = self.render(conversation[:-1], add_generation_prompt=True)
            whole = self.render(conversation, add_generation_prompt=False)
        except TemplateError as error:
            return Fault(
                f"the chat template of {self._name} does not take the messages",
                "choose a base whose template takes these roles, or change the template",
                str(error),
            )
        if not whole.startswith(prompt):
            return Fault(
                f"the chat template of {self._name} writes its prompt in another way once it is answered, "
                "so training would not match use",
                "use a chat template whose prompt, with add_generation_prompt, begins the whole conversation",
                _first_difference(prompt, whole),
            )
        answer = self._answer(whole[len(prompt) :], conversation[-1]["content"])
        return answer if isinstance(answer, Fault) else Written(prompt, answer)

    def render(self, conversation: list[dict[str, str]], *, add_generation_prompt: bool) -> str:
        """The text of a conversation. Raises TemplateError when the template refuses it."""
        return str(
            self._tokenizer.apply_chat_template(
                conversation, tokenize=False, add_generation_prompt=add_generation_prompt, **self._more
            )
        )

    def _answer(self, rest: str, content: str) -> str | Fault:
        """`rest` as far as the token that ends the answer; templates may trim the answer and add a newline after it."""
        start = rest.find(content.strip())
        if start < 0:
            return Fault(
                f"the chat template of {self._name} changes the answer that it is given",
                "use a chat template that writes an assistant's content as it is",
            )
        after = start + len(content.strip())
        found = [(rest.find(end, after), end) for end in self._ends]
        ends = [position + len(end) for position, end in found if position >= 0]
        if not ends:
            return Fault(
                f"the chat template of {self._name} does not end an answer with {' or '.join(self._ends)}, "
                "so the model would never learn to stop",
                "let the template write the end token after an assistant's content",
            )
        return rest[: min(ends)]


def _first_difference(prompt: str, whole: str) -> str:
    shared = next((i for i, (a, b) in enumerate(zip(prompt, whole, strict=False)) if a != b), len(whole))
    return f"{prompt[shared : shared + 30]!r} became {whole[shared : shared + 30]!r}"
