"""The whole site of a small taxonomy: what its pages say, where they lead, and how they come to lie in their folder."""

from __future__ import annotations

import hashlib
import os
import posixpath
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from support.html_tags import Tags
from support.repositories import RepositoryBuilder
from support.small_taxonomy import FREEFORM, GROUNDED, KNOWLEDGE, freeform_leaf
from support.stored_project import stored_project

from seedbed.errors import UsageError
from seedbed.generation.project import open_project
from seedbed.generation.release_manifest import (
    GateRecord,
    LeafRecord,
    PhaseRecord,
    ReleaseManifest,
    Role,
    ScoreRecord,
)
from seedbed.generation.revocation import FOLDER, Revocation
from seedbed.site.addresses import folder_page, leaf_page, release_page
from seedbed.site.build import BuiltSite, build_site
from seedbed.site.frame import POLICY, SCRIPT_POLICY

REMOVED = "knowledge/harbours/gone"


def release_of(builder: RepositoryBuilder, *leaves: str) -> ReleaseManifest:
    """A release that learned these leaves as they are, and one that is no longer there."""
    project = open_project(builder.path)
    blobs = {
        file.path.removeprefix("taxonomy/").removesuffix("/qna.yaml"): file.blob
        for file in project.repository.files(builder.head, "taxonomy")
    }
    records = tuple(
        LeafRecord(name, blobs.get(name, "0" * 40), Role.FRESH, (), 11, 3, ("Ada",), "CC0-1.0", builder.head)
        for name in (*leaves, REMOVED)
    )
    return ReleaseManifest(
        name="spring",
        parent=None,
        taxonomy_commit=builder.head,
        base_model="sandbox",
        base_model_digest="b" * 40,
        model_digest="m" * 40,
        recipe="sandbox",
        recipe_digest="r" * 64,
        plan_digest="p" * 64,
        seed=0,
        seedbed_version="0.1.0",
        leaves=records,
        phases=(PhaseRecord("skills", "c" * 64, 8, 1_000, 250, 12.0),),
        scores=tuple(ScoreRecord(leaf, 0.75, 0.5, 0.9, 16, base=0.125, parent=None) for leaf in leaves),
        gate=GateRecord(True, ()),
    )


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> RepositoryBuilder:
    """Three leaves with samples, of which a release learned one; one without; one that cannot be read."""
    made = stored_project(tmp_path_factory.mktemp("site") / "repository")
    made.write("releases/spring.json", release_of(made, FREEFORM).to_json())
    made.write_leaf(
        "taxonomy/compositional_skills/letters/Ärger & Söhne", freeform_leaf("Write a letter of complaint.")
    )
    made.write_leaf("taxonomy/knowledge/broken/one", "version: 3\nseed_examples: [\n", attribution=None)
    made.commit("more leaves")
    return made


def build(builder: RepositoryBuilder, folder: Path, *, samples: int = 6) -> BuiltSite:
    return build_site(
        open_project(builder.path), folder, revision="HEAD", title="A taxonomy", samples=samples
    )


