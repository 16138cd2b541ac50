"""A model that answers a person, piece by piece as it writes; one answer at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import MissingExtraError, TeacherError
from seedbed.teacher.chat_prompt import ChatPrompt, special_token_ids
from seedbed.teacher.teacher import Message


@dataclass(frozen=True, slots=True)
class Spoken:
    """One answer. `ended` is False where the model was cut off, by the limit or by the listener."""

    text: str
    tokens: int
    seconds: float
    ended: bool


class Speaker:
    """A model in this process with its own chat template; what a person types is text to it, never a special token."""

    def __init__(self, name: str, model: Any, tokenizer: Any) -> None:
        """Use `load_speaker`."""
        self.name = name
        self._model = model
        self._tokenizer = tokenizer
        self._chat = ChatPrompt(tokenizer, model=name)
        self._silent = sorted(special_token_ids(tokenizer) - set(self._ends))

    @property
    def _ends(self) -> Sequence[int]:
        ends = self._model.generation_config.eos_token_id
        listed = ends if isinstance(ends, list) else [ends]
        return [token for token in {*listed, self._tokenizer.eos_token_id} if token is not None]

    def answer(
        self,
        messages: Sequence[Message],
        hear: Callable[[str], None],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> Spoken:
        """Answer, telling `hear` each new piece of text; Ctrl-C while it writes ends the answer there.

        At temperature 0 it is the answer that evaluation would get. Raises TeacherError when the conversation is too
        long for the model or cannot be put to it.
        """
        import torch
        from transformers import TextStreamer

        prompt = self._chat.tokens(messages)
        if isinstance(prompt, str):
            raise TeacherError(prompt)
        context = int(getattr(self._model.config, "max_position_embeddings", None) or 1 << 30)
        room = context - len(prompt)
        if room < 1:
            raise TeacherError(
                f"the conversation has {len(prompt)} tokens; {self.name} reads {context}",
                hint="/reset begins anew" if _has_turns(messages) else "ask something shorter",
            )
        pieces: list[str] = []

        class Listener(TextStreamer):
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                pieces.append(text)
                hear(text)

        began = time.monotonic()
        ids = torch.tensor([prompt], device=self._model.device)
        sampling = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
        torch.manual_seed(seed)
        try:
            written = self._model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=min(room, max_tokens),
                eos_token_id=self._ends,
                pad_token_id=self._ends[0],
                suppress_tokens=self._silent or None,
                streamer=Listener(self._tokenizer, skip_prompt=True, skip_special_tokens=True),
                **sampling,
            )[0, len(prompt) :].tolist()
        except KeyboardInterrupt:
            return Spoken("".join(pieces), 0, time.monotonic() - began, ended=False)
        ended = bool(written) and written[-1] in self._ends
        text = self._chat.text(written[:-1] if ended else written)
        return Spoken(text, len(written), time.monotonic() - began, ended)


def _has_turns(messages: Sequence[Message]) -> bool:
    return any(message.role == "assistant" for message in messages)


def load_speaker(folder: Path, name: str) -> Speaker:
    """The model in `folder`, on a GPU where there is one.

    Raises MissingExtraError without transformers, TeacherError when the folder holds no model with a chat template.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtraError("talking to a model", "train", "torch with transformers") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model: Any = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True)
    except (OSError, ValueError) as error:
        raise TeacherError(f"{name} cannot be loaded from {folder}: {error}") from error
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    model.generation_config.max_length = None  # the limit is the caller's
    return Speaker(name, model, tokenizer)
