from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pygit2
import pytest
from support.repositories import RepositoryBuilder, corrupt_object, large_zero_blob

from seedbed.errors import ExitCode, RepositoryError
from seedbed.taxonomy.leaf_files import LeafFiles
from seedbed.taxonomy.repository import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, Repository
from seedbed.taxonomy.safe_paths import is_safe_path


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    return RepositoryBuilder(tmp_path / "taxonomy repository")


def paths(repository: Repository, commit: str | None, under: str = "") -> list[str]:
    return [file.path for file in repository.files(commit, under)]


def test_open_finds_the_repository_from_a_folder_inside(builder: RepositoryBuilder) -> None:
    builder.commit_files({"a/b/c.txt": "x"})
    assert Repository.open(builder.path / "a" / "b").root == builder.path


def test_open_outside_a_repository_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="not inside a git repository") as caught:
        Repository.open(tmp_path)
    assert caught.value.hint and "git init" in caught.value.hint
    assert caught.value.exit_code == ExitCode.USAGE


def test_resolve_names_commits_and_refuses_others(builder: RepositoryBuilder) -> None:
    first = builder.commit_files({"a": "1"})
    second = builder.commit_files({"a": "2"})
    repository = Repository.open(builder.path)
    assert repository.resolve("HEAD") == repository.head() == second
    assert repository.resolve("HEAD~1") == repository.resolve(first[:10]) == first
    for wrong in ("nonsense", "--upload-pack=true", "HEAD:a", "", "HEAD~9", "0" * 40):
        with pytest.raises(RepositoryError) as caught:
            repository.resolve(wrong)
        assert caught.value.hint


def test_resolve_offers_the_remote_branch(builder: RepositoryBuilder) -> None:
    builder.set_reference("refs/remotes/origin/feature", builder.commit_files({"a": "1"}))
    with pytest.raises(RepositoryError) as caught:
        Repository.open(builder.path).resolve("feature")
    assert caught.value.hint and "origin/feature" in caught.value.hint


def test_head_of_a_repository_without_commits(builder: RepositoryBuilder) -> None:
    with pytest.raises(RepositoryError, match="no commit yet"):
        Repository.open(builder.path).head()
    assert Repository.open(builder.path).current_branch() == "main"


def test_files_of_a_commit_and_a_folder(builder: RepositoryBuilder) -> None:
    commit = builder.commit_files({"a/b/c.txt": "four", "a/b.txt": "x", "a.txt": "y"})
    repository = Repository.open(builder.path)
    assert paths(repository, commit) == ["a.txt", "a/b.txt", "a/b/c.txt"]
    assert paths(repository, commit, "a") == ["a/b.txt", "a/b/c.txt"]
    assert paths(repository, commit, "./a/b/") == ["a/b/c.txt"]
    assert paths(repository, commit, "a.txt") == ["a.txt"]
    assert paths(repository, commit, "a.txt/b") == paths(repository, commit, "none") == []
    [file] = repository.files(commit, "a/b")
    assert (file.mode, file.size, file.blob) == (REGULAR, 4, str(pygit2.hash(b"four")))


def test_working_tree_is_tracked_and_untracked_but_not_ignored_files(builder: RepositoryBuilder) -> None:
    builder.commit_files(
        {".gitignore": "*.log\nout/\n", "kept": "1", "edited": "1", "deleted": "1", "run": "1"}
    )
    (builder.path / "run").chmod(0o755)
    builder.write("edited", "22")
    builder.remove("deleted")
    builder.write("new/deep/file", "333")
    builder.write("debug.log", "x")
    builder.write("out/x", "x")
    repository = Repository.open(builder.path)
    files = {file.path: file for file in repository.files(None)}
    assert sorted(files) == [".gitignore", "edited", "kept", "new/deep/file", "run"]
    assert files["edited"].blob == str(pygit2.hash(b"22"))
    assert files["kept"].blob == str(pygit2.hash(b"1"))
    assert (files["new/deep/file"].blob, files["new/deep/file"].size) == (str(pygit2.hash(b"333")), 3)
    assert files["run"].mode == EXECUTABLE
    assert paths(repository, None, "new") == ["new/deep/file"]


def test_working_tree_blobs_are_those_that_a_commit_gives(builder: RepositoryBuilder) -> None:
    builder.git.config["core.autocrlf"] = "input"
    builder.commit_files({"a": "1\n"})
    builder.write("windows.txt", b"one\r\ntwo\r\n")
    builder.write("a", "2\n")
    repository = Repository.open(builder.path)
    before = {file.path: file.blob for file in repository.files(None)}
    after = {file.path: file.blob for file in repository.files(builder.commit())}
    assert before == after


def test_staged_and_same_size_edits_are_seen(builder: RepositoryBuilder) -> None:
    builder.commit_files({"a": "old"})
    repository = Repository.open(builder.path)
    builder.write("a", "new")
    builder.git.index.add("a")
    builder.git.index.write()
    assert repository.files(None)[0].blob == str(pygit2.hash(b"new"))
    builder.write("a", "mad")
    assert repository.files(None)[0].blob == str(pygit2.hash(b"mad"))


