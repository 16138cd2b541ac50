"""Samples of a store by the name of their leaf or the beginning of their id."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.errors import UsageError
from seedbed.generation.progress import Watch
from seedbed.generation.sample import Sample
from seedbed.generation.store import SampleStore, StoredLeaf

SHORTEST_PREFIX = 4  # hex digits


@dataclass(frozen=True, slots=True)
class FoundSample:
    """A sample and what the store says of its leaf."""

    sample: Sample
    stored: StoredLeaf


def find_sample(store: SampleStore, prefix: str, watch: Watch = lambda doing, done, of: None) -> FoundSample:
    """The one sample whose id begins with `prefix`. Ids of tables that others wrote are read first, and `watch` hears
    how far that is (see `SampleStore.keys_with`).

    Raises UsageError when it is no id, when there is no such sample, or more than one.
    """
    wanted = prefix.lower()
    if len(wanted) < SHORTEST_PREFIX or set(wanted) - set("0123456789abcdef"):
        raise UsageError(
            f"{prefix!r} is not the beginning of a sample's id: {SHORTEST_PREFIX} to 32 hex digits were expected",
            hint="`seedbed show LEAF` lists the samples of a leaf with their ids",
        )
    found: dict[str, FoundSample] = {}
    for key in store.keys_with(wanted, watch):
        for sample in store.read(key):
            if sample.id.startswith(wanted):
                found.setdefault(sample.id, FoundSample(sample, store.describe(key)))
        if len(found) > 1:
            names = ", ".join(sorted(found)[:4])
            raise UsageError(f"several samples begin with {prefix}: {names}", hint="write more digits")
    if not found:
        raise UsageError(
            f"the store {store.url} holds no sample whose id begins with {prefix}",
            hint="`seedbed show LEAF` lists the samples of a leaf with their ids",
        )
    return next(iter(found.values()))
