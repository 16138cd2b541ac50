"""A model that runs in our own processes, before its engine starts: where it lies, its tokenizer, what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import MissingExtraError, TeacherError
from seedbed.teacher.chat_prompt import ChatPrompt
from seedbed.teacher.model_folder import model_folder, model_revision, spoken_name
from seedbed.teacher.teacher import Cause, Completion, FinishReason, TeacherIdentity


@dataclass(frozen=True, slots=True)
class LocalModel:
    """What the back ends of this process share, whatever computes the answers."""

    folder: Path
    tokenizer: Any
    chat: ChatPrompt
    identity: TeacherIdentity


def open_local_model(model: str, *, backend: str, extra: str, name: str | None = None) -> LocalModel:
    """Find the model's folder (fetched from the hub where `model` is a name there) and load its tokenizer.

    The identity holds `name`, else the hub name or the folder's own name: a path would make equal models differ. Code
    from a model's repository is never run. Raises TeacherError when there is no such model, or its tokenizer cannot be
    loaded or has no chat template; MissingExtraError, which names `extra`, without transformers.
    """
    folder = model_folder(model)  # before what takes seconds to load
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtraError(f"a {backend} teacher", extra, "transformers") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers raises whatever its parsers raise
        raise TeacherError(
            f"the tokenizer of {model!r} cannot be loaded: {type(error).__name__}: {error}",
            hint="check that the folder was saved whole, with its tokenizer",
        ) from error
    identity = TeacherIdentity(backend, name or spoken_name(model, folder), model_revision(folder))
    return LocalModel(folder, tokenizer, ChatPrompt(tokenizer, model=identity.model), identity)


def too_long(tokens: int, prompt_tokens: int, context: int) -> Completion:
    """The outcome of a request that has more `tokens` than the model's `context`."""
    detail = f"the request has {tokens} tokens; the model reads {context}"
    return Completion("", FinishReason.REFUSED, prompt_tokens, 0, detail, cause=Cause.PROMPT_TOO_LONG)
