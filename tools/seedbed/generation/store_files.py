"""Files of a store: whole or not there, on this machine and on remote file systems."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from seedbed.errors import MissingExtraError, StoreError
from seedbed.generation.shard import Shard


class StoreFiles(Protocol):
    """What a store needs of a file system; names are relative and posix, listed in no particular order."""

    @property
    def url(self) -> str: ...
    @property
    def local(self) -> Path | None: ...
    def exists(self, name: str) -> bool: ...
    def names(self, folder: str) -> tuple[str, ...]: ...
    def read(self, name: str) -> bytes | None: ...
    def write(self, name: str, content: bytes) -> None: ...
    def locked(self, shard: Shard) -> AbstractContextManager[None]: ...
    def committing(self, key: str) -> AbstractContextManager[None]: ...


def open_store_files(url: str) -> StoreFiles:
    """Files under a path, or under an fsspec URL. Raises StoreError for a URL that cannot be used."""
    if "://" not in url:
        return LocalFiles(Path(url))
    if url.startswith("file://"):
        return LocalFiles(Path(url.removeprefix("file://")))
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError("a remote sample store", "generate", "fsspec") from error
    try:
        system, root = url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise StoreError(f"the store {url} cannot be opened: {error}", hint="check [store] path") from error
    return RemoteFiles(url.rstrip("/"), system, root.rstrip("/"))


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """A folder of this machine."""

    root: Path

    @property
    def url(self) -> str:
        return str(self.root)

    @property
    def local(self) -> Path | None:
        return self.root

    def exists(self, name: str) -> bool:
        return (self.root / name).is_file()

    def names(self, folder: str) -> tuple[str, ...]:
        directory = self.root / folder
        return tuple(os.listdir(directory)) if directory.is_dir() else ()  # noqa: PTH208 no Path for each

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.root / name} cannot be read: {error.strerror}") from error

    def write(self, name: str, content: bytes) -> None:
        """Temporary name, fsync, rename, fsync of the folder: after a crash the old or the new file is there, whole."""
        target = self.root / name
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            with suppress(OSError):  # it may never have come to be; the first error is the one to tell
                temporary.unlink(missing_ok=True)
            raise _unwritable(self.url, error) from error

    @contextmanager
    def locked(self, shard: Shard) -> Iterator[None]:
        """The kernel's locks: they go when the process does, however that ends. Whoever writes the whole holds `lock`
        alone; those who write parts share it, and each holds one of its part's own."""
        own = self._lock(f"lock{shard.suffix}", fcntl.LOCK_EX) if shard.suffix else nullcontext()
        with self._lock("lock", fcntl.LOCK_SH if shard.suffix else fcntl.LOCK_EX), own:
            yield

    @contextmanager
    def committing(self, key: str) -> Iterator[None]:
        """One process at a time writes the files of a key: a table beside another's record would be taken for damage."""
        with self._lock(f"locks/{key[:2]}", fcntl.LOCK_EX, wait=True):
            yield

    @contextmanager
    def _lock(self, name: str, kind: int, *, wait: bool = False) -> Iterator[None]:
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+")  # network file systems want reading for shared locks, writing for others
        except OSError as error:
            raise _unwritable(self.url, error) from error
        with file:
            try:
                fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise _unwritable(self.url, error) from error
                raise StoreError(
                    f"another process writes the store {self.url}",
                    hint="wait until it has ended, use another --store, or give each machine its own --shard I/N",
                ) from error
            yield


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """A place that fsspec reaches. There are no locks: whoever runs several machines gives each its own shard."""

    url: str
    system: Any
    root: str

    @property
    def local(self) -> Path | None:
        return None

    def exists(self, name: str) -> bool:
        return bool(self.system.isfile(f"{self.root}/{name}"))

    def names(self, folder: str) -> tuple[str, ...]:
        try:
            found = self.system.ls(f"{self.root}/{folder}", detail=False)
        except FileNotFoundError:
            return ()
        return tuple(path.rsplit("/", 1)[-1] for path in found)

    def read(self, name: str) -> bytes | None:
        try:
            return bytes(self.system.cat_file(f"{self.root}/{name}"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.url}/{name} cannot be read: {error}") from error

    def write(self, name: str, content: bytes) -> None:
        """One put: object stores show an object only when it is whole."""
        path = f"{self.root}/{name}"
        try:
            self.system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            self.system.pipe_file(path, content)
        except OSError as error:
            raise _unwritable(self.url, error) from error

    def locked(self, shard: Shard) -> AbstractContextManager[None]:
        return nullcontext()

    def committing(self, key: str) -> AbstractContextManager[None]:
        return nullcontext()


def _unwritable(url: str, error: OSError) -> StoreError:
    return StoreError(
        f"the store {url} cannot be written: {error.strerror or error}",
        hint="free space or mend its permissions, or name another with --store; what was stored before is intact",
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
