from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.repositories import SKILL, RepositoryBuilder

from seedbed.errors import RepositoryError
from seedbed.taxonomy.changes import ChangeKind, LeafChange, all_leaves, changed_leaves, find_base, leaf_name
from seedbed.taxonomy.leaf_files import LeafFiles
from seedbed.taxonomy.repository import Repository

PULL_REQUEST = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}
CAPITALS = "taxonomy/compositional_skills/geography/capitals"
RIVERS = "taxonomy/knowledge/geography/rivers"


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(tmp_path / "repository")
    made.write_leaf(CAPITALS)
    made.write_leaf(RIVERS)
    made.write(f"{RIVERS}/rivers.md", "# Rivers\n")
    made.commit("first")
    return made


def changes(
    builder: RepositoryBuilder, base: str = "HEAD", head: str | None = None, root: str = "taxonomy"
) -> list[LeafChange]:
    repository = Repository.open(builder.path)
    resolved = repository.resolve(head) if head else None
    return list(changed_leaves(repository, base=repository.resolve(base), head=resolved, taxonomy_root=root))


def summary(found: list[LeafChange]) -> list[tuple[str, str]]:
    return [(change.name, change.kind.value) for change in found]


def test_nothing_changed(builder: RepositoryBuilder) -> None:
    builder.write("README.md", "not a leaf")
    assert changes(builder) == []


def test_added_edited_and_removed(builder: RepositoryBuilder) -> None:
    builder.write_leaf("taxonomy/foundational_skills/logic/negation", SKILL.replace("capital", "opposite"))
    builder.write(f"{CAPITALS}/qna.yaml", SKILL.replace("Oslo", "Bergen"))
    for name in ("qna.yaml", "attribution.txt", "rivers.md"):
        builder.remove(f"{RIVERS}/{name}")
    found = changes(builder)
    assert summary(found) == [
        ("compositional_skills/geography/capitals", "edited"),
        ("foundational_skills/logic/negation", "renamed"),
    ]  # the removed leaf and the added one share most lines, and so are one leaf that moved
    builder.write("taxonomy/foundational_skills/logic/negation/qna.yaml", "version: 3\nseed_examples: []\n")
    assert summary(changes(builder)) == [
        ("compositional_skills/geography/capitals", "edited"),
        ("foundational_skills/logic/negation", "added"),
        ("knowledge/geography/rivers", "removed"),
    ]
    removed = changes(builder)[2]
    assert removed.blob is None and removed.old_path == removed.path == f"{RIVERS}/qna.yaml"
    assert summary(changes(builder, "HEAD", builder.commit())[:0]) == []
    assert summary(changes(builder, "HEAD~1", "HEAD")) == [
        ("compositional_skills/geography/capitals", "edited"),
        ("foundational_skills/logic/negation", "added"),
        ("knowledge/geography/rivers", "removed"),
    ]


@pytest.mark.parametrize("file", ["attribution.txt", "rivers.md", "chapters/one.md"])
def test_other_files_of_the_folder_count(builder: RepositoryBuilder, file: str) -> None:
    builder.write(f"{RIVERS}/{file}", "changed")
    [change] = changes(builder)
    assert (change.name, change.kind) == ("knowledge/geography/rivers", ChangeKind.EDITED)
    assert change.blob == change.old_blob is not None


def test_removed_attribution_edits_its_leaf(builder: RepositoryBuilder) -> None:
    builder.remove(f"{CAPITALS}/attribution.txt")
    assert summary(changes(builder)) == [("compositional_skills/geography/capitals", "edited")]


def test_mode_counts(builder: RepositoryBuilder) -> None:
    (builder.path / CAPITALS / "qna.yaml").chmod(0o755)
    assert summary(changes(builder)) == [("compositional_skills/geography/capitals", "edited")]


def test_file_beside_no_leaf_changes_no_leaf(builder: RepositoryBuilder) -> None:
    builder.write("taxonomy/knowledge/notes.md", "x")
    assert changes(builder) == []


def test_rename_with_and_without_edit(builder: RepositoryBuilder) -> None:
    for name in ("qna.yaml", "attribution.txt"):
        builder.remove(f"{CAPITALS}/{name}")
    builder.write_leaf("taxonomy/compositional_skills/places/capitals", SKILL.replace("Lima", "Cuzco"))
    [change] = changes(builder)
    assert change.kind == ChangeKind.RENAMED
    assert change.old_path == f"{CAPITALS}/qna.yaml"
    assert change.name == "compositional_skills/places/capitals"
    assert change.blob != change.old_blob


