from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import RepositoryBuilder

from seedbed.documents.read_documents import MAXIMUM_BYTES, read_documents
from seedbed.errors import UsageError
from seedbed.taxonomy.leaf import DocumentSource
from seedbed.taxonomy.repository import Repository

LEAF = "taxonomy/knowledge/harbours/velm"
TEXT = "# Velm\n\nTwo moles, caf\u00e9.\n"


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    builder = RepositoryBuilder(tmp_path)
    builder.write_leaf(LEAF)
    builder.write(f"{LEAF}/velm.md", TEXT)
    builder.write(f"{LEAF}/rules/signals.md", "# Signals\n")
    builder.write("taxonomy/secret.md", "outside the leaf")
    return builder


def read(builder: RepositoryBuilder, *patterns: str, commit: str | None = None) -> dict[str, str]:
    found = read_documents(
        Repository.open(builder.path),
        commit=commit,
        leaf_path=f"{LEAF}/qna.yaml",
        source=DocumentSource(patterns),
    )
    assert all(len(document.blob) == 40 for document in found)
    return {document.path.removeprefix(f"{LEAF}/"): document.text for document in found}


@pytest.mark.parametrize("committed", [True, False])
def test_patterns_start_at_the_leafs_folder(builder: RepositoryBuilder, committed: bool) -> None:
    commit = builder.commit() if committed else None
    assert read(builder, "velm.md", commit=commit) == {"velm.md": TEXT}
    assert list(read(builder, "**/*.md", commit=commit)) == ["rules/signals.md", "velm.md"]
    assert list(read(builder, "velm.md", "*.md", commit=commit)) == ["velm.md"]


def test_the_commit_is_read_and_not_the_working_tree(builder: RepositoryBuilder) -> None:
    commit = builder.commit()
    builder.write(f"{LEAF}/velm.md", "changed")
    assert read(builder, "velm.md", commit=commit) == {"velm.md": TEXT}
    assert read(builder, "velm.md") == {"velm.md": "changed"}


def test_the_leafs_folder_names_the_leaf_as_well(builder: RepositoryBuilder) -> None:
    source = DocumentSource(("velm.md",))
    [document] = read_documents(Repository.open(builder.path), commit=None, leaf_path=LEAF, source=source)
    assert document.path == f"{LEAF}/velm.md"


@pytest.mark.parametrize("committed", [True, False])
def test_a_link_is_never_followed(builder: RepositoryBuilder, committed: bool) -> None:
    (builder.path / LEAF / "leak.md").symlink_to("/etc/passwd")
    (builder.path / LEAF / "near.md").symlink_to("velm.md")
    (builder.path / LEAF / "up").symlink_to("../../../..")
    commit = builder.commit() if committed else None
    with pytest.raises(UsageError, match="a link"):
        read(builder, "leak.md", commit=commit)
    assert list(read(builder, "*.md", commit=commit)) == ["velm.md"]
    with pytest.raises(UsageError, match="finds nothing"):
        read(builder, "up/taxonomy/secret.md", commit=commit)


@pytest.mark.parametrize("pattern", ["../../../secret.md", "/etc/hosts", "**/.git/config"])
def test_a_pattern_that_leaves_the_leaf_is_refused(builder: RepositoryBuilder, pattern: str) -> None:
    with pytest.raises(UsageError, match="the document pattern"):
        read(builder, pattern)


def test_a_pattern_that_finds_nothing_names_what_there_is(builder: RepositoryBuilder) -> None:
    with pytest.raises(UsageError, match=r"'velmm\.md' finds nothing in taxonomy/knowledge") as raised:
        read(builder, "velmm.md")
    assert raised.value.hint is not None and f"{LEAF}/velm.md" in raised.value.hint


def test_only_text_is_read(builder: RepositoryBuilder) -> None:
    builder.write(f"{LEAF}/plan.docx", b"PK")
    with pytest.raises(UsageError, match=r"not \.md.*\.pdf"):
        read(builder, "plan.docx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"caf\xe9", "is not UTF-8: byte 3 is 0xe9"),
        (b"a\0b", "NUL"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"x" * (MAXIMUM_BYTES + 1), "larger than 1,048,576 bytes"),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_what_is_not_a_document_is_refused(
    builder: RepositoryBuilder, content: bytes, message: str, committed: bool
) -> None:
    builder.write(f"{LEAF}/odd.md", content)
    commit = builder.commit() if committed else None
    with pytest.raises(UsageError, match=message):
        read(builder, "odd.md", commit=commit)


def test_a_byte_order_mark_is_not_part_of_the_text(builder: RepositoryBuilder) -> None:
    builder.write(f"{LEAF}/marked.md", b"\xef\xbb\xbf# Velm\n")
    assert read(builder, "marked.md") == {"marked.md": "# Velm\n"}


def test_a_hundred_documents_are_enough(builder: RepositoryBuilder) -> None:
    for index in range(101):
        builder.write(f"{LEAF}/many/{index}.md", "text")
    with pytest.raises(UsageError, match="name 101 documents; at most 100"):
        read(builder, "many/*.md")
