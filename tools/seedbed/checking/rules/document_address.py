"""A document's repository is a plain https address.

Documents are fetched by machines that hold credentials. Other protocols, local paths and addresses with a password in
them could read from those machines or leak what is in them.

Fails: `repo: git@example.org:sea/tides.git`, `repo: https://me:secret@example.org/tides.git`

Passes: `repo: https://example.org/sea/tides.git`

To fix it: write the address that a browser shows, with `https://`.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import document_of, place_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB402"
SEVERITY = Severity.ERROR
_PATH = ("document", "repo")


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the parts of the address. A password in it is never repeated in the message."""
    repo = document_of(leaf).get("repo")
    trouble = _trouble(repo) if isinstance(repo, str) and repo.strip() else None
    if trouble is not None:
        message = f"the repository's address {trouble}"
        help = "write it as https://host/owner/name.git"
        credentials = _credentials(str(repo))
        span = place_of(leaf, _PATH, credentials) if credentials else leaf.span(_PATH)
        secret = bool(credentials)
        yield Finding(CODE, SEVERITY, leaf.path, span, message, _PATH, trouble, help, secret=secret)


def _credentials(repo: str) -> str:
    """What stands between `//` and the last `@` before the path."""
    return repo.split("://", 1)[-1].split("/", 1)[0].rpartition("@")[0]


def _trouble(repo: str) -> str | None:
    try:
        parts = urlsplit(repo)
        port = parts.port
    except ValueError:
        return "cannot be read as an address"
    if parts.scheme != "https":
        return "does not begin with https://"
    if "@" in parts.netloc:
        return "holds a user name or password before `@`"
    if not parts.hostname or any(character.isspace() for character in repo):
        return "names no host, or holds a space"
    if parts.query or parts.fragment:
        return "has a `?` or `#` part, which git does not use"
    return "names a port; expected the usual one" if port not in (None, 443) else None
