"""How many tokens each sample has for a student: what plans budget with, kept from one plan to the next.

Counting a million samples takes a processor the better part of an hour, and what starts a run plans it anew. A count
depends on nothing but the sample and what turns it into tokens, so it is kept under the digest of that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seedbed.errors import MissingExtraError
from seedbed.generation.sample import Sample
from seedbed_training.learning.tokenizer_files import TOKENIZER_FILES, files_digest
from seedbed_training.planning.whole_file import write_whole

if TYPE_CHECKING:
    from seedbed_training.learning.encode import LeftOut

_VERSION = 1  # of how samples are encoded: to be raised when equal samples get other tokens
_DECIDING = (*TOKENIZER_FILES, "config.json", "generation_config.json")


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """`tokens` has the length of each sample by its id, but for those in `left_out`, which cannot be trained on."""

    tokens: Mapping[str, int]
    left_out: tuple[LeftOut, ...] = ()


def count_tokens(folder: Path, samples: Mapping[str, Sample], *, kept_in: Path | None = None) -> TokenCounts:
    """Count for the model in `folder`; `samples` by id. Counts are kept in the folder `kept_in`, if it is given.

    Raises ConfigurationError when the model's tokenizer cannot be trained with: of all samples none can be encoded.
    """
    if not samples:
        return TokenCounts({})  # nothing to train: what takes seconds to load is not needed to say so
    file = None if kept_in is None else kept_in / f"{_digest(folder)}.safetensors"
    known = {} if file is None else _read(file)
    unknown = {identity: sample for identity, sample in samples.items() if identity not in known}
    found, left_out = _counted(folder, unknown) if unknown else ({}, ())
    if file is not None and found:
        _write(file, {**known, **found})
    tokens = {
        identity: known[identity] if identity in known else found[identity]
        for identity in samples
        if identity in known or identity in found
    }
    if not tokens:
        raise left_out[0][1]
    return TokenCounts(tokens, tuple(entry for entry, _ in left_out))


def _counted(
    folder: Path, samples: Mapping[str, Sample]
) -> tuple[dict[str, int], tuple[tuple[LeftOut, Exception], ...]]:
    from seedbed_training.learning.encode import EncodedSample, LeftOut, load_encoder, not_trainable

    tokens: dict[str, int] = {}
    left_out = []
    rows = load_encoder(folder).rows(samples.items())
    for row, (identity, sample) in zip(rows, samples.items(), strict=True):
        if isinstance(row, EncodedSample):
            tokens[identity] = len(row.input_ids)
        else:
            left_out.append(
                (LeftOut(identity, sample.leaf, row.reason), not_trainable(row, identity, sample))
            )
    return tokens, tuple(left_out)


def _digest(folder: Path) -> str:
    """Of all that decides how many tokens a sample has. Raises MissingExtraError."""
    try:
        import tokenizers
        import transformers
    except ImportError as error:
        raise MissingExtraError("training", "train", error.name or "transformers") from error
    versions = f"{_VERSION} {tokenizers.__version__} {transformers.__version__}"
    return hashlib.sha256(f"{files_digest(folder, _DECIDING)} {versions}".encode()).hexdigest()[:40]


def _read(file: Path) -> dict[str, int]:
    """The counts kept in `file`; none where it is not there or was damaged, since they can be counted anew."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not file.is_file():
        return {}
    try:
        columns: Mapping[str, Any] = load_file(file)
        ids, tokens = columns["ids"].tobytes().hex(), columns["tokens"].tolist()
    except (SafetensorError, KeyError, OSError):
        return {}
    return {ids[32 * place : 32 * (place + 1)]: count for place, count in enumerate(tokens)}


def _write(file: Path, counts: Mapping[str, int]) -> None:
    from safetensors.numpy import save

    ids = np.frombuffer(bytes.fromhex("".join(counts)), np.uint8).reshape(-1, 16)
    write_whole(file, save({"ids": ids, "tokens": np.array(list(counts.values()), np.int32)}))
