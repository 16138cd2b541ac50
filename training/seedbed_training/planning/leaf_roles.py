"""What a new release makes of each leaf: fresh, unchanged, removed, revoked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed.generation.revocation import Revocation


@dataclass(frozen=True, slots=True)
class CurrentLeaf:
    """A leaf as the taxonomy has it now, and the store keys that hold its samples."""

    name: str
    blob: str
    sample_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeafRoles:
    """Every leaf of now and of the parent release, by what the new release makes of it; each tuple is sorted."""

    fresh: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    """What the parent knew and this release will not: gone from the taxonomy, or revoked."""
    revoked: tuple[str, ...] = ()
    """In the taxonomy still, yet part of no plan."""
    changed: tuple[str, ...] = ()
    """The fresh ones that the parent knew otherwise: edited, or grown anew."""


def leaf_roles(
    leaves: Mapping[str, CurrentLeaf],
    parent: ReleaseManifest | None,
    revocations: Sequence[Revocation] = (),
) -> LeafRoles:
    """Fresh is new, edited, or grown anew since `parent`; removed is what `parent` knew and is no longer to be had.

    A leaf that was dropped once and came back is fresh. A revoked one is neither fresh nor unchanged, and is so under
    any name that the same text is given.
    """
    known = {leaf.name: leaf for leaf in parent.leaves if leaf.role is not Role.DROPPED} if parent else {}
    revoked = {
        leaf.name
        for leaf in leaves.values()
        if any(each.covers(leaf.name, leaf.blob) for each in revocations)
    }
    allowed = {name: leaf for name, leaf in leaves.items() if name not in revoked}
    unchanged = {
        name
        for name, leaf in allowed.items()
        if name in known
        and known[name].blob == leaf.blob
        and set(known[name].sample_keys) == set(leaf.sample_keys)
    }
    return LeafRoles(
        fresh=tuple(sorted(allowed.keys() - unchanged)),
        unchanged=tuple(sorted(unchanged)),
        removed=tuple(sorted(known.keys() - allowed.keys())),
        revoked=tuple(sorted(revoked)),
        changed=tuple(sorted((allowed.keys() - unchanged) & known.keys())),
    )
