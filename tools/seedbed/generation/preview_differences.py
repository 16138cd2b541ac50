"""What changed since an earlier preview of the same change: samples by what they say, whatever made them.

The earlier preview is the JSON that `seedbed preview` wrote. In CI it comes out of an artefact, so that it is read as
a stranger's: bounded, checked, and never trusted for more than text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import UsageError
from seedbed.generation.sample import Sample

MAXIMUM_BYTES = 32 << 20  # of an earlier preview's file


@dataclass(frozen=True, slots=True, order=True)
class Exchange:
    """A sample as a reader sees it."""

    stage: str
    question: str
    answer: str

    @classmethod
    def of(cls, sample: Sample) -> Exchange:
        return cls(str(sample.stage), sample.question, sample.answer)


@dataclass(frozen=True, slots=True)
class EarlierPreview:
    """What is needed of an earlier preview: the commit it showed (None: a working tree), and each leaf's samples."""

    head: str | None
    leaves: Mapping[str, tuple[Exchange, ...]]


@dataclass(frozen=True, slots=True)
class SampleDifference:
    """A leaf's samples against those of an earlier preview; `new` are places in today's samples."""

    new: frozenset[int]
    gone: tuple[Exchange, ...]
    unchanged: int


def sample_difference(samples: Sequence[Sample], earlier: Sequence[Exchange]) -> SampleDifference:
    """Which of `samples` an earlier preview did not show, and what it showed that is no more; repeats count each."""
    left = Counter(earlier)
    new = []
    for place, sample in enumerate(samples):
        exchange = Exchange.of(sample)
        if left[exchange]:
            left[exchange] -= 1
        else:
            new.append(place)
    return SampleDifference(frozenset(new), tuple(sorted(left.elements())), len(samples) - len(new))


def read_earlier(path: Path) -> EarlierPreview:
    """An earlier preview from its JSON file. Raises UsageError when it cannot be read or is something else."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the earlier preview {path} cannot be read: {error.strerror}") from error
    if len(raw) > MAXIMUM_BYTES:
        raise UsageError(f"the earlier preview {path} is larger than {MAXIMUM_BYTES >> 20} MiB")
    try:
        fields: dict[str, Any] = json.loads(raw)
        if fields["version"] != 1:
            raise ValueError(f"version {fields['version']!r}")
        head = fields["head"]
        leaves = {_text(leaf["name"]): _exchanges(leaf["samples"]) for leaf in fields["leaves"]}
        return EarlierPreview(None if head is None else _text(head), leaves)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise UsageError(
            f"{path} is not a preview of version 1",
            hint="--previous takes what `seedbed preview --format json` wrote",
        ) from error


def _exchanges(samples: list[dict[str, Any]]) -> tuple[Exchange, ...]:
    return tuple(
        Exchange(
            _text(sample["stage"]),
            _text(sample["messages"][-2]["content"]),
            _text(sample["messages"][-1]["content"]),
        )
        for sample in samples
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where text was expected")
    return value
