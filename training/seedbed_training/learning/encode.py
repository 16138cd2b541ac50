"""From a sample's messages to token ids, and which of them the loss is computed on.

The student's own chat template draws the line: what it renders before the answer is the prompt, and what follows, up to
and with the token that ends the answer, is what the model learns to say. The line is found by character positions in
the rendered text, never by searching for a token, so that no text inside a message can move it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError, MissingExtraError
from seedbed.generation.sample import Sample
from seedbed_training.learning.guarded_text import GuardedText
from seedbed_training.learning.prompt_tokens import PromptTokens
from seedbed_training.learning.written_chat import ChatForm, Fault, Written

AT_A_TIME = 512
"""Samples that are tokenised in one call, so that the tokenizer's threads have work to share."""


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
                hint="choose an instruction-tuned base, or set chat_template: labradorite in the recipe, which gives it one",
            )
        self._tokenizer = tokenizer
        self._name = name
        ends = {*end_ids, tokenizer.eos_token_id} - {None}
        if not ends:
            raise ConfigurationError(
                f"the tokenizer of {name} names no token that ends an answer",
                hint="set eos_token in its tokenizer_config.json",
            )
        texts = tuple(str(tokenizer.convert_ids_to_tokens(end)) for end in sorted(ends))
        self._form = ChatForm(tokenizer, name=name, ends=texts)
        self._guarded = GuardedText(tokenizer, self._form, ends=ends)
        self._tokens = PromptTokens(tokenizer, self._form)
        # Tokenizers of bytes need no token for what they cannot write, and may name their end token as it.
        self._unknown = None if tokenizer.unk_token_id in ends else tokenizer.unk_token_id

    @property
    def pad_id(self) -> int:
        """A token id to fill short rows with; it is never read by the model's real tokens, so any valid id serves."""
        pad = self._tokenizer.pad_token_id
        return int(pad if pad is not None else self._tokenizer.eos_token_id or 0)

    def encode(self, sample: Sample, *, identity: str | None = None) -> EncodedSample:
        """The whole conversation up to the end of its last answer.

        `identity` is the sample's id where the caller has it at hand; computing it anew costs more than the encoding.
        Raises ConfigurationError when it cannot be trained on: the chat template refuses the messages, its prompt is
        no prefix of the whole, it changes the answer, or it does not end the answer with an end token.
        """
        identity = identity or sample.id
        (row,) = self.rows([(identity, sample)])
        if isinstance(row, Fault):
            raise not_trainable(row, identity, sample)
        return row

    def rows(self, samples: Iterable[tuple[str, Sample]]) -> Iterator[EncodedSample | Fault]:
        """Each sample, given with its id, as the student reads it, or what keeps it from being trained on."""
        rest = iter(samples)
        while some := list(islice(rest, AT_A_TIME)):
            yield from self._some_rows(some)

    def rows_within(
        self, samples: Iterable[tuple[str, Sample]], *, max_tokens: int
    ) -> Iterator[EncodedSample | LeftOut]:
        """Each sample, given with its id, or why it is left out: it cannot be trained on, is longer than `max_tokens`, or
        has an unreadable answer. Nothing is cut short, since a cut answer teaches the model not to finish.
        """
        rest = iter(samples)
        while some := list(islice(rest, AT_A_TIME)):
            for row, (identity, sample) in zip(self._some_rows(some), some, strict=True):
                reason = self._reason(row, max_tokens)
                if isinstance(row, Fault) or reason:
                    yield LeftOut(identity, sample.leaf, reason)
                else:
                    yield row

    def encode_all(
        self, samples: Mapping[str, Sample], *, max_tokens: int
    ) -> tuple[dict[str, EncodedSample], tuple[LeftOut, ...]]:
        """Every sample by its id, and those that are left out, as `rows_within` says."""
        rows = list(self.rows_within(samples.items(), max_tokens=max_tokens))
        return {row.id: row for row in rows if isinstance(row, EncodedSample)}, tuple(
            row for row in rows if isinstance(row, LeftOut)
        )

    def _reason(self, row: EncodedSample | Fault, max_tokens: int) -> str:
        if isinstance(row, Fault):
            return row.reason
        if len(row.input_ids) > max_tokens:
            return f"longer than {max_tokens} tokens"
        if self._unknown is not None and self._unknown in row.input_ids[row.loss_from :]:
            return "its answer holds words that the model's vocabulary cannot write"
        return ""

    def _some_rows(self, samples: list[tuple[str, Sample]]) -> list[EncodedSample | Fault]:
        written = self._written([sample for _, sample in samples])
        tokens = iter(self._tokens.both([each for each in written if isinstance(each, Written)]))
        rows: list[EncodedSample | Fault] = []
        for (identity, _), each in zip(samples, written, strict=True):
            if isinstance(each, Fault):
                rows.append(each)
            else:
                prompt, whole = next(tokens)
                rows.append(EncodedSample(identity, whole, len(prompt)))
        return rows

    def _written(self, samples: list[Sample]) -> list[Written | Fault]:
        plain = [[self._guarded.plain(message.content) for message in sample.messages] for sample in samples]
        doubtful = sorted({text for texts in plain for text in texts if self._guarded.may_hold(text)})
        read = zip(doubtful, self._tokens.ids(doubtful), strict=True)
        special = {text for text, ids in read if not self._guarded.ids.isdisjoint(ids)}
        return [self._one(sample, texts, special) for sample, texts in zip(samples, plain, strict=True)]

    def _one(self, sample: Sample, texts: list[str], special: set[str]) -> Written | Fault:
        if not sample.messages or sample.messages[-1].role != "assistant":
            return Fault(
                "it does not end with an assistant's answer: nothing in it can be learned",
                "generate the leaf's samples again",
            )
        if not special.isdisjoint(texts):
            return Fault(
                f"it holds a special token of {self._name} that cannot be neutralised",
                "remove it from the leaf or its documents and generate again",
            )
        roles = (message.role for message in sample.messages)
        return self._form.write(
            [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]
        )


def not_trainable(fault: Fault, identity: str, sample: Sample) -> ConfigurationError:
    """The error that names a sample at fault."""
    detail = f": {fault.detail}" if fault.detail else ""
    return ConfigurationError(
        f"sample {identity} of {sample.leaf} cannot be trained on: {fault.reason}{detail}", hint=fault.hint
    )


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
