"""The request journal: every answer is on disk before it is used, and no request is made twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from seedbed.teacher.journal_file import JournalFile
from seedbed.teacher.json_text import ascii_json
from seedbed.teacher.teacher import Completion, FinishReason, Request, Teacher, TeacherIdentity


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a request holds {type(value).__name__}, which has no JSON form")


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain)
GATHERING = 0.003  # seconds that a commit waits for more when the one before had company
KEY_VERSION = 1  # part of every key: a new number forgets every answer


def request_key(identity: TeacherIdentity, request: Request) -> str:
    """64 hex digits from everything that determines an answer: the model, the messages, every parameter, the seed."""
    head = {
        "choices": request.choices,
        "identity": [identity.backend, identity.model, identity.revision],
        "json_schema": request.json_schema,
        "max_tokens": request.max_tokens,
    }
    tail = {
        "seed": request.seed,
        "stop": request.stop,
        "temperature": float(request.temperature),
        "version": KEY_VERSION,
    }
    messages = b",".join(
        b"[%b,%b]" % (ascii_json(message.role), ascii_json(message.content)) for message in request.messages
    )
    digest = hashlib.sha256(_ENCODER.encode(head)[:-1].encode("ascii"))  # one JSON object, its keys in order
    digest.update(b',"messages":[%b],' % messages)
    digest.update(_ENCODER.encode(tail)[1:].encode("ascii"))
    return digest.hexdigest()


def recallable(completion: Completion) -> bool:
    """Whether a later run takes this answer as it is. FAILED without a token read never reached the model: ask again."""
    return completion.finish_reason is not FinishReason.FAILED or completion.prompt_tokens > 0


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A key to look up, or with an answer to record, and who waits for it."""

    key: str
    answer: Completion | None
    done: asyncio.Future[Completion | None]


class Journal:
    """The journal's file and the one thread that reads and writes it.

    All that has come while the disk was busy is done in one go, so that a thousand answers a second share a few dozen
    commits: the slower the disk, the larger they are.
    """

    def __init__(self, file: JournalFile) -> None:
        """Use `Journal.open`."""
        self.path = file.path
        self._file = file
        self._gathered: list[_Task] = []  # of this turn of the event loop
        self._tasks: SimpleQueue[list[_Task] | None] = SimpleQueue()  # None: the last
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open or create the journal at `path`.

        Raises StoreError when the file cannot be written, is no journal, is damaged, or another process holds it.
        """
        return cls(JournalFile.open(path))

    async def get(self, key: str) -> Completion | None:
        """The answer on record, if there is one."""
        return await self._submit(key, None)

    async def put(self, key: str, completion: Completion) -> None:
        """Record an answer; when this returns it is on disk. A caller that gives up does not keep it from being so."""
        await self._submit(key, completion)

    def close(self) -> None:
        """Finish all that was handed over, and give the file free."""
        self._closed = True
        self._hand_over()
        self._tasks.put(None)
        self._thread.join()
        self._file.close()

    def _submit(self, key: str, answer: Completion | None) -> asyncio.Future[Completion | None]:
        assert not self._closed, "the journal is closed"
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Completion | None] = loop.create_future()
        if not self._gathered:  # the thread is woken once for all that comes in one turn of the loop
            loop.call_soon(self._hand_over)
        self._gathered.append(_Task(key, answer, done))
        return done

    def _hand_over(self) -> None:
        if self._gathered:
            self._tasks.put(self._gathered)
            self._gathered = []

    def _work(self) -> None:
        last = False
        while not last:
            handed = [self._tasks.get()]
            with suppress(Empty):
                while True:
                    handed.append(self._tasks.get_nowait())
            last = None in handed
            busy = self._do([task for tasks in handed if tasks is not None for task in tasks])
            if busy and not last:
                time.sleep(GATHERING)

    def _do(self, batch: list[_Task]) -> bool:
        """Look up what is asked for, then record what is to be kept: nobody waits for another's commit to read.

        True when several answers shared the commit: more are on their way.
        """
        _tell([(task, self._looked_up(task.key)) for task in batch if task.answer is None])
        put = [task for task in batch if task.answer is not None]
        if not put:
            return False
        failure: BaseException | None = None
        try:
            self._file.put((task.key, task.answer) for task in put if task.answer is not None)
        except Exception as error:  # noqa: BLE001 whatever it is, it is told to all who wait
            failure = error
        _tell([(task, failure) for task in put])
        return len(put) > 1

    def _looked_up(self, key: str) -> Completion | BaseException | None:
        try:
            return self._file.get(key)
        except Exception as error:  # noqa: BLE001 as above
            return error


def _tell(outcomes: list[tuple[_Task, Completion | BaseException | None]]) -> None:
    """Give each task's outcome to its own event loop, with one call for all that share a loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Task, Completion | BaseException | None]]] = {}
    for task, outcome in outcomes:
        by_loop.setdefault(task.done.get_loop(), []).append((task, outcome))
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits, and what was to be kept is on disk
            loop.call_soon_threadsafe(_resolve, told)


