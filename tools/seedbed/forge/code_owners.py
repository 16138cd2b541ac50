"""Who owns a path, by a CODEOWNERS file: the last pattern that matches decides (docs.github.com, about code owners)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from seedbed.forge.facts import Owners

_LOGIN = re.compile(r"@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))")
_TEAM = re.compile(r"@[A-Za-z0-9-]{1,39}/([A-Za-z0-9_.-]{1,100})")


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

    def of(self, paths: Iterable[str]) -> Owners:
        """Who owns any of the paths, in the order of the paths. An address of mail can neither be assigned nor asked."""
        people: dict[str, None] = {}
        teams: dict[str, None] = {}
        for path in paths:
            owners = next((owners for pattern, owners in reversed(self.rules) if pattern.match(path)), ())
            people.update((login[1], None) for owner in owners if (login := _LOGIN.fullmatch(owner)))
            teams.update((team[1], None) for owner in owners if (team := _TEAM.fullmatch(owner)))
        return Owners(tuple(people), tuple(teams))


def _expression(pattern: str) -> re.Pattern[str]:
    """As gitignore, but for `!` and `[…]`, which CODEOWNERS does not have; `dir/*` means files of that folder alone."""
    anchored = "/" in pattern.removesuffix("/")
    body = ""
    for part in re.split(r"(\*\*/|/\*\*|\*|\?)", pattern.strip("/")):
        body += {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    end = "/" if pattern.endswith("/") else r"\Z" if pattern.endswith("/*") else r"(?:/|\Z)"
    return re.compile(rf"{'' if anchored else '(?:.*/)?'}{body}{end}")
