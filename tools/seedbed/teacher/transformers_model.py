"""A teacher in this process: a model in the transformers format, with the requests in flight batched together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seedbed.errors import MissingExtraError, TeacherError
from seedbed.teacher.batching import BatchQueue, Shape, padded_length
from seedbed.teacher.chat_prompt import special_token_ids
from seedbed.teacher.chat_protocol import shortened
from seedbed.teacher.decoding import Answer, Continuation, Decoder, Ending, Grammar
from seedbed.teacher.json_grammar import JsonGrammars
from seedbed.teacher.local_model import LocalModel, open_local_model, too_long
from seedbed.teacher.structured_answer import structured_completion
from seedbed.teacher.teacher import Cause, Completion, FinishReason, Request, TeacherIdentity

BATCH_TOKENS = {"cpu": 2048, "cuda": 65536}  # prompt tokens of one batch, padding included
BATCH_ROWS = {"cpu": 64, "cuda": 256}
SMALL_MODEL = 20_000_000
"""Parameters below which one thread computes a batch on the CPU. Its products take microseconds: handing them out to
threads costs more than it saves, and on a busy machine threads that wait for one another cost everything (a model of
0.9 million on two shared cores: 100 answers a second with one thread, 7 to 16 with two). The bits are the same."""
DEFAULT_CONCURRENCY = 256  # enough to fill the batches of several length buckets at a time


def load_transformers_teacher(
    model: str, *, name: str | None = None, concurrency: int | None = None, max_model_len: int | None = None
) -> TransformersTeacher:
    """Load a model and its tokenizer from a folder, or from the hub by name; on a GPU where there is one.

    The identity holds `name`, else the hub name or the folder's own name: a path would make equal models differ.
    `max_model_len` bounds prompt and answer together, in tokens, below what the model itself reads.
    Weights are safetensors and code from a model's repository is never run. Raises TeacherError when the model
    cannot be used, MissingExtraError when torch or transformers is not installed.
    """
    local = open_local_model(model, backend="transformers", extra="train", name=name)
    try:
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise MissingExtraError("a transformers teacher", "train", "torch with transformers") from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    logging: Any = transformers_logging
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        weights: Any = AutoModelForCausalLM.from_pretrained(
            local.folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32 if device == "cpu" else "auto",
        )
    except Exception as error:  # transformers raises whatever its parsers raise: KeyError, SafetensorError …
        raise TeacherError(
            f"the model {model!r} cannot be loaded: {type(error).__name__}: {error}",
            hint="check that the folder was saved whole",
        ) from error
    finally:
        if bars:
            logging.enable_progress_bar()
    return TransformersTeacher(
        weights.to(device).eval(), local, concurrency=concurrency, max_model_len=max_model_len
    )


class TransformersTeacher:
    """Answers depend on the request and the weights alone, not on what else is in flight (see `batching`)."""

    def __init__(
        self,
        model: Any,
        local: LocalModel,
        *,
        concurrency: int | None = None,
        max_model_len: int | None = None,
    ) -> None:
        """`model` holds the weights of `local`. Raises TeacherError when it has no token that ends an answer."""
        tokenizer, identity = local.tokenizer, local.identity
        self._chat = local.chat
        ends = _end_tokens(model, tokenizer)
        if not ends:
            raise TeacherError(
                f"{identity.model!r} names no token that ends an answer",
                hint="set eos_token in its tokenizer_config.json",
            )
        self._identity = identity
        self._concurrency = concurrency or DEFAULT_CONCURRENCY
        readable = int(getattr(model.config, "max_position_embeddings", None) or 1 << 30)
        self._context = min(readable, max_model_len or readable)
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0]
        self._grammars = JsonGrammars(tokenizer, vocabulary=_scored_tokens(model), ends=ends)
        self._decoder = Decoder(model, pad=pad, ends=ends, banned=sorted(special_token_ids(tokenizer)))
        device = "cuda" if model.device.type == "cuda" else "cpu"
        self._queue = BatchQueue(
            self._compute,
            tokens=BATCH_TOKENS[device],
            most=BATCH_ROWS[device],
            prepare=_thread_setting(model.num_parameters()),
        )

    @property
    def identity(self) -> TeacherIdentity:
        """See `Teacher.identity`; the revision is the digest of the model's files."""
        return self._identity

    @property
    def concurrency(self) -> int:
        """See `Teacher.concurrency`."""
        return self._concurrency

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together."""
        return self._context

    async def complete(self, request: Request) -> Completion:
        """See `Teacher.complete`."""
        prompt = self._chat.tokens(request.messages)
        if isinstance(prompt, str):
            return Completion("", FinishReason.REFUSED, 0, 0, prompt, cause=Cause.PROMPT_NOT_TAKEN)
        if request.choices:
            return await self._choose(prompt, request.choices)
        if request.json_schema is not None:
            return await self._fill_in(prompt, request, request.json_schema)
        return await self._continue(prompt, request)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """See `Teacher.unknown_words`."""
        return self._chat.unknown_words(text)

    async def close(self) -> None:
        """Stop between two tokens; requests in flight are cancelled."""
        self._queue.close()

    async def _continue(self, prompt: tuple[int, ...], request: Request) -> Completion:
        ends = self._holds(request.stop) if request.stop else None
        answer = await self._decode(prompt, request, ends=ends)
        if isinstance(answer, Completion):
            return answer
        text = self._chat.text(answer.tokens, request.stop)
        reason = FinishReason.STOP if answer.ended else FinishReason.LENGTH
        return Completion(text, reason, len(prompt), len(answer.tokens))

    async def _fill_in(
        self, prompt: tuple[int, ...], request: Request, schema: Mapping[str, object]
    ) -> Completion:
        """An answer held to a schema; stop strings have no say in it, since they could cut the document."""
        grammar = self._grammars.start(schema)
        if isinstance(grammar, str):
            return Completion(
                "", FinishReason.REFUSED, len(prompt), 0, shortened(grammar), cause=Cause.NO_GRAMMAR
            )
        answer = await self._decode(prompt, request, grammar=grammar)
        if isinstance(answer, Completion):
            return answer
        if answer.stuck:
            detail = "no token of the model goes on with what the JSON schema asks for"
            return Completion(
                "", FinishReason.FAILED, len(prompt), len(answer.tokens), detail, cause=Cause.OFF_FORM
            )
        return structured_completion(
            self._chat.exact_text(answer.tokens),
            schema,
            ended=answer.ended,
            prompt_tokens=len(prompt),
            completion_tokens=len(answer.tokens),
        )

    async def _decode(
        self,
        prompt: tuple[int, ...],
        request: Request,
        *,
        ends: Callable[[Sequence[int]], bool] | None = None,
        grammar: Callable[[], Grammar] | None = None,
    ) -> Answer | Completion:
        room = self._context - len(prompt)
        if room < 1:
            return too_long(len(prompt), len(prompt), self._context)
        tokens = min(room, request.max_tokens)
        work = Continuation(prompt, tokens, request.temperature, request.seed, ends, grammar)
        answer: Answer = await self._queue.submit(Shape(padded_length(len(prompt))), work)
        return answer

    async def _choose(self, prompt: tuple[int, ...], choices: Sequence[str]) -> Completion:
        """The choice that the model finds likeliest as its whole answer; the first one of equals."""
        answers = [self._chat.answer_tokens(choice) for choice in choices]
        longest = len(prompt) + max(map(len, answers))
        if longest > self._context:
            return too_long(longest, len(prompt), self._context)
        scores = await asyncio.gather(*(self._score(prompt, answer) for answer in answers))
        best = max(range(len(choices)), key=lambda index: scores[index])
        return Completion(
            choices[best],
            FinishReason.STOP,
            len(prompt),
            len(answers[best]),
            choice_log_probabilities=dict(zip(choices, scores, strict=True)),
        )

    async def _score(self, prompt: tuple[int, ...], answer: tuple[int, ...]) -> float:
        scored = 1 << len(answer).bit_length()  # a power of two, more than the answer's tokens
        length = max(padded_length(len(prompt) + len(answer)), scored)
        return float(await self._queue.submit(Shape(length, scored), Ending(prompt, answer)))

    def _compute(
        self, shape: Shape, work: Sequence[Any], rows: int, cancelled: Callable[[], bool]
    ) -> Sequence[Any]:
        if shape.scored:
            return self._decoder.score_all(work, length=shape.length, rows=rows, keep=shape.scored)
        return self._decoder.continue_all(work, length=shape.length, rows=rows, cancelled=cancelled)

    def _holds(self, stops: Sequence[str]) -> Callable[[Sequence[int]], bool]:
        return lambda tokens: any(stop in self._chat.text(tokens) for stop in stops)


def _thread_setting(parameters: int) -> Callable[[], None]:
    """What the computing thread does first: take as many cores as the model can use.

    Every such thread says it for itself, because torch hands the number on to threads that start later; those that run
    already, the caller's among them, keep theirs.
    """
    import torch

    threads = 1 if parameters < SMALL_MODEL else torch.get_num_threads()
    return lambda: torch.set_num_threads(threads)


def _end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Every token that ends an answer: the tokenizer's, and those of the model's generation settings."""
    named = getattr(model.generation_config, "eos_token_id", None)
    ends = set(named if isinstance(named, list) else [named]) | {tokenizer.eos_token_id}
    return sorted(int(token) for token in ends if token is not None)


def _scored_tokens(model: Any) -> int:
    """How many tokens the model gives a score; often more than its tokenizer has, for round shapes."""
    return int(model.get_output_embeddings().weight.shape[0])
