"""A base that was never taught to converse, made ready for it: a chat template, its tokens, and rows for them.

The copy is made once and is a model like any other, so that whatever reads a base (plans, training, evaluation) sees
the same tokenizer and the same weights, and their digests tell of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError, MissingExtraError, StoreError
from seedbed_training.learning.tokenizer_files import TOKENIZER_FILES, files_digest, present_files

ROWS = 8
"""The vocabulary becomes a multiple of this: products of matrices are fastest then."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """How a conversation is written, in Jinja; `tokens` are its markers, `end` is the one that ends an answer."""

    source: str
    tokens: tuple[str, ...]
    end: str
    pad: str

    @property
    def every_token(self) -> tuple[str, ...]:
        """All that a tokenizer has to know as special."""
        return (*self.tokens, self.end, self.pad)


LABRADORITE = ChatTemplate(
    source=(
        "{%- for message in messages -%}\n"
        "{%- if message.role not in ('system', 'user', 'assistant') -%}\n"
        "{{- raise_exception('there is no role ' + message.role) -}}\n"
        "{%- endif -%}\n"
        "{{- '<|' + message.role + '|>\\n' + message.content -}}\n"
        "{{- '<|endoftext|>' if message.role == 'assistant' -}}\n"
        "{{- '\\n' if not loop.last or message.role != 'assistant' -}}\n"
        "{%- endfor -%}\n"
        "{{- '<|assistant|>\\n' if add_generation_prompt -}}\n"
    ),
    tokens=("<|system|>", "<|user|>", "<|assistant|>"),
    end="<|endoftext|>",
    pad="<|pad|>",
)
"""As the cards of LAB's models give it: each role's name on a line of its own, `<|endoftext|>` after an answer."""

CHAT_TEMPLATES = {"labradorite": LABRADORITE}


def has_chat_template(folder: Path) -> bool:
    """Whether the model in `folder` says how a conversation is written; loads nothing. Raises ConfigurationError."""
    path = folder / "tokenizer_config.json"
    try:
        settings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}", hint="check that the model was saved whole, with its tokenizer"
        ) from error
    named = isinstance(settings, dict) and settings.get("chat_template")
    return bool(named) or any(folder.glob("chat_template*"))


def chat_copy(folder: Path, template: str, *, kept_in: Path) -> Path:
    """Where the copy of the base in `folder` with `template` lies, or will lie, below `kept_in`."""
    digest = hashlib.sha256(json.dumps([template, CHAT_TEMPLATES[template].source]).encode())
    digest.update(files_digest(folder, (*TOKENIZER_FILES, "*.json")).encode())
    for path in present_files(folder, ("*.safetensors",)):  # their content would take a minute to read
        digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return kept_in / f"{template}-{digest.hexdigest()[:16]}"


def make_chat_copy(folder: Path, template: str, *, kept_in: Path) -> Path:
    """The base in `folder` with `template`, its tokens and rows for them; made if it is not there yet.

    A new row is the mean of the old ones, so that nothing is drawn: the same base gives the same copy. Raises
    ConfigurationError when the base cannot be loaded, StoreError when the copy cannot be written.
    """
    copy = chat_copy(folder, template, kept_in=kept_in)
    if copy.is_dir():  # whole, since it came there under another name
        return copy
    with _one_at_a_time(kept_in):
        if not copy.is_dir():
            _make(folder, CHAT_TEMPLATES[template], copy)
    return copy


def refuse_adapters(base: str) -> ConfigurationError:
    """What to say where adapters alone would be trained on a base that needs new tokens."""
    return ConfigurationError(
        f"the base {base} has no chat template, and adapters leave the embeddings as they are: they could not learn "
        "the template's new tokens",
        hint="train all weights (leave lora out of the recipe), or choose an instruction-tuned base",
    )


def grown_vocabulary(rows: int, tokens: int) -> int:
    """Rows of the embeddings, of which there are `rows`, for a tokenizer of `tokens`; unchanged if it fits."""
    return rows if tokens <= rows else -(-tokens // ROWS) * ROWS


def _make(folder: Path, template: ChatTemplate, copy: Path) -> None:
    try:
        from seedbed_training.learning.model import put_in_place, without_progress_bars  # brings torch
    except ImportError as error:
        raise MissingExtraError("training", "train", error.name or "torch") from error
    with without_progress_bars():
        tokenizer, model = _loaded(folder)
    known = _tokens(tokenizer)
    _add_tokens(tokenizer, template)
    _grow(model, known=known, tokens=_tokens(tokenizer))
    model.config.eos_token_id = model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
    temporary = copy.with_name(f".{copy.name}.{os.getpid()}")
    try:
        temporary.mkdir(parents=True)
        with without_progress_bars():
            model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        _forget_loading(temporary / "tokenizer_config.json")
        for path in present_files(folder, ("LICENSE*", "LICENCE*", "README*", "NOTICE*")):
            shutil.copyfile(path, temporary / path.name)
        put_in_place(temporary, copy)
    except OSError as error:
        raise StoreError(
            f"the base with its chat template cannot be written to {copy}: {error}",
            hint="make room, then run the same command again",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _loaded(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="auto"
        )
    except Exception as error:  # transformers raises whatever its parsers raise
        raise ConfigurationError(
            f"the base model in {folder} cannot be loaded: {type(error).__name__}: {error}",
            hint="check that the folder was saved whole and holds a causal language model",
        ) from error
    return tokenizer, model


def _add_tokens(tokenizer: Any, template: ChatTemplate) -> None:
    tokenizer.add_special_tokens(
        {
            "eos_token": template.end,
            "pad_token": template.pad,
            "additional_special_tokens": [*template.tokens],
        },
        replace_extra_special_tokens=False,
    )
    tokenizer.chat_template = template.source


def _tokens(tokenizer: Any) -> int:
    return 1 + int(max(tokenizer.get_vocab().values()))  # some leave numbers out


def _forget_loading(path: Path) -> None:
    """How the tokenizer was loaded is no part of it, though transformers writes it down."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    kept = {key: value for key, value in settings.items() if key not in ("is_local", "local_files_only")}
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _grow(model: Any, *, known: int, tokens: int) -> None:
    """Make room for `tokens`, of which the base knows `known`, and give each new one the mean of those."""
    rows = model.get_input_embeddings().weight.shape[0]
    if (wanted := grown_vocabulary(rows, tokens)) != rows:
        model.resize_token_embeddings(wanted, mean_resizing=False)
    written = model.get_output_embeddings()
    tables = [model.get_input_embeddings().weight, written.weight, getattr(written, "bias", None)]
    for table in {id(table): table for table in tables if table is not None}.values():
        table.data[known:] = _mean(table.data[:known]).to(table.dtype)


def _mean(table: Any) -> Any:
    """Of the rows, summed in float64 and in one thread: the same on every machine, to the last bit that is kept."""
    import torch

    parts: Sequence[Any] = table.split(4096)
    total = sum(part.double().numpy().sum(axis=0) for part in parts)
    return torch.from_numpy(total / len(table)) if table.ndim > 1 else torch.tensor(total / len(table))


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Processes that train together all come here; the first makes the copy, and the others wait for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be used: {error}", hint="make room there, or mend its permissions"
        ) from error
