"""Who owns a path, by a CODEOWNERS file: the last pattern that matches decides (docs.github.com, about code owners)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LOGIN = re.compile(r"@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))")


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """The rules of one file, in its order."""

    rules: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = ()

    @classmethod
    def read(cls, text: str) -> CodeOwners:
        """Every line `pattern owner…`; a pattern without owners says that nobody owns what it matches."""
        rules = []
        for line in text.splitlines():
            pattern, *owners = line.partition("#")[0].split() or [""]
            if pattern:
                rules.append((_expression(pattern), tuple(owners)))
        return cls(tuple(rules))

    def people(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Logins that own any of the paths, in the order of the paths. Teams and addresses cannot be assigned."""
        found: dict[str, None] = {}
        for path in paths:
            owners = next((owners for pattern, owners in reversed(self.rules) if pattern.match(path)), ())
            found.update((login[1], None) for owner in owners if (login := _LOGIN.fullmatch(owner)))
        return tuple(found)


def _expression(pattern: str) -> re.Pattern[str]:
    """As gitignore, but for `!` and `[…]`, which CODEOWNERS does not have; `dir/*` means files of that folder alone."""
    anchored = "/" in pattern.removesuffix("/")
    body = ""
    for part in re.split(r"(\*\*/|/\*\*|\*|\?)", pattern.strip("/")):
        body += {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    end = "/" if pattern.endswith("/") else r"\Z" if pattern.endswith("/*") else r"(?:/|\Z)"
    return re.compile(rf"{'' if anchored else '(?:.*/)?'}{body}{end}")
