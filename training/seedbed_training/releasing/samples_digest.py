"""One digest for all samples of a leaf, so that a release can be held to what it learned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from seedbed.generation.sample import Sample


def samples_digest(samples: Iterable[Sample]) -> str:
    """64 hex digits over the sorted ids, each once. An id is a digest of what a sample says and where it is from, so the
    same samples give the same digest whoever wrote the file that they lie in."""
    ids = sorted({sample.id for sample in samples})
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()
