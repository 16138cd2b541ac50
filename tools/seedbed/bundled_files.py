"""Where the files that come with Seedbed lie: inside an installed wheel, or in the checkout it runs from."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def bundled_file(relative: str) -> Path:
    """The path of a shipped file or folder, such as `schema/leaf.v3.knowledge.schema.json`.

    A wheel carries the folders under `seedbed/bundled`. An editable install resolves the package to `tools/`, where
    that folder is not seen, and the same relative path is taken from the checkout.
    """
    installed = _PACKAGE / "bundled" / relative
    return installed if installed.exists() else _CHECKOUT / relative