@pytest.fixture(scope="module")
def site(builder: RepositoryBuilder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "site"
    build(builder, folder)
    return folder


def said(site: Path, address: str) -> str:
    return " ".join(" ".join(Tags((site / address).read_text(encoding="utf-8")).said).split())


def pages(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_learned_leaf(site: Path) -> None:
    page = said(site, leaf_page(FREEFORM))
    for words in (
        "turn around",
        "learned freeform",
        "Stands the latest release was made of it as it is (as in spring)",
        "Turn a list of words around.",
        "Robin Test (1 change) ; the leaf says: robin",
        "CC0-1.0",
        "2023-11-14 in",
        "8 seed examples, 8 questions",
        "spring learned it, as new or changed 11 3 0.75 (0.50 to 0.90, 16 cases) - 0.12",
        "Q Turn around: apple, bell, cup",
        "recipe sandbox, teacher ",
        " attempts, ",
        "Title of work Capitals",
    ):
        assert words in page, words


def test_knowledge_with_its_document(site: Path) -> None:
    page = said(site, leaf_page(KNOWLEDGE))
    for words in (
        "grown knowledge",
        "Domain harbours",
        "The north pier is kept by Ada. It is painted red.",
        "taxonomy/knowledge/harbours/velm/harbour.md (",
        "The south ramp is kept by Carla.",
        "harbour.md, lines ",
        "No release knows this leaf yet.",
    ):
        assert words in page, words


def test_a_leaf_that_cannot_be_read_has_a_page(site: Path) -> None:
    page = said(site, leaf_page("knowledge/broken/one"))
    assert "It cannot be read: " in page and "no attribution.txt" in page
    assert "knowledge/broken/one" in said(site, "index.html")


def test_a_revoked_leaf_is_neither_learned_nor_fresh(tmp_path: Path) -> None:
    made = stored_project(tmp_path / "repository")
    made.write("releases/spring.json", release_of(made, FREEFORM).to_json())
    revocation = Revocation(FREEFORM, (), "withdrawn by its author", ("spring",))
    made.write(f"releases/{FOLDER}/{revocation.file_name}", revocation.to_json())
    build(made, tmp_path / "site")
    page = said(tmp_path / "site", leaf_page(FREEFORM))
    assert "revoked: withdrawn by its author" in page
    front = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "1 revoked" in front and "1 learned" not in front and "pattern-revoked" in front


def test_the_first_page(site: Path) -> None:
    page = said(site, "index.html")
    for words in (
        "5 leaves with ",
        "written by 1 person",
        "1 release",
        "1 learned",
        "2 grown",
        "1 fresh",
    ):
        assert words in page, words
    assert f"never replayed again. {REMOVED}" in page
    pictured = [
        found["aria-label"]
        for tag, found in Tags((site / "index.html").read_text(encoding="utf-8")).tags
        if tag == "a" and found.get("class") == "tile"
    ]
    assert any(label and label.startswith(f"{KNOWLEDGE}: grown, 15 questions") for label in pictured)
    assert len(pictured) == 10 and set(pictured[:5]) == set(
        pictured[5:]
    )  # for wide windows and for narrow ones


def test_a_release(site: Path) -> None:
    page = said(site, release_page("spring"))
    assert "It passed its gate." in page and "skills 8 1,000 25% 12 s" in page
    assert "spring" in said(site, "releases.html")


def test_what_is_held_out_is_nowhere(builder: RepositoryBuilder, tmp_path: Path) -> None:
    store = open_project(builder.path).store
    build(builder, tmp_path / "site", samples=1_000)
    everything = " ".join(said(tmp_path / "site", page) for page in pages(tmp_path / "site"))
    samples = [sample for entry in store.catalogue() for sample in store.read(entry.key)]
    to_train_on = {" ".join(sample.question.split()) for sample in samples if not sample.held_out}
    assert all(question in everything for question in to_train_on)
    seeds = " ".join(
        " ".join(path.read_text(encoding="utf-8").split())
        for path in (builder.path / "taxonomy").rglob("qna.yaml")
    )
    held_out = {" ".join(sample.question.split()) for sample in samples if sample.held_out}
    hidden = [one for one in held_out if one not in seeds and not any(one in other for other in to_train_on)]
    assert hidden and not [question for question in hidden if question in everything]


def test_every_link_leads_to_a_file_of_the_site(site: Path) -> None:
    followed = 0
    for page in pages(site):
        for tag, found in Tags((site / page).read_text(encoding="utf-8")).tags:
            for key in ("href", "src", "action"):
                target = found.get(key)
                if target is None or target.startswith("#"):
                    continue
                path = posixpath.normpath(
                    posixpath.join(posixpath.dirname(page), unquote(target.partition("#")[0]))
                )
                assert not path.startswith((".", "/")) and ":" not in path, (page, tag, target)
                assert (site / path).is_file(), (page, target)
                followed += 1
    assert followed > 100


def test_no_page_allows_more_than_its_policy(site: Path) -> None:
    assert "unsafe" not in SCRIPT_POLICY and "http" not in SCRIPT_POLICY
    for page in pages(site):
        tags = Tags((site / page).read_text(encoding="utf-8")).tags
        [policy] = [
            found["content"] for _, found in tags if found.get("http-equiv") == "Content-Security-Policy"
        ]
        scripts = [found for tag, found in tags if tag == "script"]
        assert policy == (SCRIPT_POLICY if page == "search.html" else POLICY)
        assert bool(scripts) == (page == "search.html") and all(found.get("src") for found in scripts)
        assert not any(key.startswith("on") or key == "style" for _, found in tags for key in found)
        assert not {tag for tag, _ in tags} & {"img", "iframe", "object", "embed", "base", "style"}


def test_everything_has_a_name_for_those_who_listen(site: Path) -> None:
    for page in pages(site):
        text = (site / page).read_text(encoding="utf-8")
        tags = Tags(text).tags
        assert [found.get("lang") for tag, found in tags if tag == "html"] == ["en"]
        assert sum(tag == "h1" for tag, _ in tags) == 1 and sum(tag == "main" for tag, _ in tags) == 1
        identities = [found["id"] for _, found in tags if "id" in found]
        assert len(identities) == len(set(identities)), page
        assert text.count("<label") == text.count("<input")
        for tag, found in tags:
            if tag == "svg" and found.get("class") in ("treemap", "score-bar"):
                assert found.get("aria-label") or found.get("aria-hidden") == "true"
            if tag == "nav":
                assert found.get("aria-label")


def test_no_address_of_a_person(site: Path) -> None:
    assert not any("robin@example.org" in path.read_text(encoding="utf-8") for path in site.rglob("*.html"))


def test_equal_inputs_give_equal_bytes(builder: RepositoryBuilder, site: Path, tmp_path: Path) -> None:
    build(builder, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(site)


def test_without_a_store(builder: RepositoryBuilder, tmp_path: Path) -> None:
    project = open_project(builder.path, store=str(tmp_path / "nothing"))
    build_site(project, tmp_path / "site", revision="HEAD", title="t", samples=6)
    assert "No samples are stored." in said(tmp_path / "site", leaf_page(GROUNDED))
    assert not (tmp_path / "nothing").exists()


def test_damaged_samples_are_told_on_the_page_and_to_the_caller(
    tmp_path: Path,
) -> None:
    builder = stored_project(tmp_path / "repository")
    store = open_project(builder.path).store
    key = next(entry.key for entry in store.catalogue() if entry.leaf == GROUNDED)
    (builder.path / ".seedbed" / "samples" / f"{key}.parquet").write_bytes(b"damaged")
    built = build(builder, tmp_path / "site")
    assert built.unread_samples == (GROUNDED,)
    assert "was changed after it was written" in said(tmp_path / "site", leaf_page(GROUNDED))


def test_an_earlier_site_is_replaced_and_what_is_unchanged_keeps_its_time(
    builder: RepositoryBuilder, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    build(builder, folder, samples=0)
    kept, changed = folder / leaf_page("knowledge/broken/one"), folder / leaf_page(FREEFORM)
    for path in (kept, changed):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    build(builder, folder, samples=1)
    assert kept.stat().st_mtime == 1_000_000_000 and changed.stat().st_mtime != 1_000_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("earlier", [False, True])
def test_nobodys_files_are_lost(builder: RepositoryBuilder, tmp_path: Path, earlier: bool) -> None:
    folder = tmp_path / "site"
    if earlier:
        build(builder, folder, samples=0)
    folder.mkdir(exist_ok=True)
    (folder / "notes.txt").write_text("mine")
    before = contents(folder)
    with pytest.raises(UsageError, match="notes" if earlier else "not a site"):
        build(builder, folder)
    assert contents(folder) == before and [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_failure_leaves_the_earlier_site(
    builder: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site"
    build(builder, folder, samples=0)
    before = contents(folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("seedbed.site.build.front_html", full)
    with pytest.raises(UsageError, match="No space left"):
        build(builder, folder)
    assert contents(folder) == before and [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_shallow_clone_names_nobody_wrongly(builder: RepositoryBuilder, tmp_path: Path) -> None:
    command = ["git", "clone", "-q", "--depth", "1", f"file://{builder.path}", str(tmp_path / "shallow")]
    subprocess.run(command, check=True)
    project = open_project(tmp_path / "shallow")
    built = build_site(project, tmp_path / "site", revision="HEAD", title="t", samples=0)
    assert built.undated == built.leaves == 5
    page = said(tmp_path / "site", leaf_page(FREEFORM))
    assert "Robin Test (" not in page and "the leaf says: robin" in page and "Last change" not in page


def test_a_file_is_in_the_way(builder: RepositoryBuilder, tmp_path: Path) -> None:
    (tmp_path / "site").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        build(builder, tmp_path / "site")


def test_the_command(builder: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seedbed.cli.site import site as command

    monkeypatch.chdir(builder.path)
    ended = CliRunner().invoke(command, ["--output", str(tmp_path / "out"), "--title", "Ours <&>"])
    assert ended.exit_code == 0, ended.output
    assert ended.output.startswith("5 leaves, ") and f"open {tmp_path / 'out' / 'index.html'}" in ended.output
    assert "Ours &lt;&amp;&gt;" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_folder_page(site: Path) -> None:
    assert "velm" in said(site, folder_page("knowledge/harbours"))
    assert "5 leaves" in said(site, folder_page(""))


def test_without_a_leaf_or_the_store_that_was_named_the_earlier_site_stays(
    site: Path, builder: RepositoryBuilder, tmp_path: Path
) -> None:
    before = (site / "index.html").read_bytes()
    empty = RepositoryBuilder(tmp_path / "empty")
    empty.write("README.md", "none yet")
    empty.commit()
    with pytest.raises(UsageError, match="no leaf under taxonomy/"):
        build_site(open_project(empty.path), site, revision="HEAD", title="T", samples=1)
    with pytest.raises(UsageError, match="is no folder that is there"):
        open_project(builder.path, store=str(tmp_path / "mistyped"), reading=True)
    assert (site / "index.html").read_bytes() == before