def test_rename_pairs_equal_bytes_before_similar_ones(builder: RepositoryBuilder) -> None:
    builder.write(f"{RIVERS}/qna.yaml", SKILL.replace("capital", "river"))
    builder.commit()
    for folder in (CAPITALS, RIVERS):
        builder.remove(f"{folder}/qna.yaml")
        builder.remove(f"{folder}/attribution.txt")
    builder.write_leaf("taxonomy/knowledge/b", SKILL)
    builder.write_leaf("taxonomy/knowledge/a", SKILL.replace("capital", "river").replace("Lima", "Ucayali"))
    assert [(change.path, change.old_path) for change in changes(builder)] == [
        ("taxonomy/knowledge/a/qna.yaml", f"{RIVERS}/qna.yaml"),
        ("taxonomy/knowledge/b/qna.yaml", f"{CAPITALS}/qna.yaml"),
    ]


@pytest.mark.parametrize("name", ["qna.yml", "QNA.yaml", "Qna.YML", "capitals.yaml"])
def test_misnamed_leaf_is_seen_under_its_own_path(builder: RepositoryBuilder, name: str) -> None:
    builder.write(f"taxonomy/compositional_skills/new/{name}", "version: 3\n")
    [change] = changes(builder)
    assert (change.path, change.kind) == (f"taxonomy/compositional_skills/new/{name}", ChangeKind.ADDED)


def test_yaml_beside_a_leaf_is_no_leaf(builder: RepositoryBuilder) -> None:
    builder.write(f"{RIVERS}/tables/lengths.yaml", "rhine: 1233")
    assert [change.path for change in changes(builder)] == [f"{RIVERS}/qna.yaml"]


def test_leaf_outside_the_branches_is_seen(builder: RepositoryBuilder) -> None:
    builder.write_leaf("taxonomy/poems/haiku", "version: 3\n")
    builder.write("taxonomy/loose.yaml", "version: 3\nseed_examples: []\n")
    builder.write("taxonomy/settings.yaml", "colour: red\n")
    builder.write("taxonomy/.github/qna.yaml", "x")
    assert [change.path for change in changes(builder)] == [
        "taxonomy/loose.yaml",
        "taxonomy/poems/haiku/qna.yaml",
    ]


def test_link_in_the_place_of_a_leaf_is_an_edit(builder: RepositoryBuilder) -> None:
    builder.remove(f"{CAPITALS}/qna.yaml")
    (builder.path / CAPITALS / "qna.yaml").symlink_to("/etc/passwd")
    assert summary(changes(builder)) == [("compositional_skills/geography/capitals", "edited")]


def test_taxonomy_at_the_root_of_the_repository(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "repository")
    builder.write_leaf("knowledge/a")
    builder.commit()
    builder.write_leaf("compositional_skills/b", "version: 3\n")
    assert summary(changes(builder, root=".")) == [("compositional_skills/b", "added")]
    repository = Repository.open(builder.path)
    found = all_leaves(repository, revision=None, taxonomy_root=".")
    assert [file.path for file in found] == ["compositional_skills/b/qna.yaml", "knowledge/a/qna.yaml"]
    assert [file.path for file in all_leaves(repository, revision=builder.head, taxonomy_root=".")] == [
        "knowledge/a/qna.yaml"
    ]


def test_leaf_names() -> None:
    assert leaf_name("taxonomy/knowledge/a/b/qna.yaml", "taxonomy") == "knowledge/a/b"
    assert leaf_name("taxonomy/knowledge/a/qna.yaml", "./taxonomy/") == "knowledge/a"
    assert leaf_name("knowledge/a/qna.yaml", ".") == "knowledge/a"
    assert leaf_name("loose.yaml", ".") == "."


NAMES = st.sampled_from(
    [f"taxonomy/{branch}/{leaf}" for branch in ("knowledge", "compositional_skills") for leaf in "abc"]
)
TREES = st.dictionaries(
    NAMES, st.sampled_from([SKILL, SKILL.replace("Lima", "Cuzco"), "version: 3\n", "a: 1\nb: 2\n"])
)


@given(TREES, TREES)
def test_changes_lead_from_base_to_head(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, str], new: dict[str, str]
) -> None:
    """Law: the changes, applied to the leaves of the base, give the leaves of the head; each leaf is in one change."""
    builder = RepositoryBuilder(tmp_path_factory.mktemp("law") / "repository")
    builder.write("README", "x")
    for tree in (old, new):
        for path in builder.path.rglob("qna.yaml"):
            path.unlink()
        for folder, content in tree.items():
            builder.write_leaf(folder, content, attribution=None)
        builder.commit()
    repository = Repository.open(builder.path)
    leaves = {
        revision: {
            f.path: f.blob
            for f in all_leaves(repository, revision=repository.resolve(revision), taxonomy_root="taxonomy")
        }
        for revision in ("HEAD~1", "HEAD")
    }
    found = changes(builder, "HEAD~1", "HEAD")
    applied = dict(leaves["HEAD~1"])
    for change in found:
        assert change.kind is not ChangeKind.UNCHANGED
        if change.old_path is not None:
            assert applied.pop(change.old_path) == change.old_blob
    for change in found:
        if change.blob is not None:
            applied[change.path] = change.blob
    assert applied == leaves["HEAD"]