def test_links_are_listed_and_never_followed(builder: RepositoryBuilder, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "qna.yaml").write_text("outside")
    builder.write("plain", "x")
    (builder.path / "link").symlink_to(secret)
    (builder.path / "folder").symlink_to(tmp_path / "outside")
    commit = builder.commit()
    repository = Repository.open(builder.path)
    for revision in (None, commit):
        files = {file.path: file for file in repository.files(revision)}
        assert sorted(files) == ["folder", "link", "plain"]
        assert files["link"].mode == files["folder"].mode == SYMLINK
        assert repository.read(files["link"], commit=revision, limit=1000) == os.fsencode(secret)
        assert repository.read_path(revision, "link", 1000) is None
        assert repository.read_path(revision, "folder/qna.yaml", 1000) is None


def test_file_swapped_for_a_link_after_listing_is_not_followed(
    builder: RepositoryBuilder, tmp_path: Path
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "file").write_text("key")
    builder.commit_files({"folder/file": "x"})
    repository = Repository.open(builder.path)
    [listed] = repository.files(None)
    builder.remove("folder/file")
    (builder.path / "folder").rmdir()
    (builder.path / "folder").symlink_to(tmp_path / "secrets")
    with pytest.raises(RepositoryError, match="cannot be read"):
        repository.read(listed, commit=None, limit=1000)


def test_pipes_are_not_files(builder: RepositoryBuilder) -> None:
    builder.commit_files({"a": "1"})
    os.mkfifo(builder.path / "pipe")
    assert paths(Repository.open(builder.path), None) == ["a"]


def test_submodules_are_listed_and_not_read(builder: RepositoryBuilder) -> None:
    inner = builder.commit_files({"a": "1"})
    commit = builder.commit_tree(builder.raw_tree([(SUBMODULE, b"module", pygit2.Oid(hex=inner))]))
    repository = Repository.open(builder.path)
    [file] = repository.files(commit)
    assert (file.mode, file.blob) == (SUBMODULE, inner)
    with pytest.raises(RepositoryError, match="submodule"):
        repository.read(file, commit=commit, limit=10)


HOSTILE_NAMES = [
    b"..", b".", b".git", b".GIT", b"git~1", b"a/b", b"a\\b", b"new\nline", b"esc\x1b[2J", b"quote'\"$(true)", b"::error",
    b"-leading", b"CON", b"trailing.", b"trailing ", b"na\xefve", "\uff46ull".encode(), b"x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: ascii(name[:20]))
def test_hostile_names_are_returned_as_they_are_and_open_nothing(
    builder: RepositoryBuilder, name: bytes
) -> None:
    leaf = builder.blob(b"leaf")
    commit = builder.commit_tree(
        builder.raw_tree([(0o040000, name, builder.raw_tree([(REGULAR, b"qna.yaml", leaf)]))])
    )
    repository = Repository.open(builder.path)
    [file] = repository.files(commit)
    assert os.fsencode(file.path) == name + b"/qna.yaml"
    assert repository.read(file, commit=commit, limit=10) == b"leaf"


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "a/../../secret",
        ".git/config",
        ".GIT/config",
        "/etc/passwd",
        "a\\..\\b",
        "a//b",
        "",
        "git~1/x",
    ],
)
def test_unsafe_paths_are_not_opened(builder: RepositoryBuilder, path: str) -> None:
    builder.commit_files({"a": "1"})
    (builder.path.parent / "secret").write_text("key")
    assert not is_safe_path(path)
    assert Repository.open(builder.path).read_path(None, path, 1000) is None


