"""Where the page of a leaf, a folder or a release lies in the site, and how one page names another.

A name is a stranger's: what is not plain on every file system becomes a digest, so that no name leaves its place,
meets another that differs in case alone, or cannot be written.
"""

from __future__ import annotations

import hashlib
import re

FRONT = "index.html"
SEARCH = "search.html"
RELEASES = "releases.html"
STYLE = "site.css"

_PLAIN = re.compile(r"(?!x-)[a-z0-9_][a-z0-9_-]{0,59}")
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
"""Names that Windows keeps for devices."""
_LONGEST = 150
"""Characters of an address below the site, so that it can lie in a deep folder where 260 are allowed."""


def leaf_page(name: str) -> str:
    """The page of the leaf `name`, from the site's top."""
    return f"{_folder(name)}/leaf.html"


def folder_page(name: str, number: int = 1) -> str:
    """A page of a folder of the taxonomy, the first if not another; the empty name is the whole taxonomy."""
    return f"{_folder(name)}/{'index' if number == 1 else number}.html"


def release_page(name: str, number: int = 1) -> str:
    """A page of a release, the first if not another."""
    return f"releases/{_part(name)}{'' if number == 1 else f'/{number}'}.html"


def link(page: str, target: str) -> str:
    """The address of `target` as `page` names it; both from the site's top."""
    return f"{'../' * page.count('/')}{target}"


def _folder(name: str) -> str:
    parts = [_part(part) for part in name.split("/") if part]
    if sum(map(len, parts)) + len(parts) > _LONGEST:
        parts = [_digest(name)]
    return "/".join(["tree", *parts])


def _part(name: str) -> str:
    plain = _PLAIN.fullmatch(name) is not None and _RESERVED.fullmatch(name) is None
    return name if plain else _digest(name)


def _digest(name: str) -> str:
    """Begins as no plain name does."""
    return f"x-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
