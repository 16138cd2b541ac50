"""`GET /v1/models`: whether the server is there, takes the key and serves the model, asked once before the first request."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import urlsplit

from seedbed.errors import TeacherError
from seedbed.teacher.chat_protocol import shortened
from seedbed.teacher.server_address import NO_KEY_SENT
from seedbed.teacher.server_kind import ServerKind, server_kind, version_path

TIMEOUT = 15.0  # seconds
_LIST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as its server describes it."""

    name: str
    revision: str = "unknown"
    kind: ServerKind = ServerKind.OTHER
    context: int | None = None  # tokens of prompt and answer together


def served_model(address: str, name: str, key: str | None) -> ServedModel:
    """The model `name` of the server at `address`. A server without a list of models is taken at its word.

    Raises TeacherError when the server does not answer, does not take the key, or serves other models only.
    """
    status, raw = get(f"{address}/models", key)
    if status in (401, 403):
        raise _refused(address, status, key)
    if status != 200:
        return _described(address, name, {})
    try:
        entries = {str(entry["id"]): entry for entry in json.loads(raw)["data"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return _described(
            address, name, {}
        )  # the list is optional in the protocol; the first request will tell
    if entries and name not in entries:
        near = get_close_matches(name, entries, n=1) or sorted(entries)[:1]
        raise TeacherError(
            scrubbed(
                f"the server at {address} serves no model {name!r}; it has {', '.join(sorted(entries)[:10])}",
                key,
            ),
            hint=scrubbed(f'model = "{near[0]}"', key),
        )
    described = _described(address, name, entries.get(name, {}))
    return replace(described, revision=scrubbed(described.revision, key))


def _refused(address: str, status: int, key: str | None) -> TeacherError:
    if key is None:
        return TeacherError(f"the server at {address} asks for a key (HTTP {status})", hint=NO_KEY_SENT)
    return TeacherError(
        f"the server at {address} does not take the key (HTTP {status})",
        hint="check the key in the environment variable that `api_key_variable` names",
    )


def server_version(address: str, kind: ServerKind, key: str | None) -> str:
    """What the server is, with its version where it tells one: `vLLM 0.32.0`."""
    told = version_path(kind)
    if told is None:
        return str(kind)
    path, field = told
    try:
        status, raw = get(f"{address.removesuffix('/v1')}{path}", key)
        version = json.loads(raw)[field] if status == 200 else ""
    except (ValueError, KeyError, TypeError, RecursionError, TeacherError):
        return str(kind)
    return scrubbed(f"{kind} {version}".strip(), key)[:80]


def scrubbed(text: str, key: str | None) -> str:
    """`text` without the key, should a server repeat it, in one line of bounded length."""
    return shortened(text.replace(key, "***") if key else text)


def _described(address: str, name: str, entry: Mapping[str, object]) -> ServedModel:
    root = entry.get("root")  # vLLM: the folder or hub name behind a served name
    revision = entry.get("revision") or (root if root != name else None)
    meta = entry.get("meta")  # llama.cpp
    lengths = (entry.get("max_model_len"), meta.get("n_ctx_train") if isinstance(meta, Mapping) else None)
    context = next((length for length in lengths if isinstance(length, int) and length > 0), None)
    kind = server_kind(urlsplit(address).hostname or "", entry.get("owned_by"))
    return ServedModel(name, str(revision) if revision else "unknown", kind, context)


def get(url: str, key: str | None) -> tuple[int, bytes]:
    """Status and body, within TIMEOUT however slowly they come. Raises TeacherError when the server does not answer.

    http.client follows no redirect and reads no proxy from the environment; its own timeout begins anew with every
    byte, so the clock is kept outside.
    """
    answer: Future[tuple[int, bytes]] = Future()

    def work() -> None:
        try:
            answer.set_result(_get(url, key))
        except Exception as error:  # noqa: BLE001 whatever it is, it is the caller's
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True, name="list of models").start()
    try:
        return answer.result(TIMEOUT)
    except (OSError, http.client.HTTPException, FutureTimeout) as error:
        parts = urlsplit(url)
        trouble = f"{type(error).__name__}: {error}" if str(error) else f"nothing within {TIMEOUT:g} s"
        raise TeacherError(
            scrubbed(f"the server at {parts.scheme}://{parts.netloc} does not answer: {trouble}", key),
            hint="start it, or mend `url` under [teacher] in seedbed.toml",
        ) from error


def _get(url: str, key: str | None) -> tuple[int, bytes]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path, headers={"Authorization": f"Bearer {key}"} if key else {})
        response = connection.getresponse()
        return response.status, response.read(_LIST_BYTES)
    finally:
        connection.close()
