"""Many vLLM engines as one teacher, placed by Ray on this machine or on a cluster."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from seedbed.config import VllmSettings
from seedbed.errors import MissingExtraError, TeacherError
from seedbed.teacher.local_model import LocalModel, open_local_model
from seedbed.teacher.routing import beginning, ranked, within_load
from seedbed.teacher.teacher import Completion, Request, TeacherIdentity
from seedbed.teacher.vllm_engine import DEFAULT_CONCURRENCY, VllmTeacher, load_vllm_teacher
from seedbed.teacher.vllm_settings import engine_identity

LOCAL_OBJECTS = 200 << 20  # bytes of Ray's object store on this machine; a request has a few kilobytes
MESSAGES_IN_FLIGHT = 4096  # of one actor; the engine itself queues what it has no room for

_log = logging.getLogger(__name__)


def load_ray_teacher(
    model: str,
    *,
    engines: int,
    concurrency: int | None = None,
    max_model_len: int | None = None,
    settings: VllmSettings | None = None,
    name: str | None = None,
) -> RayTeacher:
    """Check the model here; the engines start with the first request, on the cluster that RAY_ADDRESS names or on a
    local one.

    `concurrency` is that of each engine. A folder must hold the same model on every machine. Raises TeacherError when
    the model cannot be used, MissingExtraError when vLLM or Ray is not installed.
    """
    for library in ("ray", "vllm"):
        if find_spec(library) is None:
            raise MissingExtraError("a teacher of many engines", "scale", library)
    local = open_local_model(model, backend="vllm", extra="scale", name=name)
    plan = _Plan(
        model, settings or VllmSettings(), concurrency or DEFAULT_CONCURRENCY, max_model_len, local.identity
    )
    return RayTeacher(local, plan, engines=engines)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every engine is started with."""

    model: str
    settings: VllmSettings
    concurrency: int
    max_model_len: int | None
    identity: TeacherIdentity

    @property
    def gpus(self) -> int:
        """Of one engine."""
        sizes = self.settings
        return (
            (sizes.tensor_parallel_size or 1)
            * (sizes.pipeline_parallel_size or 1)
            * (sizes.data_parallel_size or 1)
        )


class _Engine:
    """One engine in a process that Ray has placed: an actor."""

    def __init__(self) -> None:
        self._teacher: VllmTeacher | None = None

    def place(self) -> tuple[str, tuple[int, ...]]:
        """The machine, and its cores."""
        import ray

        return str(ray.get_runtime_context().get_node_id()), tuple(sorted(os.sched_getaffinity(0)))

    async def start(self, plan: _Plan, cores: str | None) -> None:
        """Start the engine on `cores` (None: vLLM's choice). Raises TeacherError, also when the model is another one."""
        settings = plan.settings if cores is None else replace(plan.settings, cpu_cores=cores)
        self._teacher = load_vllm_teacher(
            plan.model,
            concurrency=plan.concurrency,
            max_model_len=plan.max_model_len,
            settings=settings,
            name=plan.identity.model,
        )
        wanted = engine_identity(plan.identity, plan.settings)
        if self._teacher.identity != wanted:
            raise TeacherError(
                f"the model in {plan.model!r} is {self._teacher.identity} on one machine and {wanted} on another",
                hint="copy the same folder to all machines, or name one on a shared disk",
            )
        await self._teacher.running_engine()

    async def complete(self, request: Request) -> Completion:
        assert self._teacher is not None
        return await self._teacher.complete(request)

    async def close(self) -> None:
        if self._teacher is not None:
            await self._teacher.close()


