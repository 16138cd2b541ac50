"""One commit of another repository, fetched as data: nothing of it is ever checked out or run.

The address and the commit come from a contributor. So: https only, no credentials, no redirect, a host of the
repository's own list that resolves to public addresses alone and is pinned to them, a full commit id, an environment
of git's own with nothing of the user's in it, and limits on bytes and seconds. What was fetched once is never asked
for again.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from seedbed.config import DEFAULT_HOSTS
from seedbed.errors import StoreError, UsageError

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_PATH = re.compile(r"(/[A-Za-z0-9._~+-]+)+/?")
_BLOCK = 512  # bytes; the unit of POSIX `ulimit -f`
_TOLD_BYTES = 4_096  # of what git says; a server can make it say anything, without end
MAXIMUM_BLOB_BYTES = 16 << 20
"""Larger files are not sent by a server that can leave them out (git's partial clone), and not read from any other."""
_TRUST = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
)  # which authorities to trust is the operator's to say


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What a fetch may do. Protocol and addresses are other than this in tests only, which speak to the loopback
    interface; `hosts` None allows every public host."""

    protocol: str = "https"
    private_addresses: bool = False
    hosts: tuple[str, ...] | None = DEFAULT_HOSTS
    seconds: float = 120.0
    maximum_bytes: int = 256 << 20  # on disk, as packed


def fetch_commit(url: str, commit: str, *, cache: Path, policy: FetchPolicy) -> Path:
    """The bare repository in `cache` that holds `commit` of the repository at `url`.

    Raises UsageError when the address or the commit is not acceptable, or when it cannot be fetched within the
    limits; StoreError when the cache cannot be written.
    """
    address = checked_address(url, policy)
    place = _place(address, commit, cache)
    if place.is_dir():
        return place
    _require_listed(address, policy)
    pin = _pinned_host(address, policy)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="fetching-", dir=cache) as scratch:
            fetched = Path(scratch) / "repository.git"
            _fetch(address, commit, fetched, home=Path(scratch), pin=pin, policy=policy)
            _keep(fetched, place)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"documents cannot be kept in {cache}: {error.strerror or error}",
            hint="check the folder's owner and space",
        ) from error
    return place


def kept_commit(url: str, commit: str, *, cache: Path, policy: FetchPolicy) -> Path | None:
    """What `fetch_commit` would give if it is in `cache` already, else None; the network is not touched.

    Raises UsageError when the address or the commit is not acceptable.
    """
    place = _place(checked_address(url, policy), commit, cache)
    return place if place.is_dir() else None


def _place(address: str, commit: str, cache: Path) -> Path:
    """Where a commit is kept. Raises UsageError for what is no full commit id."""
    if not _COMMIT.fullmatch(commit):
        raise UsageError(
            f"the documents' commit {_shown(commit)} is not a full commit id of 40 or 64 hex digits",
            hint="git ls-remote shows the id behind a branch or tag; name that",
        )
    return cache / f"{hashlib.sha256(address.encode()).hexdigest()[:16]}-{commit}.git"


def checked_address(url: str, policy: FetchPolicy) -> str:
    """`url` rebuilt from its checked parts; raises UsageError for anything but protocol, host, port and plain path."""
    if len(url) > 500 or not url.isascii() or not url.isprintable():
        raise UsageError("the documents' repository has an address that is too long or not plain ASCII")
    parts = urlsplit(url)
    if parts.scheme != policy.protocol:
        raise UsageError(
            f"the documents' repository must have an address that begins with {policy.protocol}://",
            hint="repo: https://github.com/owner/name",
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "the documents' repository has an address with credentials, a query or a fragment",
            hint="name a public repository by its plain address",
        )
    try:
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise UsageError(
            f"the documents' repository has an address with an impossible port: {error}"
        ) from error
    if not _HOST.fullmatch(host) or not _PATH.fullmatch(parts.path) or ".." in parts.path.split("/"):
        raise UsageError(
            f"the documents' repository {_shown(url)} is not protocol, host and plain path",
            hint="repo: https://github.com/owner/name",
        )
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _require_listed(address: str, policy: FetchPolicy) -> None:
    """Raises UsageError for a host that is not on the list; a name stands for itself alone, not for those below it."""
    host = urlsplit(address).hostname or ""
    if policy.hosts is not None and host not in policy.hosts:
        raise UsageError(
            f"the documents' host {host} is not among those that documents are fetched from here",
            hint=f"a maintainer can add it to [documents] hosts in seedbed.toml; now {', '.join(policy.hosts) or 'none'}",
        )


def _pinned_host(address: str, policy: FetchPolicy) -> str:
    """`host:port:address` for git's `http.curloptResolve`: the name is looked up once, and every result must be public."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = sorted(
            {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        )
    except OSError as error:
        raise UsageError(f"the documents' host {host} is not known: {error.strerror or error}") from error
    inside = [name for name in found if not _is_public(name)]
    if inside and not policy.private_addresses:
        raise UsageError(
            f"the documents' host {host} is not on the public internet",
            hint="documents are fetched from public hosts",
        )
    pinned = ",".join(f"[{name}]" if ":" in name else name for name in found)
    return f"{host}:{port}:{pinned}"


