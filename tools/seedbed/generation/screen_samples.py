"""The samples of a whole taxonomy as they leave the store: without copies between leaves and benchmark questions."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.checking.benchmark_lists import read_benchmark_texts
from seedbed.config import Settings
from seedbed.generation.across_leaves import Copies, Screening, screen
from seedbed.generation.embeddings import load_close
from seedbed.generation.progress import Watch
from seedbed.generation.sample import Sample
from seedbed.taxonomy.repository import Repository


def screen_samples(
    repository: Repository,
    settings: Settings,
    samples: Iterable[Sample],
    *,
    commit: str | None,
    watch: Watch = lambda doing, done, of: None,
) -> Screening:
    """What falls by the settings of the repository, its benchmark lists read at `commit` (None: the working tree).

    Raises UsageError for a list that is not there, and as `load_close` does.
    """
    model = settings.generation.embedding_model
    return screen(
        samples,
        copies=Copies(settings.generation.across_leaves),
        benchmarks=read_benchmark_texts(repository, settings, commit),
        same_meaning=load_close(model) if model else None,
        watch=watch,
    )