class RayTeacher:
    """Each request goes to the engine that has read its beginning before. When an engine is lost, its requests are put
    to the others; the answers are those of one engine, and so is the identity."""

    def __init__(self, local: LocalModel, plan: _Plan, *, engines: int) -> None:
        """Use `load_ray_teacher`."""
        self._local = local
        self._plan = plan
        self._count = engines
        self._identity = engine_identity(local.identity, plan.settings)
        self._names = [f"engine {number}" for number in range(engines)]
        self._engines: dict[int, Any] = {}
        self._open: Counter[int] = Counter()  # requests at each engine
        self._starting: asyncio.Lock | None = None
        self._started = False
        self._own_cluster = False
        self._last_trouble = "they did not start"

    @property
    def identity(self) -> TeacherIdentity:
        """See `Teacher.identity`: that of one engine."""
        return self._identity

    @property
    def concurrency(self) -> int:
        """See `Teacher.concurrency`: of all engines together."""
        return self._plan.concurrency * self._count

    async def complete(self, request: Request) -> Completion:
        """See `Teacher.complete`."""
        from ray.exceptions import RayError

        await self._all_started()
        order = ranked(beginning(request.messages), self._names)
        while self._engines:
            place = within_load([place for place in order if place in self._engines], self._open)
            self._open[place] += 1
            try:
                return await _answer(self._engines[place], request)
            except (RayError, TeacherError) as error:  # its process, its machine, or the engine in it
                self._lose(place, error)
            finally:
                self._open[place] -= 1
        raise TeacherError(
            f"all {self._count} vLLM engines are lost; the last one: {self._last_trouble}",
            hint="every answer until then is in the journal: the same command goes on from there",
        )

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """See `Teacher.unknown_words`."""
        return self._local.chat.unknown_words(text)

    async def close(self) -> None:
        """End the engines, and the cluster where it was started for them."""
        if not self._started:
            return
        import ray

        engines, self._engines = list(self._engines.values()), {}
        await asyncio.gather(*(engine.close.remote() for engine in engines), return_exceptions=True)
        for engine in engines:
            ray.kill(engine)
        if self._own_cluster:
            await asyncio.to_thread(ray.shutdown)

    async def _all_started(self) -> None:
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if not self._started:
                self._started = True
                await self._start()

    async def _start(self) -> None:
        import ray

        if not ray.is_initialized():
            self._own_cluster = True
            _join_cluster(ray)
        wanted = _resources(ray.cluster_resources(), self._plan, self._count)
        actor = ray.remote(_Engine).options(
            max_concurrency=MESSAGES_IN_FLIGHT, scheduling_strategy="SPREAD", **wanted
        )
        engines = [actor.remote() for _ in range(self._count)]
        try:
            places = await asyncio.gather(*(engine.place.remote() for engine in engines))
            cores = [None] * self._count if "num_gpus" in wanted else _dealt_cores(places)
            if self._plan.settings.cpu_cores is not None:
                cores = [None] * self._count
            await asyncio.gather(
                *(engine.start.remote(self._plan, mine) for engine, mine in zip(engines, cores, strict=True))
            )
        except ray.exceptions.RayError as error:
            for engine in engines:
                ray.kill(engine)
            cause = getattr(error, "cause", None)
            if isinstance(cause, TeacherError):
                raise cause from error
            raise TeacherError(
                f"a vLLM engine does not start under Ray: {error}", hint="`ray status`"
            ) from error
        self._engines = dict(enumerate(engines))

    def _lose(self, place: int, error: Exception) -> None:
        if self._engines.pop(place, None) is None:
            return  # another request has told of it
        self._last_trouble = " ".join(str(error).split())[-300:]
        _log.warning(
            "%s of %d is lost, %d left; its requests go to them: %s",
            self._names[place],
            self._count,
            len(self._engines),
            self._last_trouble,
        )


async def _answer(engine: Any, request: Request) -> Completion:
    import ray

    answer = engine.complete.remote(request)
    try:
        completion: Completion = await answer
    except asyncio.CancelledError:
        ray.cancel(answer)  # nobody waits for it any more
        raise
    return completion


def _join_cluster(ray: Any) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    address = os.environ.get("RAY_ADDRESS")
    if address:
        ray.init(address=address, **quiet)
    else:
        ray.init(include_dashboard=False, object_store_memory=LOCAL_OBJECTS, **quiet)


def _resources(cluster: dict[str, float], plan: _Plan, engines: int) -> dict[str, float]:
    """What Ray reserves for one engine: GPUs where the cluster has some, else a core."""
    has_gpus = cluster.get("GPU", 0) > 0
    kind, each = ("GPU", plan.gpus) if has_gpus else ("CPU", 1)
    if cluster.get(kind, 0) < each * engines:
        raise TeacherError(
            f"{engines} engines need {each * engines} {kind}s; Ray's cluster has {cluster.get(kind, 0):g}",
            hint="ask for fewer engines, or RAY_ADDRESS=… to name a larger cluster",
        )
    return {"num_gpus": each} if has_gpus else {"num_cpus": each}


def _dealt_cores(places: Sequence[tuple[str, tuple[int, ...]]]) -> list[str | None]:
    """Cores for each engine, none shared: engines that all take the machine's first cores stand in each other's way."""
    mine: list[str | None] = []
    for index, (machine, cores) in enumerate(places):
        there = [other for other, (where, _) in enumerate(places) if where == machine]
        dealt = cores[there.index(index) :: len(there)]
        mine.append(",".join(map(str, dealt)) or None)
    return mine
