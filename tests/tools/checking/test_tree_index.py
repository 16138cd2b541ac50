"""The index of a large taxonomy: the same answers as without it, whatever became of its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.repositories import SKILL, RepositoryBuilder

from seedbed.checking.other_leaves import NEAREST_LEAVES
from seedbed.checking.postings import Asked, MemoryPostings
from seedbed.checking.questions import QuestionIndex, exact_key
from seedbed.checking.stored_postings import StoredPostings
from seedbed.checking.texts import words_of
from seedbed.checking.tree import Tree
from seedbed.taxonomy.repository import Repository

KEYS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)


@given(
    st.dictionaries(
        st.binary(min_size=1, max_size=5).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
        st.sets(KEYS, max_size=5),
        max_size=8,
    ),
    KEYS,
)
def test_stored_postings_are_those_of_memory(
    tmp_path_factory: pytest.TempPathFactory, leaves: dict[str, set[int]], other: int
) -> None:
    memory = MemoryPostings()
    for path, keys in leaves.items():
        memory.add(Asked(path, frozenset(keys)))
    stored = StoredPostings.write(
        tmp_path_factory.mktemp("index") / "deep" / "index.sqlite",
        "c",
        [Asked(path, frozenset(keys)) for path, keys in leaves.items()],
    )
    assert (stored.commit, stored.count) == ("c", len(leaves))
    for key in {other, *(key for keys in leaves.values() for key in keys)}:
        expected = sorted(memory.leaves(key, 99))
        assert sorted(map(stored.path, stored.leaves(key, 99))) == expected
        assert len(stored.leaves(key, 1)) == min(1, len(expected))


def test_a_damaged_file_or_none_is_no_index(tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    assert StoredPostings.open(file) is None
    file.write_bytes(b"")
    assert StoredPostings.open(file) is None
    StoredPostings.write(file, "c", [Asked("a", frozenset({1})), Asked("b", frozenset({1, 2}))])
    whole = file.read_bytes()
    file.write_bytes(b"no database" + whole[11:])
    assert StoredPostings.open(file) is None


def test_a_repository_that_is_only_to_be_read_has_an_index_for_a_while(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    stored = StoredPostings.write(tmp_path / "file" / "index.sqlite", "c", [Asked("a", frozenset({1}))])
    assert list(map(stored.path, stored.leaves(1, 9))) == ["a"]


def question(number: int) -> str:
    return f"How would you describe the harbour of town {number} to a pilot?"


def write_leaf(builder: RepositoryBuilder, number: int, asked: str) -> str:
    folder = f"taxonomy/compositional_skills/towns/t{number}"
    builder.write_leaf(folder, SKILL.replace("What is the capital of France?", asked), attribution=None)
    return f"{folder}/qna.yaml"


@pytest.fixture
def large(tmp_path: Path) -> RepositoryBuilder:
    """A taxonomy that is large enough for an index."""
    builder = RepositoryBuilder(tmp_path / "repository")
    for number in range(NEAREST_LEAVES + 1):
        write_leaf(builder, number, question(number))
    builder.commit()
    return builder


def same(tree: Tree, asked: str, *, whole: bool) -> list[str]:
    path = next(iter(tree.leaves))
    return [other.path for other in tree.others.same_question(asked, near=path, whole=whole)]


def test_what_changed_since_lies_on_top_of_the_index(large: RepositoryBuilder) -> None:
    repository = Repository.open(large.path)
    first = repository.head()
    assert same(Tree(repository, first, "taxonomy"), question(7), whole=True) == [
        "taxonomy/compositional_skills/towns/t7/qna.yaml"
    ]
    [index] = repository.cache_folder.iterdir()
    made = index.stat().st_mtime_ns
    edited = write_leaf(large, 7, "Where is it dry at noon?")
    added = write_leaf(large, 999, question(8))
    large.remove("taxonomy/compositional_skills/towns/t9/qna.yaml")
    second = large.commit()
    for revision in (second, None):
        tree = Tree(repository, revision, "taxonomy")
        assert same(tree, question(7), whole=False) == []
        assert same(tree, "Where is it dry at noon?", whole=False) == [edited]
        assert same(tree, question(8), whole=False) == [
            "taxonomy/compositional_skills/towns/t8/qna.yaml",
            added,
        ]
        assert same(tree, question(9), whole=False) == []
        assert list(tree.others.of_topic(("t999",), near=edited, whole=False)) == [added]
    assert index.stat().st_mtime_ns == made
    assert same(Tree(repository, first, "taxonomy"), question(9), whole=False) != []


def test_an_index_of_a_commit_that_is_gone_is_made_anew(large: RepositoryBuilder) -> None:
    repository = Repository.open(large.path)
    head = repository.head()
    same(Tree(repository, head, "taxonomy"), question(1), whole=True)
    [index] = repository.cache_folder.iterdir()
    StoredPostings.write(
        index, "0" * 40, [Asked("elsewhere/qna.yaml", frozenset({exact_key(words_of(question(1)))}))]
    )
    assert same(Tree(repository, head, "taxonomy"), question(1), whole=True) == [
        "taxonomy/compositional_skills/towns/t1/qna.yaml"
    ]


def test_a_band_that_all_share_says_nothing() -> None:
    index = QuestionIndex()
    for number in range(200):
        index.add(f"leaf{number:03}", "- question: what is the name of the thing here?\n")
    assert index.near("what is the name of the thing here?") == []
    assert len(index.same("what is the name of the thing here?")) > 10


def test_an_index_that_is_damaged_inside_is_made_anew(
    large: RepositoryBuilder, caplog: pytest.LogCaptureFixture
) -> None:
    repository = Repository.open(large.path)
    head = repository.head()
    expected = same(Tree(repository, head, "taxonomy"), question(7), whole=True)
    [index] = repository.cache_folder.iterdir()
    whole = index.read_bytes()
    index.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    assert same(Tree(repository, head, "taxonomy"), question(7), whole=True) == expected
    assert "damaged" in caplog.text
    caplog.clear()
    assert same(Tree(repository, head, "taxonomy"), question(7), whole=False) == expected
    assert not caplog.text


def test_a_leaf_that_is_alone_has_no_neighbours_and_the_others_have(large: RepositoryBuilder) -> None:
    write_leaf(large, 900, "Which colours does the lantern of a pilot boat show at night?")
    first = write_leaf(large, 901, "Why do gulls follow a plough in early spring?")
    second = write_leaf(large, 902, "Why do gulls follow a plough in the early spring?")
    head = large.commit()
    repository = Repository.open(large.path)
    tree = Tree(repository, head, "taxonomy")
    asked = "Why do gulls follow a plough in early spring?"
    for _ in range(2):  # the second time from the index as it lies on the disk
        found = {other.path for other in tree.others.near_questions(asked, near=first, whole=True)}
        assert found == {second}
        tree = Tree(repository, head, "taxonomy")
    alone = "taxonomy/compositional_skills/towns/t900/qna.yaml"
    lantern = "Which colours does the lantern of a pilot boat show at night?"
    assert list(tree.others.near_questions(lantern, near=alone, whole=True)) == []
    assert list(tree.others.same_question(asked, near=alone, whole=True)) != []
