"""The documents that a knowledge leaf cites, read by name from a git tree."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbed.documents.convert import CONVERTED_SUFFIXES, convert_document, is_converted
from seedbed.documents.fetch import MAXIMUM_BLOB_BYTES, FetchPolicy, fetch_commit, kept_commit
from seedbed.documents.patterns import checked_patterns, matches
from seedbed.errors import UsageError
from seedbed.taxonomy.leaf import DocumentSource
from seedbed.taxonomy.repository import Repository, TreeFile

TEXT_SUFFIXES = (".md", ".markdown", ".txt")
READ_SUFFIXES = (*TEXT_SUFFIXES, *CONVERTED_SUFFIXES)
MAXIMUM_BYTES = 1 << 20  # of one document of text
MAXIMUM_CONVERTED_BYTES = MAXIMUM_BLOB_BYTES  # of one document to convert
MAXIMUM_FILES = 100
CONVERTED_BY = " by "  # in a document's digest, between blob and parser
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Document:
    """One document: posix path from its repository's root, git blob id, and text.

    A PDF or HTML document is its conversion to Markdown: `parser` says what made it, `pages` the line (from 1) on which
    each page begins, where there are pages.
    """

    path: str
    blob: str
    text: str
    parser: str | None = None
    pages: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        """What determines the text: the blob id, and for a converted document its parser and that one's version."""
        return self.blob if self.parser is None else f"{self.blob}{CONVERTED_BY}{self.parser}"

    def page_of(self, line: int) -> int | None:
        """The page, from 1, that holds a line of the text; None where there are no pages."""
        return bisect_right(self.pages, line) or None

    def pages_of(self, first_line: int, last_line: int) -> tuple[int, int] | None:
        """The pages, from 1, on which a stretch of lines begins and ends; None where there are no pages."""
        first, last = self.page_of(first_line), self.page_of(last_line)
        return (first, last) if first and last else None


def read_documents(
    repository: Repository,
    *,
    commit: str | None,
    leaf_path: str,
    source: DocumentSource,
    cache: Path | None = None,
    policy: FetchPolicy | None = None,
) -> tuple[Document, ...]:
    """The documents of the leaf whose `qna.yaml` (or folder) is at `leaf_path`, sorted by path.

    Without `source.repo` the patterns start at the leaf's folder, at `commit` or in the working tree (None). With it,
    the pinned commit is fetched once into `cache` (by default `.seedbed/documents` in `repository`) and the patterns
    start at that repository's root. Only plain files with a text, PDF or HTML suffix are read, never links or
    submodules.

    Raises UsageError when a pattern is unsafe or finds nothing, when there are more than 100 documents, or when one
    cannot be read as text; MissingExtraError for PDF or HTML without the extra.
    """
    patterns = checked_patterns(source.patterns)
    cache = cache if cache is not None else default_cache(repository)
    if source.repo is None:
        folder = leaf_path.rpartition("/")[0] if leaf_path.endswith("qna.yaml") else leaf_path.rstrip("/")
        return _documents(repository, commit, folder, patterns, cache / "converted")
    fetched = fetch_commit(source.repo, source.commit or "", cache=cache, policy=policy or FetchPolicy())
    return _documents(Repository.open(fetched), source.commit, "", patterns, cache / "converted")


def documents_at_hand(repository: Repository, source: DocumentSource) -> bool:
    """Whether `read_documents` would touch no network: they are in the repository itself, or were fetched before.

    Raises UsageError when the address or the commit is not acceptable.
    """
    if source.repo is None:
        return True
    cache = default_cache(repository)
    return kept_commit(source.repo, source.commit or "", cache=cache, policy=FetchPolicy()) is not None


def default_cache(repository: Repository) -> Path:
    """Where the documents of other repositories are kept."""
    return repository.root / ".seedbed" / "documents"


def _documents(
    repository: Repository, commit: str | None, folder: str, patterns: Sequence[str], converted: Path
) -> tuple[Document, ...]:
    files = repository.files(commit, folder)
    below = len(folder) + 1 if folder else 0
    wanted: dict[str, TreeFile] = {}
    for pattern in patterns:
        found = [file for file in files if matches(file.path[below:], pattern)]
        readable = [file for file in found if file.is_regular and file.path.lower().endswith(READ_SUFFIXES)]
        if not readable:
            raise _nothing_found(pattern, folder, found, files)
        wanted.update((file.path, file) for file in readable)
    if len(wanted) > MAXIMUM_FILES:
        raise UsageError(
            f"the leaf's patterns name {len(wanted)} documents; at most {MAXIMUM_FILES} were expected",
            hint="narrow the patterns, or split the leaf",
        )
    return tuple(_document(repository, commit, wanted[path], converted) for path in sorted(wanted))


def _document(repository: Repository, commit: str | None, file: TreeFile, converted: Path) -> Document:
    name = _shown(file.path)
    limit = MAXIMUM_CONVERTED_BYTES if is_converted(file.path) else MAXIMUM_BYTES
    if file.size < 0 or file.size > limit:
        raise UsageError(
            f"the document {name} is larger than {limit:,} bytes",
            hint="split it into several documents",
        )
    raw = repository.read(file, commit=commit, limit=limit)
    if raw.startswith(_LFS_POINTER):
        raise UsageError(
            f"the document {name} is a Git LFS pointer, not the text itself",
            hint="commit the text without Git LFS",
        )
    if is_converted(file.path):
        made = convert_document(name, raw, cache=converted)
        return Document(file.path, file.blob, made.text, made.parser, made.pages)
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the document {name} is not UTF-8: byte {error.start} is {raw[error.start]:#04x}",
            hint=f"iconv -t UTF-8 {name}",
        ) from error
    if "\0" in text:
        raise UsageError(
            f"the document {name} holds a NUL character, so it is not text", hint="cite a Markdown file"
        )
    return Document(file.path, file.blob, text)


def _nothing_found(
    pattern: str, folder: str, found: Sequence[TreeFile], files: Sequence[TreeFile]
) -> UsageError:
    place = _shown(folder) if folder else "the repository"
    if found:
        reason = "only what is not read: a link, a submodule, or a file that is not " + ", ".join(
            READ_SUFFIXES
        )
        return UsageError(
            f"the document pattern {pattern!r} finds in {place} {reason}", hint="cite a Markdown file"
        )
    texts = [file.path for file in files if file.path.lower().endswith(READ_SUFFIXES)][:5]
    hint = (
        f"there are {', '.join(map(_shown, texts))}"
        if texts
        else "commit the document beside the leaf's qna.yaml"
    )
    return UsageError(f"the document pattern {pattern!r} finds nothing in {place}", hint=hint)


def _shown(path: str) -> str:
    return path if path.isprintable() else ascii(path)
