"""One digest for all samples of a leaf, so that a release can be held to what it learned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from seedbed.errors import StoreError
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.generation.sample import Sample


def samples_digest(samples: Iterable[Sample]) -> str:
    """64 hex digits over the sorted ids, each once. An id is a digest of what a sample says and where it is from, so the
    same samples give the same digest whoever wrote the file that they lie in."""
    ids = sorted({sample.id for sample in samples})
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def check_as_released(
    parent: ReleaseManifest, sample_keys: Mapping[str, Sequence[str]], samples: Mapping[str, Sequence[Sample]]
) -> None:
    """What the parent release learned is still what the store holds under the same keys, so that replay repeats it.

    `sample_keys` and `samples`, held-out ones among them, are by leaf. A store that was rewritten whole has digests that
    fit its files; the parent's manifest, in git, does not go along. Raises StoreError with the first leaf that differs.
    """
    for leaf, keys in sample_keys.items():
        record = parent.leaf(leaf)
        if record is None or record.samples_digest is None or tuple(keys) != record.sample_keys:
            continue
        if samples_digest(samples[leaf]) != record.samples_digest:
            raise StoreError(
                f"the store holds other samples of {leaf} than {parent.name} learned, under the same keys",
                hint=f"restore the store that {parent.name} was made with, or remove these samples and make them again: "
                f"seedbed generate --leaf {leaf}; `seedbed release verify {parent.name}` shows all that differs",
            )
