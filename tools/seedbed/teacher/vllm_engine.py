"""A teacher in this process on vLLM: continuous batching, shared prefixes kept, answers held to choices and schemas."""

from __future__ import annotations

import asyncio
import itertools
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from seedbed.config import VllmSettings
from seedbed.errors import MissingExtraError, TeacherError
from seedbed.teacher.chat_protocol import shortened
from seedbed.teacher.local_model import LocalModel, open_local_model, too_long
from seedbed.teacher.teacher import Cause, Completion, FinishReason, Request, TeacherIdentity
from seedbed.teacher.vllm_log import cause_of_death, engine_log, where_to_look
from seedbed.teacher.vllm_protocol import completion_of_output, sampling_parameters
from seedbed.teacher.vllm_settings import engine_arguments, engine_environment, engine_identity, saved_dtype

DEFAULT_CONCURRENCY = 256


def load_vllm_teacher(
    model: str,
    *,
    concurrency: int | None = None,
    max_model_len: int | None = None,
    settings: VllmSettings | None = None,
    name: str | None = None,
) -> VllmTeacher:
    """Check the model and its tokenizer; the engine itself starts with the first request, in its event loop.

    The identity holds `name`, else the hub name or the folder's own. Raises TeacherError when the model cannot be used,
    MissingExtraError when vLLM is not installed.
    """
    settings = settings or VllmSettings()
    if find_spec("vllm") is None:
        raise MissingExtraError("a vLLM teacher", "vllm", "vllm")
    log, variables = engine_log(os.environ)
    os.environ.update(variables)  # vLLM reads its logging once, when it is imported
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    local = open_local_model(model, backend="vllm", extra="vllm", name=name)
    return VllmTeacher(
        local, settings=settings, concurrency=concurrency, max_model_len=max_model_len, log=log
    )


class VllmTeacher:
    """One engine in its own processes. vLLM does not promise equal bits from run to run: the journal is the record."""

    def __init__(
        self,
        local: LocalModel,
        *,
        settings: VllmSettings,
        concurrency: int | None = None,
        max_model_len: int | None = None,
        log: Path | None = None,
    ) -> None:
        """`log` is the file that vLLM writes to, where it is known."""
        self._local = local
        self._settings = settings
        self._identity = engine_identity(local.identity, settings)
        self._concurrency = concurrency or DEFAULT_CONCURRENCY
        self._max_model_len = max_model_len
        self._log = log
        self._engine: Any = None
        self._starting: asyncio.Lock | None = None
        self._numbers = itertools.count()

    @property
    def identity(self) -> TeacherIdentity:
        """See `Teacher.identity`; the revision is the digest of the model's files, with what changes its numbers."""
        return self._identity

    @property
    def concurrency(self) -> int:
        """See `Teacher.concurrency`."""
        return self._concurrency

    async def complete(self, request: Request) -> Completion:
        """See `Teacher.complete`."""
        prompt = self._local.chat.tokens(request.messages)
        if isinstance(prompt, str):
            return Completion("", FinishReason.REFUSED, 0, 0, prompt, cause=Cause.PROMPT_NOT_TAKEN)
        engine = await self.running_engine()
        context = int(engine.model_config.max_model_len)
        if len(prompt) >= context:
            return too_long(len(prompt), len(prompt), context)
        parameters = sampling_parameters(
            request, context - len(prompt), int(engine.model_config.get_vocab_size())
        )
        return await self._generated(engine, prompt, parameters, request)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """See `Teacher.unknown_words`."""
        return self._local.chat.unknown_words(text)

    async def close(self) -> None:
        """End the engine's processes."""
        if self._engine is not None:
            engine, self._engine = self._engine, None
            await asyncio.to_thread(engine.shutdown)

    async def running_engine(self) -> Any:
        """vLLM's own engine (AsyncLLM), started by the first caller; raises TeacherError when it does not start."""
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if self._engine is None:
                self._engine = self._started()
        return self._engine

    async def _generated(
        self, engine: Any, prompt: tuple[int, ...], parameters: Any, request: Request
    ) -> Completion:
        from vllm.exceptions import VLLMClientError
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        last: Any = None
        try:
            async for output in engine.generate(
                {"prompt_token_ids": list(prompt)}, parameters, request_id=f"seedbed-{next(self._numbers)}"
            ):
                last = output
        except EngineDeadError as error:
            raise TeacherError(
                f"the vLLM engine has died{cause_of_death(self._log)}; every answer until then is in the journal",
                hint=f"{where_to_look(self._log)}; the same command goes on from there",
            ) from error
        except (VLLMClientError, ValueError) as error:  # a prompt too long, or a schema without a grammar
            detail = shortened(str(error))
            return Completion("", FinishReason.REFUSED, len(prompt), 0, detail, cause=Cause.ENGINE)
        except EngineGenerateError as error:  # this request alone; the engine goes on
            detail = shortened(str(error))
            return Completion("", FinishReason.FAILED, len(prompt), 0, detail, cause=Cause.ENGINE)
        return completion_of_output(last.outputs[0], request, self._local.chat, prompt_tokens=len(prompt))

    def _started(self) -> Any:
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.platforms import current_platform
        from vllm.v1.engine.async_llm import AsyncLLM

        os.environ.update(engine_environment(self._settings))
        arguments = engine_arguments(
            self._settings,
            folder=str(self._local.folder),
            max_model_len=self._max_model_len,
            concurrency=self._concurrency,
            cpu_memory=_free_memory() if current_platform.is_cpu() else None,
            saved_dtype=saved_dtype(self._local.folder),
        )
        try:
            return AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments))
        except Exception as error:  # whatever vLLM, torch or a driver raises: no request can be answered
            told = cause_of_death(self._log) or f" ({type(error).__name__}: {shortened(str(error))})"
            raise TeacherError(
                f"the vLLM engine does not start{told}",
                hint=f"{where_to_look(self._log)}; max_model_len under [teacher] bounds its memory, "
                "[teacher.vllm] holds its other settings",
            ) from error


def _free_memory() -> int:
    """Bytes that are free for a new process. psutil comes with vLLM."""
    import psutil

    return int(psutil.virtual_memory().available)
