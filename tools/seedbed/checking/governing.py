"""Which `seedbed.toml` a change is checked under: that of its base, never its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.rules import policy_change
from seedbed.config import FILE_NAME, Settings, read_settings
from seedbed.errors import ConfigurationError
from seedbed.taxonomy.leaf import Span
from seedbed.taxonomy.repository import Repository

_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Governing:
    """The settings that count, and what there is to say about the change's own."""

    settings: Settings
    findings: tuple[Finding, ...] = ()
    text: str = ""  # the change's own seedbed.toml, for findings to point into


def governing(repository: Repository, settings: Settings, *, base: str, head: str | None) -> Governing:
    """The settings at `base` for a change to `head` (None: the working tree), whose own are `settings`.

    A base without the file has none to go by but the defaults; only the place of the taxonomy is then taken from the
    change, and only where the default place holds nothing. Settings of the base that cannot be read (it may have been
    written for another release of Seedbed) give way to the change's own. Both are told.
    """
    before = repository.read_path(base, FILE_NAME, _LIMIT)
    after = repository.read_path(head, FILE_NAME, _LIMIT)
    if before == after and before is None:
        return Governing(settings)
    text = (after or b"").decode("utf-8", "replace")
    try:
        kept = _read(before, f"{FILE_NAME} of {base[:12]}")
    except ConfigurationError as error:
        told = f"the base's `{FILE_NAME}` cannot be read, so this change is checked under its own: {error.message}"
        return Governing(settings, (_finding(told, text, ""),), text)
    if before is None and not repository.files(base, kept.taxonomy.root):
        kept = replace(kept, taxonomy=settings.taxonomy)
    if before == after:
        return Governing(kept)
    old = (before or b"").decode("utf-8", "replace")
    told = f"this change {_verb(before, after)} `{FILE_NAME}`; it is checked under the policy of its base, {base[:12]}"
    return Governing(kept, (_finding(told, text, old),), text)


def _read(raw: bytes | None, source: str) -> Settings:
    try:
        return read_settings(None if raw is None else raw.decode("utf-8"), source=source)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{source} is not UTF-8", hint="save it as UTF-8") from error


def _verb(before: bytes | None, after: bytes | None) -> str:
    return "adds" if before is None else "removes" if after is None else "edits"


def _finding(message: str, text: str, old: str) -> Finding:
    """At the first line that differs; of a removed file, at its place."""
    lines, earlier = text.splitlines(), old.splitlines()
    number = next(
        (n for n, line in enumerate(lines) if n >= len(earlier) or earlier[n] != line),
        max(0, len(lines) - 1),
    )
    width = len(lines[number]) if lines else 0
    return Finding(
        policy_change.CODE,
        Severity.HINT,
        FILE_NAME,
        Span(number + 1, 1, number + 1, width + 1),
        message,
        value="policy",
        help="what the new policy says holds from its merge on; a maintainer decides about it",
    )