def test_base_given_by_name_is_where_the_branch_began(builder: RepositoryBuilder) -> None:
    began = builder.head
    builder.branch("topic")
    topic = builder.commit_files({"a": "1"})
    builder.checkout("main")
    builder.commit_files({"b": "1"})
    builder.checkout("topic")
    repository = Repository.open(builder.path)
    found = find_base(repository, base="main", head=None, environment={})
    assert (found.base, found.head) == (began, None)
    assert "--base main" in found.rung
    assert find_base(repository, base=began, head="topic", environment={}).head == topic


def test_base_of_a_branch_is_the_merge_base_with_the_default_branch(builder: RepositoryBuilder) -> None:
    began = builder.head
    builder.branch("topic")
    builder.commit_files({"a": "1"})
    found = find_base(Repository.open(builder.path), base=None, head=None, environment={})
    assert (found.base, found.rung) == (began, "merge base with the default branch")


def test_base_on_the_default_branch_is_its_head(builder: RepositoryBuilder) -> None:
    found = find_base(Repository.open(builder.path), base=None, head=None, environment={})
    assert found.base == builder.head
    assert found.rung.startswith("HEAD")


def test_base_of_unpushed_commits_is_what_the_remote_has(builder: RepositoryBuilder) -> None:
    pushed = builder.head
    builder.set_reference("refs/remotes/origin/main", pushed)
    builder.commit_files({"a": "1"})
    assert find_base(Repository.open(builder.path), base=None, head=None, environment={}).base == pushed


def test_base_under_github_is_the_first_parent_of_the_merge(builder: RepositoryBuilder) -> None:
    builder.branch("topic")
    builder.commit_files({"a": "1"})
    builder.checkout("main")
    moved = builder.commit_files({"b": "1"})
    builder.merge("topic")
    repository = Repository.open(builder.path)
    assert find_base(repository, base=None, head=None, environment=PULL_REQUEST).base == moved
    queue = {**PULL_REQUEST, "GITHUB_EVENT_NAME": "merge_group"}
    assert find_base(repository, base=None, head=None, environment=queue).base == moved
    assert find_base(repository, base=None, head=None, environment={}).base == repository.head()


def test_base_under_github_without_a_merge_is_the_target_branch(builder: RepositoryBuilder) -> None:
    release = builder.head
    builder.set_reference("refs/remotes/origin/release", release)
    builder.commit_files({"b": "1"})
    builder.branch("topic")
    builder.commit_files({"a": "1"})
    environment = {**PULL_REQUEST, "GITHUB_BASE_REF": "release"}
    found = find_base(Repository.open(builder.path), base=None, head=None, environment=environment)
    assert found.base == release
    assert "release" in found.rung


def test_base_after_a_push_is_what_stood_before(builder: RepositoryBuilder) -> None:
    before = builder.head
    builder.commit_files({"a": "1"})
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"}
    assert (
        find_base(Repository.open(builder.path), base=None, head=None, environment=environment).base == before
    )


