"""Git trees that no honest tool writes: names, modes, links and objects. Rows G1 to G18 of the threat model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pygit2
import pytest
from support.hostile_trees import (
    EXECUTABLE,
    FILE,
    FOLDER,
    LINK,
    OTHER_LEAF,
    SUBMODULE,
    Entry,
    assert_contained,
    assert_told,
    at,
    check_tree,
    leaf,
    taxonomy,
    write_tree,
)
from support.repositories import SKILL, RepositoryBuilder, corrupt_object, large_zero_blob

from seedbed.generation.project import open_project
from seedbed.site.build import build_site


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> RepositoryBuilder:
    return RepositoryBuilder(tmp_path_factory.mktemp("hostile"))


UNSAFE = (
    b"..", b".", b".git", b".GIT", b"git~1", b".git ", b".git.", b".g\xe2\x80\x8cit", b"a\\b", b"..\\..", b"c:", b"a:stream",
    b"con", b"CON", b"nul", b"aux", b"com1", b"lpt9", b"con.txt", b"trailing.", b"trailing ", b"a\nb", b"a\rb", b"a\tb",
    b"a\x1b[31mb", b"a\x1b]52;c;aGk=\x07", b"\x7f", b"a\n::error::x", b"a\n##[error]x", b"\xff\xfe", b"caf\xe9",
    b"\xed\xa0\x80", "\u202egpj.exe".encode(), "a\u200bb".encode(), "a\u2066b".encode(), "\ufeffa".encode(), b"\xc2\x9b31m",
)  # fmt: skip
"""Folder names that some system cannot check out, or that say something else than they show: SB202."""

UNTIDY = (
    b"-rf x", b"--upload-pack=touch canary", b"$(touch canary)", b"`touch canary`", b";touch canary", b"a'b\"c", b"|x", b"*",
    b"a,line=1", b"%0A", b"a%0A", b"${{ secrets.X }}", b"<img src=x onerror=alert(1)>", b"@everyone", b"[a](http", b"#1", b"UPPER",
    "caf\u00e9".encode(), "cafe\u0301".encode(), "\u0430dmin".encode(), "\u6771\u4eac".encode(), b"=cmd", b"a b", b"~", b"!!",
)  # fmt: skip
"""Folder names that are only untidy: SB203, a warning."""


def cases() -> Iterator[tuple[str, Mapping[bytes, Entry], tuple[str, ...]]]:
    """Name, what lies beside the other leaf, and the codes that must be told."""
    for name in UNSAFE:
        if name not in (b"", b"."):
            yield f"folder {name!r}", {name: leaf()}, ("SB202",)
    for name in UNTIDY:
        yield f"folder {name!r}", {name: leaf()}, ("SB203",)
    for target in (
        b"/etc/passwd",
        b"../zebras/qna.yaml",
        b"qna.yaml",
        b"/dev/zero",
        b"x" * 5_000,
        b"\xff",
        b".",
    ):
        yield f"link to {target[:20]!r}", {b"victim": leaf((LINK, target))}, ("SB204",)
    yield "submodule as leaf", {b"victim": leaf((SUBMODULE, b""))}, ("SB204",)
    yield "executable leaf", {b"victim": leaf((EXECUTABLE, SKILL.encode()))}, ("SB205",)
    yield "group-writable leaf", {b"victim": leaf((0o100664, SKILL.encode()))}, ()
    yield "attribution as a link", {b"victim": leaf(attribution=(LINK, b"/etc/passwd"))}, ("SB204",)
    yield "attribution as a submodule", {b"victim": leaf(attribution=(SUBMODULE, b""))}, ("SB204",)
    yield "attribution as a folder", {b"victim": leaf(attribution={b"x": b"y"})}, ("SB211",)
    yield "attribution of zero bytes", {b"victim": leaf(attribution=b"")}, ("SB211",)
    yield "attribution that is no text", {b"victim": leaf(attribution=bytes(range(256)))}, ("SB212",)
    yield "leaf as a folder", {b"victim": {b"qna.yaml": {b"qna.yaml": SKILL.encode()}}}, ("SB211",)
    yield "folder as a link", {b"victim": (LINK, b"/etc")}, ("SB208",)
    yield "folder as a submodule", {b"victim": (SUBMODULE, b"")}, ("SB208",)
    yield "very long name", {b"n" * 5_000: leaf()}, ("SB203",)
    yield "names of 255 bytes", {b"n" * 255: leaf()}, ("SB203",)
    yield "thirty folders", at(b"/".join([b"d"] * 30), leaf()), ("SB203",)
    yield "name of another extension", {b"victim": {b"qna.yml": SKILL.encode()}}, ("SB201", "SB211")
    yield (
        "name in upper case",
        {b"victim": {b"QNA.yaml": SKILL.encode(), b"attribution.txt": b"x"}},
        ("SB201",),
    )
    yield "an archive as leaf", {b"victim": leaf(b"PK\x03\x04\x00\x00")}, ("SB102",)


CASES = list(cases())


@pytest.mark.parametrize(("skills", "codes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_hostile_tree(
    builder: RepositoryBuilder, skills: Mapping[bytes, Entry], codes: tuple[str, ...]
) -> None:
    checked = check_tree(builder, taxonomy(skills))
    assert_contained(checked, builder.path)
    assert_told(checked, codes)


def test_two_entries_of_one_name(builder: RepositoryBuilder) -> None:
    """A tree may name a file twice, and what is checked would not be what git takes: neither is read."""
    good, bad = builder.blob(SKILL.encode()), builder.blob(b"[]\n")
    victim = builder.raw_tree([(FILE, b"qna.yaml", good), (FILE, b"qna.yaml", bad)])
    checked = check_tree(builder, taxonomy({b"victim": victim}))
    assert_contained(checked, builder.path)
    assert_told(checked, ("SB204", "SB211"))


def test_two_folders_of_one_name(builder: RepositoryBuilder) -> None:
    one, other = write_tree(builder, leaf()), write_tree(builder, leaf(b"[]\n"))
    skills = builder.raw_tree(
        [
            (FOLDER, b"victim", one),
            (FOLDER, b"victim", other),
            (FOLDER, b"zebras", write_tree(builder, leaf(OTHER_LEAF))),
        ]
    )
    checked = check_tree(builder, {b"taxonomy": {b"compositional_skills": skills}})
    assert_contained(checked, builder.path)
    assert_told(checked, ("SB208",))


def test_a_slash_inside_a_name(builder: RepositoryBuilder) -> None:
    victim = builder.raw_tree([(FILE, b"../../../../etc/qna.yaml", builder.blob(SKILL.encode()))])
    checked = check_tree(builder, taxonomy({b"victim": victim}))
    assert_contained(checked, builder.path)
    assert "SB202" in checked.codes


def test_hundreds_of_equal_leaves(builder: RepositoryBuilder) -> None:
    """G15: one blob under many names is one finding for each of them."""
    one = write_tree(builder, leaf(b"[]\n"))
    checked = check_tree(builder, taxonomy({b"l%04d" % number: one for number in range(300)}))
    assert_contained(checked, builder.path)
    assert_told(checked, ("SB108",) * 300)


def test_a_blob_that_is_small_until_it_is_inflated(builder: RepositoryBuilder) -> None:
    bomb = large_zero_blob(builder, 64 * 1024 * 1024)
    victim = builder.raw_tree([(FILE, b"qna.yaml", bomb)])
    checked = check_tree(builder, taxonomy({b"victim": victim}))
    assert_contained(checked, builder.path)
    assert_told(checked, ("SB103", "SB211"))


def test_an_object_that_is_not_there(builder: RepositoryBuilder) -> None:
    victim = builder.raw_tree([(FILE, b"qna.yaml", pygit2.Oid(hex="2" * 40))])
    checked = check_tree(builder, taxonomy({b"victim": victim}))
    assert_contained(checked, builder.path)
    assert_told(checked, ("SB109", "SB211"))


def test_a_tree_where_a_file_should_be(builder: RepositoryBuilder) -> None:
    folder = write_tree(builder, {b"x": b"y"})
    victim = builder.raw_tree([(FILE, b"qna.yaml", folder)])
    checked = check_tree(builder, taxonomy({b"victim": victim}))
    assert_contained(checked, builder.path)
    assert_told(checked, ("SB109", "SB211"))


def test_an_object_with_a_flipped_byte(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    blob = builder.blob(SKILL.encode() + b"# to be broken\n")
    victim = builder.raw_tree([(FILE, b"qna.yaml", blob)])
    corrupt_object(builder.path / ".git", str(blob))
    checked = check_tree(builder, taxonomy({b"victim": victim}))
    assert_contained(checked, builder.path)
    assert_told(checked, ("SB109", "SB211"))


@pytest.mark.parametrize(
    "setting",
    ["core.fsmonitor", "core.hooksPath", "core.pager", "diff.external", "core.editor", "core.sshCommand"],
)
def test_no_command_of_the_repository_runs(tmp_path: Path, setting: str) -> None:
    """G19: a repository's own configuration names programs; none is started to read it."""
    builder = RepositoryBuilder(tmp_path)
    canary = tmp_path / "canary"
    script = tmp_path / "script.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    builder.git.config[setting] = str(script)
    (tmp_path / ".gitattributes").write_text("*.yaml filter=evil diff=evil\n")
    for key in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv"):
        builder.git.config[key] = str(script)
    checked = check_tree(builder, taxonomy({b"victim": leaf()}))
    assert_contained(checked, builder.path)
    assert_told(checked, ())
    assert not canary.exists()


def test_the_site_of_all_these_names_stays_in_its_folder(builder: RepositoryBuilder, tmp_path: Path) -> None:
    """Every page has a plain name of its own, and none leads out of the site."""
    names = [name for name in (*UNSAFE, *UNTIDY) if name not in (b"", b".")]
    root = write_tree(
        builder, taxonomy({name: leaf() for name in names} | {b"link": leaf((LINK, b"/etc/passwd"))})
    )
    commit = builder.commit_tree(root, reference="refs/hostile/site")
    site = tmp_path / "site"
    built = build_site(open_project(builder.path), site, revision=commit, title="t", samples=0)
    assert built.leaves >= len(UNTIDY) + 1
    assert len(list(site.rglob("leaf.html"))) == built.leaves
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    for path in site.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", path.name) and not path.is_symlink()
