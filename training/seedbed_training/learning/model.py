"""The student on disk and in memory: loaded from safetensors alone, saved whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from seedbed.errors import ConfigurationError, MissingExtraError, StoreError, TeacherError
from seedbed.teacher.model_folder import model_folder, model_revision
from seedbed_training.learning.tokenizer_files import TOKENIZER_FILES, present_files, tokenizer_digest

_CARRIED_OVER = (*TOKENIZER_FILES, "generation_config.json")


@dataclass(frozen=True, slots=True)
class Student:
    """A model to train: its weights in float32 on `device`, and where it came from."""

    model: Any  # a transformers causal language model
    folder: Path
    digest: str
    tokenizer_digest: str
    stored_dtype: torch.dtype
    """What the weights were stored in, and will be again."""

    @property
    def device(self) -> torch.device:
        device: torch.device = next(self.model.parameters()).device
        return device

    @property
    def context(self) -> int:
        """Tokens that the model can read at a time."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or 1 << 30)


def model_digest(folder: Path) -> str:
    """40 hex digits over weights, configuration, tokenizer and chat template: the revision that teachers show too."""
    return model_revision(folder)


def find_base(base: str | Path) -> Path:
    """The local folder of a base model, given by folder or by hub name; raises ConfigurationError if there is none."""
    try:
        return model_folder(str(base))
    except TeacherError as error:
        raise ConfigurationError(
            f"the base model cannot be used: {error.message}", hint=error.hint
        ) from error


def load_student(base: str | Path) -> Student:
    """Load a model for training, on the CPU.

    Weights are safetensors and code that comes with a model is never run. They are held in float32 whatever they are
    stored in: updates at a low learning rate are lost in the rounding of 16 bits. Raises ConfigurationError when the
    model cannot be used, MissingExtraError without transformers.
    """
    try:
        from transformers import AutoConfig, AutoModelForCausalLM
    except ImportError as error:
        raise MissingExtraError("training", "train", error.name or "transformers") from error
    folder = find_base(base)
    try:
        with without_progress_bars():
            config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                attn_implementation=_attention_of(config),
            )
    except (
        Exception
    ) as error:  # transformers raises whatever its parsers raise: OSError, KeyError, SafetensorError …
        raise ConfigurationError(
            f"the base model {str(base)!r} cannot be loaded: {type(error).__name__}: {error}",
            hint="check that the folder was saved whole and holds a causal language model",
        ) from error
    stored = getattr(config, "dtype", None)
    return Student(
        model=model,
        folder=folder,
        digest=model_digest(folder),
        tokenizer_digest=tokenizer_digest(folder),
        stored_dtype=stored if isinstance(stored, torch.dtype) else torch.float32,
    )


def _attention_of(config: Any) -> str | None:
    """Capped scores are computed by transformers' eager attention alone, and silently not by its faster ones."""
    return "eager" if getattr(config.get_text_config(), "attn_logit_softcapping", None) else None


def save_student(student: Student, directory: Path, weights: Mapping[str, torch.Tensor] | None = None) -> str:
    """Write the student in the transformers format and return its digest.

    `weights`, by the names of `model_tensors`, stand in for the student's own. They go back to the type that the base stores; tokenizer, chat template and generation settings are the base's
    own files, byte for byte. `directory` appears whole, in place of what stood there, or not at all. Raises StoreError.
    """
    temporary = directory.with_name(f".{directory.name}.{os.getpid()}")
    try:
        for left in directory.parent.glob(
            f".{directory.name}.*"
        ):  # by a process that was killed while it wrote
            shutil.rmtree(left)
        temporary.mkdir(parents=True)
        stored = {
            name: tensor.to(student.stored_dtype) if tensor.is_floating_point() else tensor
            for name, tensor in (weights or model_tensors(student.model)).items()
        }
        with without_progress_bars():
            student.model.save_pretrained(temporary, state_dict=stored)
        _name_dtype(temporary / "config.json", student.stored_dtype)
        for path in present_files(student.folder, _CARRIED_OVER):
            shutil.copyfile(path, temporary / path.name)
        digest = model_digest(temporary)
        put_in_place(temporary, directory)
    except (OSError, SafetensorError) as error:  # the latter for a full disk too
        raise StoreError(
            f"the model cannot be written to {directory}: {error}",
            hint="make room or choose another directory, then run the same command again: it goes on where it was",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return digest


def model_tensors(model: Any) -> dict[str, torch.Tensor]:
    """Every tensor that makes the model, each once: of tied weights only the first name is here."""
    every = dict(model.named_parameters(remove_duplicate=False))
    again = every.keys() - dict(model.named_parameters()).keys()
    return {name: tensor.detach() for name, tensor in model.state_dict().items() if name not in again}


def vocabulary_size(model: Any) -> int:
    """How many tokens the model has embeddings for; its tokenizer may know more of them, or fewer."""
    return int(model.get_input_embeddings().weight.shape[0])


def learned_tensors(model: Any) -> dict[str, torch.Tensor]:
    """What training changes: the adapters where all else is frozen, and otherwise every tensor of the model."""
    frozen = {name for name, weight in model.named_parameters() if not weight.requires_grad}
    learned = {name for name, weight in model.named_parameters() if weight.requires_grad}
    return {name: tensor for name, tensor in model_tensors(model).items() if not frozen or name in learned}


def _name_dtype(path: Path, dtype: torch.dtype) -> None:
    """Say in config.json what the weights are stored in; transformers writes what they are trained in."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config["dtype"] = str(dtype).removeprefix("torch.")
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def put_in_place(temporary: Path, directory: Path) -> None:
    """Make `temporary`, a finished folder, durable under the name `directory`, replacing what stands there."""
    for path in sorted(temporary.iterdir()):
        _sync(path)
    _sync(temporary)
    if directory.exists():
        old = directory.with_name(f".{directory.name}.old.{os.getpid()}")
        directory.rename(old)
        temporary.rename(directory)
        shutil.rmtree(old)
    else:
        temporary.rename(directory)
    _sync(directory.parent)


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """transformers draws bars of its own for every load and save, into whatever the terminal shows."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
