"""Where a server is and the key it wants: checked before anything is sent, and never repeated in a message."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from seedbed.errors import ConfigurationError

NO_KEY_SENT = (
    "no key was sent: none is sent to a server that seedbed.toml does not name as `url`, and where it does, the key is "
    "what the environment variable named by `api_key_variable` holds"
)
"""What to do where a server asks for a key and has been given none."""


def base_address(url: str) -> str:
    """`url` without a trailing slash and with `/v1` where it names no path; credentials in it are refused."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half of an IPv6 address
        sound = False
    if not sound:
        raise ConfigurationError(
            "the teacher's url must begin with http:// or https:// and name a host",
            hint='url = "http://127.0.0.1:8000/v1"',
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigurationError(
            "the teacher's url must hold neither credentials nor a query",
            hint="name the environment variable that holds the key as `api_key_variable`",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


def server_key(environment: Mapping[str, str], variable: str | None) -> str | None:
    """The key that the environment holds under `variable`; None when no variable is named.

    Raises ConfigurationError when it is not set, or holds what no header can carry.
    """
    if not variable:
        return None
    key = environment.get(variable, "").strip()
    if not key:
        raise ConfigurationError(
            f"the teacher's key was expected in the environment variable {variable}, which is not set",
            hint=f"export {variable}=…, or remove `api_key_variable` if the server needs no key",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(
            f"the key in the environment variable {variable} holds blanks or characters that no key has",
            hint=f"export {variable}=… again, the key alone",
        )
    return key
