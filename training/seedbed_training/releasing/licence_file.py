"""Under which terms a release stands, in the file that model hubs link to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role
from seedbed_training.releasing.attribution_file import ATTRIBUTION_FILE
from seedbed_training.releasing.card.markdown import code, inline

LICENCE_FILE = "LICENSE.md"
"""Hubs link to `LICENSE` or `LICENSE.md` alone (huggingface/hub-docs, modelcard.md)."""
NOT_STATED = "not stated"


def leaves_by_licence(leaves: Sequence[LeafRecord]) -> Mapping[str, Sequence[str]]:
    """Licence → the leaves under it, the most first; what names none is under `not stated`."""
    found: dict[str, list[str]] = {}
    for leaf in leaves:
        found.setdefault(leaf.licence or NOT_STATED, []).append(leaf.name)
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def model_licence(folder: Path) -> str | None:
    """What the card of the model in `folder` says its licence is, as hubs call it; None without such a card."""
    from huggingface_hub import ModelCard

    card = folder / "README.md"
    if not card.is_file():
        return None
    data = ModelCard.load(card, ignore_metadata_errors=True).data
    named: object = data.get("license_name") if data.get("license") == "other" else data.get("license")
    return named if isinstance(named, str) else None


def licence_text(
    manifest: ReleaseManifest, base: str, base_licence: str | None, teachers: Sequence[str]
) -> str:
    """Markdown: the terms of the sources licence by licence, and whose terms hold besides."""
    leaves = [leaf for leaf in manifest.leaves if leaf.role is not Role.DROPPED]
    parts = [
        f"# Terms of {manifest.name}\n",
        "This model has no licence of its own. Three kinds of terms meet in it, and all of them hold:\n",
        f"- those of the base model, {code(base)}, for the weights: {inline(base_licence or NOT_STATED)};",
        f"- those of the teachers that wrote what it was trained on: {', '.join(teachers) or 'none'};",
        "- those of the works that its leaves draw on, below.\n",
        (
            f"[{ATTRIBUTION_FILE}]({ATTRIBUTION_FILE}) names every work with its title, address, licence and authors. `AND` "
            "means that a leaf draws on works under each of these licences.\n"
        ),
    ]
    for licence, names in leaves_by_licence(leaves).items():
        parts.append(f"## {inline(licence)}\n")
        parts.extend(f"- {code(name)}" for name in names)
        parts.append("")
    return "\n".join(parts)
