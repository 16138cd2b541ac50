"""`GET /v1/models`: whether the server is there, takes the key and serves the model, asked once before the first request."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from seedbed.errors import TeacherError

TIMEOUT = 15.0  # seconds
_LIST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as its server describes it; `vllm` when the server is vLLM, which can hold an answer to choices."""

    name: str
    revision: str = "unknown"
    vllm: bool = False


def served_model(address: str, name: str, key: str | None) -> ServedModel:
    """The model `name` of the server at `address`. A server without a list of models is taken at its word.

    Raises TeacherError when the server does not answer, does not take the key, or serves other models only.
    """
    status, raw = _get(f"{address}/models", key)
    if status in (401, 403):
        raise TeacherError(
            f"the server at {address} does not take the key (HTTP {status})",
            hint="set `api_key_variable` to the environment variable that holds it",
        )
    if status != 200:
        return ServedModel(name)
    try:
        entries = {entry["id"]: entry for entry in json.loads(raw)["data"]}
    except (ValueError, KeyError, TypeError):
        return ServedModel(name)  # the list is optional in the protocol; the first request will tell
    if entries and name not in entries:
        near = get_close_matches(name, entries, n=1) or sorted(entries)[:1]
        raise TeacherError(
            f"the server at {address} serves no model {name!r}; it has {', '.join(sorted(entries)[:10])}",
            hint=f'model = "{near[0]}"',
        )
    return _described(name, entries.get(name, {}))


def _described(name: str, entry: Mapping[str, object]) -> ServedModel:
    root = entry.get("root")  # vLLM: the folder or hub name behind a served name
    revision = entry.get("revision") or (root if root != name else None)
    return ServedModel(name, str(revision) if revision else "unknown", entry.get("owned_by") == "vllm")


def _get(url: str, key: str | None) -> tuple[int, bytes]:
    """Status and body; http.client follows no redirect and reads no proxy from the environment."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path, headers={"Authorization": f"Bearer {key}"} if key else {})
        response = connection.getresponse()
        return response.status, response.read(_LIST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise TeacherError(
            f"the server at {parts.scheme}://{parts.netloc} does not answer: {type(error).__name__}: {error}",
            hint="start it, or mend `url` under [teacher] in seedbed.toml",
        ) from error
    finally:
        connection.close()