def _is_public(name: str) -> bool:
    address = ipaddress.ip_address(name.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast


def _fetch(address: str, commit: str, into: Path, *, home: Path, pin: str, policy: FetchPolicy) -> None:
    environment = _environment(home, policy)
    _run(["git", "init", "--quiet", "--bare", "--template=", str(into)], environment, into.parent, policy)
    settings = {
        "transfer.fsckObjects": "true",
        "fetch.unpackLimit": "1",  # one pack file, so that the limit on a file's size bounds all of it
        "fetch.recurseSubmodules": "false",
        "http.followRedirects": "false",
        "http.curloptResolve": pin,
        "http.lowSpeedLimit": "1000",
        "http.lowSpeedTime": "20",
        "core.hooksPath": os.devnull,
        "gc.auto": "0",
        "maintenance.auto": "false",
    }
    _run(
        [
            *(
                "git",
                "-C",
                str(into),
                *(word for name in settings for word in ("-c", f"{name}={settings[name]}")),
            ),
            *(
                "fetch",
                "--quiet",
                "--depth=1",
                "--no-tags",
                f"--filter=blob:limit={MAXIMUM_BLOB_BYTES + 1}",
                "--no-write-fetch-head",
            ),
            *("--end-of-options", address, commit),
        ],
        environment,
        into.parent,
        policy,
    )
    _run(["git", "-C", str(into), "cat-file", "-e", f"{commit}^{{commit}}"], environment, into.parent, policy)


def _environment(home: Path, policy: FetchPolicy) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", *_TRUST) if name in os.environ}
    return kept | {
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_SSH_COMMAND": "/bin/false",
        "GIT_ALLOW_PROTOCOL": policy.protocol,
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_NO_LAZY_FETCH": "1",
    }


def _run(command: list[str], environment: Mapping[str, str], folder: Path, policy: FetchPolicy) -> None:
    """Run git within the limits; raises UsageError with git's last line when it fails or overruns one."""

    limited = ("sh", "-c", 'ulimit -f "$0" && exec "$@"', str(policy.maximum_bytes // _BLOCK), *command)
    with tempfile.TemporaryFile(dir=folder) as told:  # a file, so that its size is bounded like every other's
        try:
            process = subprocess.Popen(
                limited,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=told,
                start_new_session=True,  # git's own children end with it
            )
        except FileNotFoundError as error:
            raise UsageError(
                "git is not installed, and documents are fetched with it", hint="install git"
            ) from error
        try:
            process.wait(timeout=policy.seconds)
        except subprocess.TimeoutExpired as error:
            raise UsageError(
                f"the documents could not be fetched within {policy.seconds:g} s",
                hint="cite a smaller repository",
            ) from error
        finally:
            _end(process)
        told.seek(max(0, told.seek(0, os.SEEK_END) - _TOLD_BYTES))
        reason = _last_line(told.read(_TOLD_BYTES))
    if process.returncode != 0:
        raise UsageError(
            f"the documents could not be fetched: {reason}",
            hint=f"check repo and commit; at most {policy.maximum_bytes >> 20} MiB are fetched, and no redirect is followed",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _keep(fetched: Path, place: Path) -> None:
    """Move a whole fetch into the cache; another process may have been quicker, with the same content."""
    try:
        fetched.rename(place)
    except OSError:
        if not place.is_dir():
            raise


def _last_line(told: bytes) -> str:
    lines = told.decode("utf-8", "replace").strip().split("\n")
    return _shown(lines[-1].removeprefix("fatal: ").removeprefix("error: ") or "git gave no reason")[:300]


def _shown(text: str) -> str:
    text = text if len(text) <= 200 else text[:199] + "…"
    return text if text.isprintable() and text else ascii(text)
