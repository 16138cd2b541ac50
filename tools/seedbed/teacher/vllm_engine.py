"""A teacher in this process on vLLM: continuous batching, shared prefixes kept, answers held to choices and schemas."""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any

from seedbed.errors import MissingExtraError, TeacherError
from seedbed.teacher.chat_prompt import ChatPrompt
from seedbed.teacher.chat_protocol import shortened
from seedbed.teacher.model_folder import model_folder, model_revision, spoken_name
from seedbed.teacher.teacher import Completion, FinishReason, Request, TeacherIdentity

DEFAULT_CONCURRENCY = 256


def load_vllm_teacher(
    model: str, *, concurrency: int | None = None, max_model_len: int | None = None
) -> VllmTeacher:
    """Check the model and its tokenizer; the engine itself starts with the first request, in its event loop.

    Raises TeacherError when the model cannot be used, MissingExtraError when vLLM is not installed.
    """
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    try:
        import vllm  # noqa: F401 - only to learn now whether it is there
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtraError("a vLLM teacher", "vllm", "vllm") from error
    folder = model_folder(model)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers raises whatever its parsers raise
        raise TeacherError(
            f"the tokenizer of {model!r} cannot be loaded: {type(error).__name__}: {error}",
            hint="check that the folder was saved whole, with its tokenizer",
        ) from error
    name = spoken_name(model, folder)
    return VllmTeacher(
        str(folder),
        ChatPrompt(tokenizer, model=name),
        identity=TeacherIdentity("vllm", name, model_revision(folder)),
        concurrency=concurrency,
        max_model_len=max_model_len,
    )


class VllmTeacher:
    """One engine in its own processes. vLLM does not promise equal bits from run to run: the journal is the record."""

    def __init__(
        self,
        folder: str,
        chat: ChatPrompt,
        *,
        identity: TeacherIdentity,
        concurrency: int | None = None,
        max_model_len: int | None = None,
    ) -> None:
        self._folder = folder
        self._chat = chat
        self._identity = identity
        self._concurrency = concurrency or DEFAULT_CONCURRENCY
        self._max_model_len = max_model_len
        self._engine: Any = None
        self._starting: asyncio.Lock | None = None
        self._numbers = itertools.count()

    @property
    def identity(self) -> TeacherIdentity:
        """See `Teacher.identity`; the revision is the digest of the model's files."""
        return self._identity

    @property
    def concurrency(self) -> int:
        """See `Teacher.concurrency`."""
        return self._concurrency

    async def complete(self, request: Request) -> Completion:
        """See `Teacher.complete`."""
        from vllm.exceptions import VLLMClientError
        from vllm.v1.engine.exceptions import EngineDeadError

        prompt = self._chat.tokens(request.messages)
        if isinstance(prompt, str):
            return Completion("", FinishReason.REFUSED, 0, 0, prompt)
        engine = await self._running_engine()
        name = f"seedbed-{next(self._numbers)}"
        try:
            outputs = [
                output
                async for output in engine.generate(
                    {"prompt_token_ids": list(prompt)}, _parameters(request), request_id=name
                )
            ]
        except EngineDeadError as error:
            raise TeacherError(
                f"the vLLM engine has died: {error}",
                hint="its own log above says why; then give the command again",
            ) from error
        except (VLLMClientError, ValueError) as error:  # a prompt too long, or a schema without a grammar
            return Completion("", FinishReason.REFUSED, len(prompt), 0, shortened(str(error)))
        answer = outputs[-1].outputs[0]
        # vLLM's own text keeps a word tokenizer's leading blank, and then is none of the choices
        return _completion(answer, self._chat.text(answer.token_ids, request.stop), len(prompt))

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """See `Teacher.unknown_words`."""
        return self._chat.unknown_words(text)

    async def close(self) -> None:
        """End the engine's processes."""
        if self._engine is not None:
            self._engine.shutdown()
            self._engine = None

    async def _running_engine(self) -> Any:
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if self._engine is None:
                self._engine = _started_engine(self._folder, self._max_model_len, self._concurrency)
        return self._engine


def _started_engine(folder: str, max_model_len: int | None, concurrency: int) -> Any:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform
    from vllm.v1.engine.async_llm import AsyncLLM

    on_cpu = current_platform.is_cpu()
    settings: dict[str, Any] = {}
    if on_cpu:
        # A seeded request whose prefill is cut into chunks kills the CPU engine (vLLM 0.32: its generator has no
        # offset), and compiling costs more than a small model gains.
        settings = {"enable_chunked_prefill": False, "enforce_eager": True}
    try:
        return AsyncLLM.from_engine_args(
            AsyncEngineArgs(
                model=folder,
                max_model_len=max_model_len,
                max_num_seqs=min(concurrency, 128) if on_cpu else concurrency,
                enable_prefix_caching=True,
                disable_log_stats=True,
                trust_remote_code=False,
                seed=0,
                # Without it a weak model fills a JSON answer with blanks until its tokens are spent.
                structured_outputs_config={"backend": "xgrammar", "disable_any_whitespace": True},
                **settings,
            )
        )
    except Exception as error:  # whatever vLLM, torch or a driver raises: no request can be answered
        raise TeacherError(
            f"the vLLM engine does not start: {type(error).__name__}: {error}",
            hint="its own log above says why; max_model_len under [teacher] bounds its memory",
        ) from error


def _parameters(request: Request) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    structured = None
    if request.choices:
        structured = StructuredOutputsParams(choice=list(request.choices))
    elif request.json_schema is not None:
        structured = StructuredOutputsParams(json=dict(request.json_schema))
    return SamplingParams(
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        seed=request.seed % (1 << 63),
        stop=list(request.stop),
        structured_outputs=structured,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _completion(answer: Any, text: str, prompt_tokens: int) -> Completion:
    reasons = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}
    reason = reasons.get(answer.finish_reason, FinishReason.FAILED)
    detail = (
        "" if reason is not FinishReason.FAILED else f"vLLM ended its answer with {answer.finish_reason!r}"
    )
    return Completion(text, reason, prompt_tokens, len(answer.token_ids), detail)