def _resolve(told: list[tuple[_Task, Completion | BaseException | None]]) -> None:
    for task, outcome in told:
        if task.done.done():
            continue  # cancelled
        if isinstance(outcome, BaseException):
            task.done.set_exception(outcome)
        else:
            task.done.set_result(outcome)


@dataclass(slots=True)
class _Asking:
    """One request in flight; it is given up when the last of those who wait for it gives up."""

    task: asyncio.Task[Completion]
    waiting: int = 0

    async def answer(self) -> Completion:
        self.waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiting -= 1
            if not self.waiting:
                self.task.cancel()  # does nothing when it is done


class JournaledTeacher:
    """A teacher that remembers. `asked` counts requests put to the teacher behind, `recalled` those answered from
    the journal; equal requests in flight at the same time are put once."""

    def __init__(self, teacher: Teacher, journal: Journal, *, retry_failed: bool = False) -> None:
        """With `retry_failed`, requests whose answer on record could not be used (none, nothing said, or cut off) are
        put again, as to a mended server."""
        self.asked = 0
        self.recalled = 0
        self.prompt_tokens = 0  # of what was asked, as are those of the answers
        self.completion_tokens = 0
        self._teacher = teacher
        self._journal = journal
        self._retry_failed = retry_failed
        self._asking: dict[str, _Asking] = {}

    @property
    def identity(self) -> TeacherIdentity:
        """The identity of the teacher behind."""
        return self._teacher.identity

    @property
    def concurrency(self) -> int:
        """The concurrency of the teacher behind."""
        return self._teacher.concurrency

    async def complete(self, request: Request) -> Completion:
        """See `Teacher.complete`; what it returns is on disk."""
        key = request_key(self._teacher.identity, request)
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = _Asking(asyncio.create_task(self._answer(key, request)))
            asking.task.add_done_callback(lambda _: self._asking.pop(key, None))
        else:
            self.recalled += 1
        return await asking.answer()

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The unknown words of the teacher behind."""
        return self._teacher.unknown_words(text)

    async def close(self) -> None:
        """Close the teacher behind, then the journal."""
        await self._teacher.close()
        self._journal.close()

    async def _answer(self, key: str, request: Request) -> Completion:
        known = await self._journal.get(key)
        if known is not None and recallable(known) and not self._to_retry(known):
            self.recalled += 1
            return known
        self.asked += 1
        completion = await self._teacher.complete(request)
        self.prompt_tokens += completion.prompt_tokens
        self.completion_tokens += completion.completion_tokens
        await self._journal.put(key, completion)
        return completion

    def _to_retry(self, known: Completion) -> bool:
        return self._retry_failed and (known.finish_reason is not FinishReason.STOP or not known.text.strip())