def test_listing_opens_no_file_outside_the_repository(builder: RepositoryBuilder, tmp_path: Path) -> None:
    """The audit hook of the interpreter sees every `open` of Python; a child process is used, as hooks stay for good."""
    builder.write("plain", "x")
    (builder.path / "link").symlink_to("/etc/passwd")
    builder.commit()
    script = """
import os, sys
from pathlib import Path
from seedbed.taxonomy.repository import Repository
root = Path(sys.argv[1])
repository = Repository.open(root)
opened = []
sys.addaudithook(lambda event, args: opened.append(args[0]) if event == "open" else None)
for commit in (None, repository.head()):
    for file in repository.files(commit):
        repository.read(file, commit=commit, limit=10_000)
outside = [path for path in opened if isinstance(path, str) and os.path.isabs(path) and not Path(path).is_relative_to(root)]
sys.exit(f"opened {outside}" if outside else 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(builder.path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_tree_that_names_itself_many_times_is_refused(builder: RepositoryBuilder) -> None:
    """A few hundred bytes that stand for 10^12 files."""
    tree = builder.raw_tree([(REGULAR, b"f%d" % i, builder.blob(b"x")) for i in range(10)])
    for _ in range(11):
        tree = builder.raw_tree([(0o040000, b"d%d" % i, tree) for i in range(10)])
    repository = Repository.open(builder.path)
    first = builder.commit_tree(builder.raw_tree([]), reference="refs/heads/first")
    commit = builder.commit_tree(tree)
    with pytest.raises(RepositoryError, match="repeats the same folders"):
        repository.files(commit)
    with pytest.raises(RepositoryError, match="repeats the same folders"):
        repository.differing(first, commit)
    with pytest.raises(RepositoryError, match="repeats the same folders"):
        LeafFiles(repository, commit, ".").below("")


def test_deep_folders_are_refused(builder: RepositoryBuilder) -> None:
    tree = builder.raw_tree([(REGULAR, b"f", builder.blob(b"x"))])
    for _ in range(100):
        tree = builder.raw_tree([(0o040000, b"d", tree)])
    with pytest.raises(RepositoryError, match="levels of folders"):
        Repository.open(builder.path).files(builder.commit_tree(tree))


def test_limit_is_kept_without_inflating(builder: RepositoryBuilder) -> None:
    blob = large_zero_blob(builder, 20_000_000)
    commit = builder.commit_tree(builder.raw_tree([(REGULAR, b"qna.yaml", blob)]))
    repository = Repository.open(builder.path)
    [file] = repository.files(commit)
    assert file.size == 20_000_000
    with pytest.raises(RepositoryError, match="20,000,000 bytes"):
        repository.read(file, commit=commit, limit=1000)
    builder.commit_files({"large": b"x" * 2000, "exact": b"x" * 1000})
    for revision in (None, repository.head()):
        with pytest.raises(RepositoryError, match="2,000 bytes"):
            repository.read_path(revision, "large", 1000)
        assert repository.read_path(revision, "exact", 1000) == b"x" * 1000


def test_broken_and_missing_objects_are_an_error_of_that_file_alone(builder: RepositoryBuilder) -> None:
    commit = builder.commit_files({"good": "good", "broken": "broken broken", "missing": "missing"})
    git_folder = builder.path / ".git"
    corrupt_object(git_folder, str(pygit2.hash(b"broken broken")))
    missing = str(pygit2.hash(b"missing"))
    (git_folder / "objects" / missing[:2] / missing[2:]).unlink()
    repository = Repository.open(builder.path)
    files = {file.path: file for file in repository.files(commit)}
    assert files["missing"].size == -1
    assert repository.read(files["good"], commit=commit, limit=100) == b"good"
    for name in ("broken", "missing"):
        with pytest.raises(RepositoryError, match=name) as caught:
            repository.read(files[name], commit=commit, limit=100)
        assert caught.value.hint and "fsck" in caught.value.hint


def test_default_branch_prefers_remotes_and_full_names(builder: RepositoryBuilder) -> None:
    first = builder.commit_files({"a": "1"})
    repository = Repository.open(builder.path)
    assert repository.default_branch() == first
    second = builder.commit_files({"a": "2"})
    builder.set_reference("refs/tags/main", first)
    assert repository.default_branch() == second
    builder.set_reference("refs/remotes/origin/main", first)
    assert repository.default_branch() == first
    third = builder.commit_files({"a": "3"})
    builder.set_reference("refs/remotes/origin/trunk", third)
    builder.git.references.create("refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert repository.default_branch() == third
    assert repository.default_branch("main") == first
    builder.set_reference("refs/remotes/upstream/master", second)
    assert repository.default_branch("absent") is None
    assert repository.default_branch() == second


def test_merge_base_and_parents(builder: RepositoryBuilder) -> None:
    root = builder.commit_files({"a": "1"})
    builder.branch("topic")
    topic = builder.commit_files({"b": "1"})
    builder.checkout("main")
    ahead = builder.commit_files({"c": "1"})
    merge = builder.merge("topic")
    repository = Repository.open(builder.path)
    assert repository.merge_base(ahead, topic) == root
    assert repository.parents(merge) == (ahead, topic)
    assert repository.parents(root) == ()
    orphan = builder.commit_tree(builder.raw_tree([]))
    assert repository.merge_base(orphan, topic) is None


def test_shallow_clone_shows_its_edge(builder: RepositoryBuilder, tmp_path: Path) -> None:
    builder.commit_files({"a": "1"})
    builder.commit_files({"a": "2"})
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", builder.path.as_uri(), str(clone)],
        check=True,
        capture_output=True,
    )
    repository = Repository.open(clone)
    assert repository.is_shallow
    assert repository.parents(repository.head()) == ()
    assert not Repository.open(builder.path).is_shallow


def test_bare_repository_has_commits_but_no_working_files(builder: RepositoryBuilder, tmp_path: Path) -> None:
    commit = builder.commit_files({"a": "1"})
    bare = tmp_path / "bare.git"
    subprocess.run(
        ["git", "clone", "-q", "--bare", str(builder.path), str(bare)], check=True, capture_output=True
    )
    repository = Repository.open(bare)
    assert paths(repository, commit) == ["a"]
    with pytest.raises(RepositoryError, match="bare") as caught:
        repository.files(None)
    assert caught.value.hint and "--head" in caught.value.hint


def test_detached_head_has_no_branch(builder: RepositoryBuilder) -> None:
    commit = builder.commit_files({"a": "1"})
    repository = Repository.open(builder.path)
    assert repository.current_branch() == "main"
    builder.git.set_head(pygit2.Oid(hex=commit))
    assert Repository.open(builder.path).current_branch() is None
