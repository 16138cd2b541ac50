"""Strangers write leaves, names, attributions and documents: in the site all of it is text, in a real browser too."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest
from support.browser import BROWSER, loaded_page
from support.html_tags import Tags
from support.naughty_strings import NAUGHTY
from support.repositories import RepositoryBuilder

from seedbed.generation.project import open_project
from seedbed.site.build import build_site

HOSTILE = "</script></title></style><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">'\"&lt;"
NAME = "compositional_skills/x\"><script>document.title='pwned'<"  # as a folder; `/` ends a name
PLAIN = "compositional_skills/calm"


def hostile_repository(path: Path, text: str, name: str) -> RepositoryBuilder:
    """A skill and a knowledge leaf whose every text, and whose author, is `text`."""
    quoted = text.replace("'", "''").replace("\n", " ")
    seeds = "".join(
        f"  - question: '{quoted} {number}'\n    answer: '{quoted}'\n    context: '{quoted}'\n"
        for number in range(5)
    )
    builder = RepositoryBuilder(path)
    attribution = f"Title of work: {quoted}\nLicense of the work: {quoted}\nCreator names: {quoted}\n"
    builder.write_leaf(
        f"taxonomy/{name}",
        f"version: 3\ncreated_by: '{quoted}'\ntask_description: '{quoted}'\nseed_examples:\n{seeds}",
        attribution=attribution,
    )
    pairs = "".join(f"      - question: '{quoted} {n}'\n        answer: '{quoted}'\n" for n in range(3))
    examples = "".join(f"  - context: '{quoted} {n}'\n    questions_and_answers:\n{pairs}" for n in range(5))
    builder.write_leaf(
        "taxonomy/knowledge/cited",
        f"version: 3\ncreated_by: '{quoted}'\ndomain: '{quoted}'\ndocument_outline: '{quoted}'\n"
        f"document:\n  patterns: [text.md]\nseed_examples:\n{examples}",
        attribution=attribution,
    )
    builder.write("taxonomy/knowledge/cited/text.md", text)
    builder.commit("leaves")
    author = pygit2.Signature(
        text.replace("<", "\u2039").replace(">", "\u203a"), "a@b.example", 1_700_000_000, 0
    )
    tree = builder.git.head.peel().tree.id
    builder.git.create_commit("HEAD", author, author, text, tree, [builder.head])
    builder.write(f"taxonomy/{name}/attribution.txt", attribution + "Link to work: javascript:alert(1)\n")
    builder.commit("again")
    return builder


def built(tmp_path: Path, text: str, name: str) -> Path:
    builder = hostile_repository(tmp_path / "repository", text, name)
    site = tmp_path / "site"
    made = build_site(open_project(builder.path), site, revision="HEAD", title=text, samples=3)
    assert made.leaves == 2
    return site


def shapes(site: Path) -> list[list[str]]:
    """The tags of every page, whatever the pages are called."""
    return sorted(Tags(path.read_text(encoding="utf-8")).shape for path in site.rglob("*.html"))


def test_a_strangers_text_changes_no_tag_and_no_address(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    calm, hostile = built(tmp_path / "a", "calm", PLAIN), built(tmp_path / "b", HOSTILE, NAME)
    assert shapes(hostile) == shapes(calm)
    for page in hostile.rglob("*.html"):
        for _, found in Tags(page.read_text(encoding="utf-8")).tags:
            assert not any(key.startswith("on") for key in found)
            assert not (found.get("href") or "").lower().startswith(("javascript", "data", "http", "//"))
    assert all(path.name.isascii() and not set(path.name) & set("<>\"'") for path in hostile.rglob("*"))


def test_nothing_hides_in_a_page(tmp_path: Path) -> None:
    text = "".join(one for one in NAUGHTY if len(one) < 100 and one.isprintable()).replace("\n", " ")
    site = built(tmp_path, text, PLAIN)
    for page in site.rglob("*.html"):
        content = page.read_text(encoding="utf-8")
        assert not set(content) & set("\x1b\u202e\u2066\u200b\x00\x07"), page
        assert "##[" not in content and "\n::" not in content


def test_nothing_hides_in_what_the_search_shows(tmp_path: Path) -> None:
    site = built(tmp_path, "calm \u202egnp.exe", PLAIN)
    shown = "".join(path.read_text(encoding="utf-8") for path in (site / "search/leaves").iterdir())
    assert "calm \\\\u202egnp.exe" in shown and "calm \\u202e" not in shown


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")
def test_no_script_runs_in_a_real_browser(tmp_path: Path) -> None:
    site, profile = built(tmp_path, HOSTILE, NAME), tmp_path / "profile"
    control = tmp_path / "control.html"
    control.write_text("<title>calm</title><script>document.title='pwned'</script>", encoding="utf-8")
    assert "<title>pwned</title>" in loaded_page(control, profile), "the browser runs no script at all"
    leaf = next(path for path in site.rglob("leaf.html") if path.parent.name.startswith("x-"))
    for page, fragment in ((leaf, ""), (site / "index.html", ""), (site / "search.html", "#q=pwned")):
        document = loaded_page(page, profile, fragment=fragment)
        assert "<title>pwned</title>" not in document, page
        assert "script&gt;document.title" in document, page
        tags = Tags(document).tags
        assert not any(tag == "img" or (tag == "script" and "src" not in found) for tag, found in tags)
