"""Texts that say the same in other words, by a model of sentence embeddings; optional, and off unless it is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError, MissingExtraError

SAME_MEANING = 0.95
"""Cosine of two embeddings from which two samples count as one; Persona Hub (arXiv 2406.20094) takes 0.9 for prompts
alone, without the answers."""
_ROWS = 512  # texts compared at a time: 512 rows against 1.2 million of 256 numbers are 0.6 GB


def load_close(model: str, similarity: float = SAME_MEANING) -> Callable[[Sequence[str]], list[list[int]]]:
    """A function that finds, for each text, the numbers of earlier ones whose cosine is at least `similarity`.

    `model` is a folder or a hub name: of a static model2vec model (no torch, thousands of texts a second on a CPU), or,
    where the folder or name is one of theirs, of sentence-transformers. Raises MissingExtraError, ConfigurationError.
    """
    encode = _encoder(model)

    def close(texts: Sequence[str]) -> list[list[int]]:
        import numpy

        if not texts:
            return []
        found_vectors = numpy.asarray(encode(list(texts)), dtype=numpy.float32)
        lengths = numpy.linalg.norm(found_vectors, axis=1, keepdims=True)
        vectors = (found_vectors / numpy.where(lengths > 0, lengths, 1)).astype(numpy.float32)
        found: list[list[int]] = []
        for start in range(0, len(texts), _ROWS):
            rows = vectors[start : start + _ROWS] @ vectors[: start + _ROWS].T
            for offset, row in enumerate(rows):
                found.append(
                    [int(number) for number in numpy.nonzero(row[: start + offset] >= similarity)[0]]
                )
        return found

    return close


def _encoder(model: str) -> Callable[[list[str]], Any]:
    try:
        if _is_sentence_transformer(model):
            return _sentence_transformer(model)
        return _static_model(model)
    except ImportError as error:
        raise MissingExtraError(
            "finding copies by their meaning", "embeddings", error.name or "model2vec"
        ) from error
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"the embedding model {model!r} cannot be loaded: {str(error)[:200]}",
            hint="name a model2vec or sentence-transformers folder, or leave [generation] embedding_model out",
        ) from error


def _is_sentence_transformer(model: str) -> bool:
    modules = Path(model) / "modules.json"
    if not modules.is_file():
        return model.startswith("sentence-transformers/")
    return "StaticEmbedding" not in modules.read_text(encoding="utf-8")  # model2vec writes that file too


def _static_model(model: str) -> Callable[[list[str]], Any]:
    from model2vec import StaticModel

    loaded = StaticModel.from_pretrained(model)
    return lambda texts: loaded.encode(texts, use_multiprocessing=False)


def _sentence_transformer(model: str) -> Callable[[list[str]], Any]:
    from sentence_transformers import SentenceTransformer

    loaded = SentenceTransformer(model)
    return lambda texts: loaded.encode(texts, show_progress_bar=False)