def clone_shallow(builder: RepositoryBuilder, target: Path, branch: str) -> Repository:
    command = [
        "git",
        "clone",
        "-q",
        "--depth",
        "1",
        "--no-single-branch",
        "-b",
        branch,
        builder.path.as_uri(),
        str(target),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return Repository.open(target)


def test_shallow_clone_is_an_error_that_says_how_to_mend_it(
    builder: RepositoryBuilder, tmp_path: Path
) -> None:
    builder.branch("topic")
    builder.commit_files({"a": "1"})
    builder.checkout("main")
    builder.commit_files({"b": "1"})
    builder.merge("topic")
    with pytest.raises(RepositoryError) as caught:
        find_base(clone_shallow(builder, tmp_path / "one", "topic"), base=None, head=None, environment={})
    assert caught.value.hint and "--unshallow" in caught.value.hint
    with pytest.raises(RepositoryError) as caught:
        find_base(
            clone_shallow(builder, tmp_path / "two", "main"), base=None, head=None, environment=PULL_REQUEST
        )
    assert caught.value.hint and "fetch-depth" in caught.value.hint


def test_no_default_branch_and_no_common_history_are_errors(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "repository", branch="trunk")
    builder.commit_files({"a": "1"})
    repository = Repository.open(builder.path)
    with pytest.raises(RepositoryError, match="no default branch") as caught:
        find_base(repository, base=None, head=None, environment={})
    assert caught.value.hint and "--base" in caught.value.hint
    orphan = builder.commit_tree(builder.raw_tree([]), reference="refs/heads/main")
    with pytest.raises(RepositoryError, match="shares no history"):
        find_base(repository, base=None, head=None, environment={})
    assert find_base(repository, base="main", head=None, environment={}).base == orphan
    assert (
        find_base(repository, base=None, head=None, environment={}, default_branch="trunk").base
        == builder.head
    )


PLACES = ("qna.yaml", "notes.yaml", "attribution.txt", "data/list.yml")
FOLDERS = ("", "knowledge/", "knowledge/a/", "knowledge/a/b/", "poems/", "poems/c/")
SPARSE_TREES = st.dictionaries(
    st.sampled_from([f"{folder}{place}" for folder in FOLDERS for place in PLACES]),
    st.sampled_from([SKILL, "version: 3\n", "seed_examples: []\n"]),
    max_size=8,
)


@given(SPARSE_TREES, SPARSE_TREES, st.sampled_from(["taxonomy", "."]))
def test_changes_by_folder_are_those_of_the_whole_trees(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, str], new: dict[str, str], root: str
) -> None:
    """Law: which leaves there are, and which changed, does not depend on looking at the trees folder by folder."""
    builder = RepositoryBuilder(tmp_path_factory.mktemp("law") / "repository")
    commits = []
    for tree in (old, new):
        for path in [path for path in builder.path.rglob("*") if path.is_file() and ".git" not in path.parts]:
            path.unlink()
        for path, content in tree.items():
            builder.write(f"{root}/{path}", content)
        builder.write("README", str(len(commits)))
        commits.append(builder.commit())
    repository = Repository.open(builder.path)
    before, after = (
        {file.path: file for file in all_leaves(repository, revision=commit, taxonomy_root=root)}
        for commit in commits
    )
    found = changed_leaves(repository, base=commits[0], head=commits[1], taxonomy_root=root)
    assert {change.path for change in found if change.blob is not None} >= after.keys() - before.keys()
    assert {
        change.old_path for change in found if change.old_path is not None
    } >= before.keys() - after.keys()
    for change in found:
        assert change.blob is None or after[change.path].blob == change.blob
        assert change.old_path is None or before[change.old_path].blob == change.old_blob
    edited = {change.path for change in found if change.kind is ChangeKind.EDITED}
    assert edited <= before.keys() & after.keys()
    assert edited >= {path for path in before.keys() & after.keys() if before[path].blob != after[path].blob}
    assert found == changed_leaves(repository, base=commits[0], head=None, taxonomy_root=root)
    for revision, leaves in ((commits[1], after), (None, after)):
        places = LeafFiles(repository, revision, root)
        assert {path for path in (*old, *new) if places.at(f"{root}/{path}".removeprefix("./"))} == {
            path.removeprefix("taxonomy/") for path in leaves
        }


def test_leaf_in_the_root_or_a_branch_hides_nothing_deeper(builder: RepositoryBuilder) -> None:
    builder.write("taxonomy/qna.yaml", SKILL)
    builder.write("taxonomy/knowledge/qna.yaml", SKILL)
    builder.write("taxonomy/beside.yaml", "a: 1\n")
    builder.write("taxonomy/knowledge/sea/tides.yaml", SKILL)
    builder.write("taxonomy/poems/haiku.yaml", SKILL)
    builder.write("taxonomy/compositional_skills/new/leaf.yml", SKILL)
    assert [change.path for change in changes(builder)] == [
        "taxonomy/compositional_skills/new/leaf.yml",
        "taxonomy/knowledge/qna.yaml",
        "taxonomy/knowledge/sea/tides.yaml",
        "taxonomy/poems/haiku.yaml",
        "taxonomy/qna.yaml",
    ]
    builder.commit()
    builder.write("taxonomy/knowledge/sea/attribution.txt", "x")
    builder.write("taxonomy/knowledge/notes.md", "x")
    assert [change.path for change in changes(builder)] == [
        "taxonomy/knowledge/qna.yaml",
        "taxonomy/knowledge/sea/tides.yaml",
    ]


def test_of_two_entries_of_one_name_neither_is_read(builder: RepositoryBuilder) -> None:
    blobs = [builder.blob(b"a"), builder.blob(b"b")]
    leaf = builder.raw_tree([(0o100644, b"qna.yaml", blob) for blob in blobs])
    top = leaf
    for name in (b"a", b"knowledge", b"taxonomy"):
        top = builder.raw_tree([(0o40000, name, top)])
    hostile = builder.commit_tree(top)
    repository = Repository.open(builder.path)
    changed = changed_leaves(repository, base=builder.head, head=hostile, taxonomy_root="taxonomy")
    assert "knowledge/a" in [change.name for change in changed]
    [file] = repository.files(hostile)
    with pytest.raises(RepositoryError, match="two entries of the same name"):
        repository.read(file, commit=hostile, limit=10)
