"""To whom a release is owed: every leaf's `attribution.txt`, in one file beside the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role
from seedbed.reports.escape import terminal_text
from seedbed.taxonomy.attribution import FILE_NAME, read_attribution
from seedbed_training.releasing.workspace import Workspace

ATTRIBUTION_FILE = "ATTRIBUTION.txt"
UNRECOGNISED = "LicenseRef-Unrecognised"
ATTRIBUTION_LIMIT = 64 * 1024  # bytes of one leaf's file; real ones have a few hundred


def attribution_path(leaf: str, taxonomy_root: str) -> str:
    """Where a leaf's attribution lies in its repository."""
    return f"{leaf}/{FILE_NAME}" if taxonomy_root in ("", ".") else f"{taxonomy_root}/{leaf}/{FILE_NAME}"


def read_attributions(workspace: Workspace, commit: str, leaves: Sequence[str]) -> Mapping[str, str]:
    """The text of each leaf's attribution at `commit`; leaves without one are absent."""
    root = workspace.settings.taxonomy.root
    found = {
        leaf: workspace.repository.read_path(commit, attribution_path(leaf, root), ATTRIBUTION_LIMIT)
        for leaf in leaves
    }
    return {leaf: raw.decode("utf-8", "replace") for leaf, raw in found.items() if raw is not None}


def licence_expression(text: str) -> str | None:
    """The licences of all works that an attribution names, as one SPDX expression; None where it names none.

    What is not recognised is `LicenseRef-Unrecognised`: a leaf of two works is never shown under the licence of one.
    """
    found = read_attribution(text).licences
    return " AND ".join(licence or UNRECOGNISED for licence in found) or None


def attribution_text(manifest: ReleaseManifest, attributions: Mapping[str, str]) -> str:
    """Leaf by leaf, as their authors wrote it; whatever a terminal would obey is written out."""
    head = (
        f"{manifest.name} was taught these leaves, at commit {manifest.taxonomy_commit} of their taxonomy.\n"
        "What each draws on, in the words of those who contributed it:\n"
    )
    return head + "".join(
        f"\n== {leaf.name}\n{_commit(leaf)}{_shown(attributions.get(leaf.name))}"
        for leaf in manifest.leaves
        if leaf.role is not Role.DROPPED
    )


def _commit(leaf: LeafRecord) -> str:
    return f"Commit: {leaf.commit}\n" if leaf.commit else ""


def _shown(text: str | None) -> str:
    if text is None:
        return "(no attribution.txt)\n"
    return "".join(f"{terminal_text(line.rstrip())}\n" for line in text.strip().splitlines())
