"""From a sample's messages to token ids, and which of them the loss is computed on.

The student's own chat template draws the line: what it renders before the answer is the prompt, and what follows, up to
and with the token that ends the answer, is what the model learns to say. The line is found by character positions in
the rendered text, never by searching for a token, so that no text inside a message can move it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError, MissingExtraError
from seedbed.generation.sample import Sample
from seedbed.teacher.neutralise import neutralise


@dataclass(frozen=True, slots=True)
class EncodedSample:
    """A sample as the student reads it; `input_ids[loss_from:]` are the answer's tokens, its end token the last."""

    id: str
    input_ids: tuple[int, ...]
    loss_from: int

    @property
    def loss_tokens(self) -> int:
        """How many tokens the loss is computed on; at least one."""
        return len(self.input_ids) - max(1, self.loss_from)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sample that is not trained on, and why."""

    id: str
    leaf: str
    reason: str


class Encoder:
    """A tokenizer with its chat template, seen as a function from samples to token ids."""

    def __init__(self, tokenizer: Any, *, name: str, end_ids: Iterable[int] = ()) -> None:
        """`name` is what messages call the model; `end_ids` are end tokens that it has besides the tokenizer's own.

        Raises ConfigurationError when there is no chat template or no end token.
        """
        if not tokenizer.chat_template:
            raise ConfigurationError(
                f"the tokenizer of {name} has no chat template, so it cannot say how a conversation is written",
                hint="choose an instruction-tuned base, or put a chat_template.jinja beside its tokenizer",
            )
        self._tokenizer = tokenizer
        self._name = name
        ends = {*end_ids, tokenizer.eos_token_id} - {None}
        if not ends:
            raise ConfigurationError(
                f"the tokenizer of {name} names no token that ends an answer",
                hint="set eos_token in its tokenizer_config.json",
            )
        self._ends = tuple(str(tokenizer.convert_ids_to_tokens(end)) for end in sorted(ends))
        added = tokenizer.added_tokens_decoder
        special = {index for index, token in added.items() if token.special} | {
            *tokenizer.all_special_ids,
            *ends,
        }
        self._special_ids = frozenset(special) - {tokenizer.unk_token_id}
        self._special_tokens = tuple(
            sorted(
                {str(tokenizer.convert_ids_to_tokens(index)) for index in special}
                | {*tokenizer.all_special_tokens}
            )
        )

    @property
    def pad_id(self) -> int:
        """A token id to fill short rows with; it is never read by the model's real tokens, so any valid id serves."""
        pad = self._tokenizer.pad_token_id
        return int(pad if pad is not None else self._tokenizer.eos_token_id or 0)

    def encode(self, sample: Sample, *, identity: str | None = None) -> EncodedSample:
        """The whole conversation up to the end of its last answer.

        `identity` is the sample's id where the caller has it at hand; computing it anew costs more than the encoding.
        Raises ConfigurationError when the chat template cannot be trained with: it refuses the messages, its prompt is
        no prefix of the whole, it changes the answer, or it does not end the answer with an end token.
        """
        if not sample.messages or sample.messages[-1].role != "assistant":
            raise ConfigurationError(
                f"a sample of {sample.leaf} does not end with an assistant's answer: nothing in it can be learned",
                hint="generate the leaf's samples again",
            )
        conversation = [
            {"role": message.role, "content": self._plain(message.content, sample)}
            for message in sample.messages
        ]
        prompt = self._render(conversation[:-1], sample, add_generation_prompt=True)
        whole = self._render(conversation, sample, add_generation_prompt=False)
        if not whole.startswith(prompt):
            raise ConfigurationError(
                f"the chat template of {self._name} writes a prompt in another way once it is answered, "
                f"so training would not match use: {_first_difference(prompt, whole)}",
                hint="use a chat template whose prompt, with add_generation_prompt, begins the whole conversation",
            )
        text = prompt + self._answer(whole[len(prompt) :], conversation[-1]["content"])
        prompt_ids, ids = self._tokens(prompt), self._tokens(text)
        if ids[: len(prompt_ids)] != prompt_ids:
            # A token straddles the line. When the model is used its prompt ends at the line, so it does here too.
            ids = prompt_ids + self._tokens(text[len(prompt) :])
        return EncodedSample(identity or sample.id, ids, len(prompt_ids))

    def encode_all(
        self, samples: Mapping[str, Sample], *, max_tokens: int
    ) -> tuple[dict[str, EncodedSample], tuple[LeftOut, ...]]:
        """Every sample by its id, and those that are left out: longer than `max_tokens`, or with an unreadable answer.

        Nothing is cut short, since a cut answer teaches the model not to finish.
        """
        encoded: dict[str, EncodedSample] = {}
        left_out: list[LeftOut] = []
        for identity, sample in samples.items():
            row = self.encode_within(sample, max_tokens=max_tokens, identity=identity)
            if isinstance(row, LeftOut):
                left_out.append(row)
            else:
                encoded[identity] = row
        return encoded, tuple(left_out)

    def encode_within(
        self, sample: Sample, *, max_tokens: int, identity: str | None = None
    ) -> EncodedSample | LeftOut:
        """The sample, or why it is left out: it is longer than `max_tokens`, or has an unreadable answer."""
        row = self.encode(sample, identity=identity)
        unknown = self._tokenizer.unk_token_id
        if len(row.input_ids) > max_tokens:
            return LeftOut(row.id, sample.leaf, f"longer than {max_tokens} tokens")
        if unknown is not None and unknown in row.input_ids[row.loss_from :]:
            return LeftOut(
                row.id, sample.leaf, "its answer holds words that the model's vocabulary cannot write"
            )
        return row

    def _plain(self, content: str, sample: Sample) -> str:
        plain = neutralise(content, self._special_tokens)
        if not self._special_ids.isdisjoint(self._tokens(plain)):
            raise ConfigurationError(
                f"a sample of {sample.leaf} holds a special token of {self._name} that cannot be neutralised",
                hint="remove it from the leaf or its documents and generate again",
            )
        return plain

    def _render(
        self, conversation: list[dict[str, str]], sample: Sample, *, add_generation_prompt: bool
    ) -> str:
        from jinja2.exceptions import TemplateError

        try:
            return str(
                self._tokenizer.apply_chat_template(
                    conversation, tokenize=False, add_generation_prompt=add_generation_prompt
                )
            )
        except TemplateError as error:
            raise ConfigurationError(
                f"the chat template of {self._name} does not take the messages of a sample of {sample.leaf}: {error}",
                hint="choose a base whose template takes these roles, or change the template",
            ) from error

    def _answer(self, rest: str, content: str) -> str:
        """`rest` as far as the token that ends the answer; templates may trim the answer and add a newline after it."""
        start = rest.find(content.strip())
        if start < 0:
            raise ConfigurationError(
                f"the chat template of {self._name} changes the answer that it is given",
                hint="use a chat template that writes an assistant's content as it is",
            )
        after = start + len(content.strip())
        found = [(rest.find(end, after), end) for end in self._ends]
        ends = [position + len(end) for position, end in found if position >= 0]
        if not ends:
            raise ConfigurationError(
                f"the chat template of {self._name} does not end an answer with {' or '.join(self._ends)}, "
                "so the model would never learn to stop",
                hint="let the template write the end token after an assistant's content",
            )
        return rest[: min(ends)]

    def _tokens(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def load_encoder(folder: Path) -> Encoder:
    """The encoder of a model in a local folder; code that comes with a model is never run.

    Raises ConfigurationError when its tokenizer cannot be used, MissingExtraError without transformers.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtraError("training", "train", error.name or "transformers") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        settings = folder / "generation_config.json"
        named = (
            json.loads(settings.read_text(encoding="utf-8")).get("eos_token_id")
            if settings.is_file()
            else None
        )
    except Exception as error:  # transformers raises whatever its parsers raise
        raise ConfigurationError(
            f"the tokenizer in {folder} cannot be loaded: {type(error).__name__}: {error}",
            hint="check that the model was saved whole, with its tokenizer",
        ) from error
    ends = named if isinstance(named, list) else [] if named is None else [named]
    return Encoder(tokenizer, name=folder.name, end_ids=ends)


def count_tokens(folder: Path, samples: Mapping[str, Sample]) -> dict[str, int]:
    """How many tokens each sample has for the model in `folder`, by sample id: what `make_plan` budgets with."""
    if not samples:
        return {}  # nothing to train: what takes seconds to load is not needed to say so
    encoder = load_encoder(folder)
    return {
        identity: len(encoder.encode(sample, identity=identity).input_ids)
        for identity, sample in samples.items()
    }


def _first_difference(prompt: str, whole: str) -> str:
    shared = next((i for i, (a, b) in enumerate(zip(prompt, whole, strict=False)) if a != b), len(whole))
    return f"{prompt[shared : shared + 30]!r} became {whole[shared : shared + 30]!r}"
