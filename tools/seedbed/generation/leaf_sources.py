"""Leaves and their documents at one commit, ready to grow; what cannot be read is said, and stops no other leaf."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from seedbed.documents.fetch import FetchPolicy
from seedbed.documents.read_documents import Document, documents_at_hand, read_documents
from seedbed.errors import SeedbedError
from seedbed.generation.recipe import GenerationRecipe, SeedSource
from seedbed.generation.seed_pool import SeedPool
from seedbed.taxonomy.attribution import FILE_NAME, Attribution, read_attribution
from seedbed.taxonomy.leaf import Leaf
from seedbed.taxonomy.leaf_files import LeafFiles, leaf_name
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository, TreeFile

_ATTRIBUTION_LIMIT = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class LeafSource:
    """A leaf as it stands at a commit; without `leaf`, `problem` says why.

    `fetched` is false for a leaf whose documents stand in another repository and were not asked for: `documents` is
    then empty. The leaf pins their commit, so that its blob alone says which they are.
    """

    name: str
    path: str
    blob: str
    leaf: Leaf | None
    documents: tuple[Document, ...] = ()
    problem: str | None = None
    fetched: bool = True

    @property
    def document_blobs(self) -> tuple[str, ...]:
        return tuple(document.digest for document in self.documents)


def read_sources(
    repository: Repository,
    *,
    commit: str | None,
    taxonomy_root: str,
    names: Iterable[str] | None = None,
    fetch: bool = True,
    policy: FetchPolicy | None = None,
) -> tuple[LeafSource, ...]:
    """Every leaf of a commit (None is the working tree), or those of these names, in the order of their paths.

    Without `fetch` the network is left alone (see `LeafSource.fetched`); with it, documents come as `policy` allows.
    """
    tree = LeafFiles(repository, commit, taxonomy_root)
    files = tree.all() if names is None else _named(tree, frozenset(names))
    return tuple(
        read_source(repository, file, commit=commit, taxonomy_root=taxonomy_root, fetch=fetch, policy=policy)
        for file in files
    )


def read_pool(
    repository: Repository, recipe: GenerationRecipe, *, commit: str, taxonomy_root: str
) -> SeedPool | None:
    """The seeds of every leaf at a commit, for a recipe that draws from whole branches; None for any other."""
    if recipe.seeds_from is SeedSource.LEAF:
        return None
    sources = read_sources(repository, commit=commit, taxonomy_root=taxonomy_root, fetch=False)
    leaves = (source.leaf for source in sources if source.leaf is not None)
    return SeedPool.of(leaves, held_out=recipe.held_out.seeds)


def _named(tree: LeafFiles, names: frozenset[str]) -> list[TreeFile]:
    """The leaves of these names; only their folders are looked at."""
    folders = {f"{tree.root}/{name}".strip("/") if name != "." else tree.root for name in names}
    files = (file for folder in folders for file in tree.directly_in(folder))
    return sorted(files, key=lambda file: file.path)


def read_source(
    repository: Repository,
    file: TreeFile,
    *,
    commit: str | None,
    taxonomy_root: str,
    fetch: bool = True,
    policy: FetchPolicy | None = None,
) -> LeafSource:
    """One leaf with the documents that it cites."""
    name = leaf_name(file.path, taxonomy_root)
    try:
        raw = repository.read(file, commit=commit, limit=MAXIMUM_BYTES)
        found = read_leaf(raw, path=file.path, name=name, blob=file.blob)
        if found.leaf is None:
            first = found.faults[0].message if found.faults else "it is not a leaf"
            return LeafSource(
                name, file.path, file.blob, None, (), f"{first}; run `seedbed check {file.path}`"
            )
        cited = found.leaf.document
        if cited is not None and not fetch and not documents_at_hand(repository, cited):
            return LeafSource(name, file.path, file.blob, found.leaf, fetched=False)
        documents = (
            read_documents(repository, commit=commit, leaf_path=file.path, source=cited, policy=policy)
            if cited is not None
            else ()
        )
    except SeedbedError as error:
        problem = f"{error.message}; {error.hint}" if error.hint else error.message
        return LeafSource(name, file.path, file.blob, None, (), problem)
    return LeafSource(name, file.path, file.blob, found.leaf, documents)


def read_attribution_beside(repository: Repository, commit: str, path: str) -> Attribution | None:
    """Who a leaf's work is by, from the file beside its `path` at a commit; None where there is none."""
    raw = repository.read_path(commit, f"{path.rpartition('/')[0]}/{FILE_NAME}", _ATTRIBUTION_LIMIT)
    return None if raw is None else read_attribution(raw.decode("utf-8", "replace"))
