"""From messages to the tokens that a model with a chat template reads, for the back ends that run in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seedbed.errors import TeacherError
from seedbed.teacher.neutralise import neutralise
from seedbed.teacher.teacher import Message


class ChatPrompt:
    """A tokenizer with its chat template; every special token in a prompt is the template's own."""

    def __init__(self, tokenizer: Any, *, model: str) -> None:
        """Raises TeacherError when the tokenizer has no chat template; `model` is its name in the message."""
        if tokenizer.chat_template is None:
            raise TeacherError(
                f"the tokenizer of {model!r} has no chat template",
                hint="use an instruction-tuned model, or put a chat_template.jinja beside its tokenizer",
            )
        self._tokenizer = tokenizer
        special = special_token_ids(tokenizer)
        named = {str(tokenizer.convert_ids_to_tokens(index)) for index in special}
        self._special_tokens = tuple(sorted(named | {*tokenizer.all_special_tokens}))
        self._special_ids = special - {tokenizer.unk_token_id}
        self._marks: dict[tuple[str, ...], list[int]] = {}  # by roles

    def tokens(self, messages: Sequence[Message]) -> tuple[int, ...] | str:
        """The prompt's tokens up to where the answer begins; or why these messages cannot be put to the model."""
        from jinja2.exceptions import TemplateError

        contents = [neutralise(message.content, self._special_tokens) for message in messages]
        roles = tuple(message.role for message in messages)
        try:
            tokens = self._read(self._rendered(roles, contents))
            if self._special_in(tokens) == self._template_marks(roles):
                return tokens
        except TemplateError as error:
            return f"the model's chat template does not take these messages: {error}"
        # Some templates look into a message, so it may be theirs: the messages themselves decide.
        if any(self._special_in(self._read(content)) for content in contents):
            return "a message holds a special token of the model in a form that cannot be neutralised"
        return tokens

    def _rendered(self, roles: Sequence[str], contents: Sequence[str]) -> str:
        conversation = [
            {"role": role, "content": content} for role, content in zip(roles, contents, strict=True)
        ]
        return str(
            self._tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True)
        )

    def _special_in(self, tokens: Sequence[int]) -> list[int]:
        return [token for token in tokens if token in self._special_ids]

    def _template_marks(self, roles: tuple[str, ...]) -> list[int]:
        """The special tokens that the template itself writes around messages of these roles, in order."""
        if roles not in self._marks:
            self._marks[roles] = self._special_in(self._read(self._rendered(roles, ["x"] * len(roles))))
        return self._marks[roles]

    def answer_tokens(self, text: str) -> tuple[int, ...]:
        """The tokens of an answer, without the one that ends it."""
        return self._read(neutralise(text, self._special_tokens))

    def text(self, tokens: Sequence[int], stops: Sequence[str] = ()) -> str:
        """What an answer's tokens say, up to the first of the `stops` in it."""
        said = str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))
        for stop in stops:
            said = said.partition(stop)[0]
        return said

    def exact_text(self, tokens: Sequence[int]) -> str:
        """What an answer's tokens say, to the letter: a tokenizer may be set to tidy up the blanks before a comma."""
        return str(
            self._tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The stretches of `text` that the tokenizer can only read as its unknown token, each once, in order."""
        unknown = self._tokenizer.unk_token_id
        if unknown is None or not self._tokenizer.is_fast:
            return ()
        text = neutralise(text, self._special_tokens)
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        pairs = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
        return tuple(dict.fromkeys(text[start:end] for token, (start, end) in pairs if token == unknown))

    def _read(self, text: str) -> tuple[int, ...]:
        # Not verbose: each back end holds the lengths itself, and transformers would warn of a text that is only measured.
        return tuple(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def special_token_ids(tokenizer: Any) -> frozenset[int]:
    """Every token that means more than its text: the tokenizer's named ones, and each added one that it calls special.

    The named ones alone are too few: `<tool_call>`, `<|im_start|>` or a header mark may be special without a name.
    """
    added = {int(index) for index, token in tokenizer.added_tokens_decoder.items() if token.special}
    return frozenset(added | {int(index) for index in tokenizer.all_special_ids})
