"""The parts of a site each by itself: addresses, the picture's layout, the search, colours, and how large a first page gets."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.browser import BROWSER, loaded_page
from support.browser_keys import keyboard
from support.html_tags import Tags
from support.repositories import RepositoryBuilder
from support.small_taxonomy import FREEFORM, KNOWLEDGE, freeform_leaf, small_taxonomy

from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.project import open_project
from seedbed.generation.release_manifest import GateRecord, LeafRecord, ReleaseManifest, Role, ScoreRecord
from seedbed.reports.exchange_html import funnel_bar
from seedbed.site.addresses import folder_page, leaf_page, link, release_page
from seedbed.site.build import build_site, site_style
from seedbed.site.folder_page import folder_pages
from seedbed.site.folders import SiteFolder, folder_tree
from seedbed.site.frame import Edition, breakable, names
from seedbed.site.front_page import front_html
from seedbed.site.leaf_facts import LeafSummary, Standing, shortened
from seedbed.site.picture import picture
from seedbed.site.release_page import release_pages
from seedbed.site.search_index import words
from seedbed.site.tiles import TILES
from seedbed.site.treemap import Box, squarified
from seedbed.taxonomy.leaf import Kind

leaf_names = st.lists(
    st.text(min_size=1, max_size=90).filter(lambda part: "/" not in part), min_size=1, max_size=9
).map("/".join)


@given(st.lists(leaf_names, min_size=2, max_size=2, unique=True))
def test_every_name_has_its_own_page_on_every_file_system(pair: list[str]) -> None:
    for page in (*map(leaf_page, pair), *map(folder_page, pair)):
        assert re.fullmatch(r"tree(/[a-z0-9_-]+)*/(leaf|index)\.html", page) and len(page) < 200
        assert not set(page.split("/")) & {"con", "nul", "aux", "prn", "com1", "lpt9", "..", "."}
    assert leaf_page(pair[0]) != leaf_page(pair[1]) and folder_page(pair[0]) != folder_page(pair[1])


@pytest.mark.parametrize("name", ["Case", "con", "x-1", "..", "a.html", "é", "index", "a b", "release/1", ""])
def test_awkward_names_of_releases(name: str) -> None:
    assert re.fullmatch(r"releases/[a-z0-9_-]+\.html", release_page(name))
    assert release_page(name) != release_page(name + "2")
    assert re.fullmatch(r"releases/[a-z0-9_-]+/2\.html", release_page(name, 2))


def test_links_are_relative() -> None:
    assert link("tree/a/leaf.html", "site.css") == "../../site.css"
    assert link("index.html", "tree/a/leaf.html") == "tree/a/leaf.html"


@given(st.lists(st.floats(1, 1e4), min_size=1, max_size=60), st.floats(10, 2_000), st.floats(10, 2_000))
def test_areas_are_in_proportion_and_fill_the_box(sizes: list[float], width: float, height: float) -> None:
    boxes = squarified(sizes, Box(3, 5, width, height))
    area = width * height
    for size, box in zip(sizes, boxes, strict=True):
        assert math.isclose(box.width * box.height, area * size / sum(sizes), rel_tol=1e-6)
        assert box.x >= 3 - 1e-6 and box.y >= 5 - 1e-6
        assert box.x + box.width <= 3 + width + 1e-6 and box.y + box.height <= 5 + height + 1e-6
    for place, one in enumerate(boxes):
        for other in boxes[:place]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert across < 1e-6 or down < 1e-6


def test_the_paper_s_example() -> None:
    """Areas 6, 6, 4, 3, 2, 2, 1 in a rectangle of 6 by 4 (Squarified Treemaps, section 3.1, figure 4)."""
    boxes = squarified([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    assert [(round(box.width, 2), round(box.height, 2)) for box in boxes] == [
        (3, 2), (3, 2), (1.71, 2.33), (1.29, 2.33), (1.2, 1.67), (1.2, 1.67), (0.6, 1.67),
    ]  # fmt: skip


def many_leaves(count: int) -> list[LeafSummary]:
    """Names, tasks and authors as long as those of real leaves."""
    standings = list(Standing)
    return [
        LeafSummary(
            f"{('knowledge', 'compositional_skills', 'foundational_skills')[number % 3]}/topic_number_{number % 37}/"
            f"subject_{number % 211}/a_leaf_with_an_ordinary_name_{number}",
            standings[number % len(standings)],
            Kind.FREEFORM,
            "Answer questions of an ordinary length about something that a person took the trouble to describe",
            5 + number % 11,
            number % 300,
            None,
            "CC-BY-4.0",
            (f"Firstname Surname {number % 400}",),
            1_700_000_000 + number,
            ("spring",),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [2_000, 20_000])
def test_the_first_page_stays_small(count: int) -> None:
    """With its style it is what a browser loads: at most 300 kB for 2,000 leaves, and hardly more for more."""
    page = front_html(folder_tree(many_leaves(count)), (), (), Edition("A taxonomy", "c" * 40, 1_700_000_000))
    assert len(page.encode()) + len(site_style().encode()) <= 300_000


def drawings(folder: SiteFolder, page: str) -> dict[str, Tags]:
    """The picture in each of its layouts, by name."""
    drawn = str(picture(folder, page)).partition("<figcaption")[0]
    parts = re.split(r'(?=<svg role="group")', drawn)[1:]
    return {re.findall(r'class="treemap (\w+)"', part)[0]: Tags(part) for part in parts}


def tiles_of(drawn: Tags) -> list[str]:
    """What the tiles of a drawing say of themselves."""
    return [
        found["aria-label"] or "" for tag, found in drawn.tags if tag == "a" and found.get("class") == "tile"
    ]


def test_the_picture_of_a_large_folder_has_few_tiles_and_all_leaves() -> None:
    drawn = drawings(folder_tree(many_leaves(3_000)), "index.html")
    tiles = {name: tiles_of(one) for name, one in drawn.items()}
    assert 100 < len(tiles["wide"]) <= TILES and 12 < len(tiles["narrow"]) <= 30
    for said in tiles.values():
        counted = [re.search(r": ([\d,]+) (?:leaf|leaves), ", tile) for tile in said]
        assert sum(int(found[1].replace(",", "")) if found else 1 for found in counted) == 3_000


def test_the_picture_of_a_branch_shows_its_folders_each_by_itself() -> None:
    wide = [
        replace(leaf, name=f"knowledge/folder_{place:03}/leaf") for place, leaf in enumerate(many_leaves(120))
    ]
    drawn = drawings(folder_tree(wide).folders[0], "tree/knowledge/index.html")["wide"]
    assert len(tiles_of(drawn)) == 120
    assert not any(text.startswith("+") for text in drawn.said)
    assert "folder 007 / leaf" in drawn.said


def test_a_reason_has_one_colour_in_all_bars_of_a_leaf() -> None:
    first = Funnel(asked=4, kept=2, lost={Loss.SEED_COPY: 1, Loss.REPEATED: 1})
    second = Funnel(asked=4, kept=2, lost={Loss.EMPTY: 1, Loss.REPEATED: 1})
    colours = [
        re.findall(
            r'class="(lost-\d)"[^>]*></i>\d+ <span>repeated', str(funnel_bar(one, beside=(first, second)))
        )
        for one in (first, second)
    ]
    assert colours == [["lost-2"], ["lost-2"]]


def scored_release(leaves: int) -> ReleaseManifest:
    """A release of so many leaves, the first with the best score."""
    records = tuple(
        LeafRecord(f"knowledge/leaf_{n:04}", "b" * 40, Role.FRESH, (), 9, 3) for n in range(leaves)
    )
    scores = tuple(ScoreRecord(leaf.name, 1 - n / leaves, 0, 1, 3) for n, leaf in enumerate(records))
    digests = ("base", "b", "m", "recipe", "r", "p")
    gate = GateRecord(False, ("why",))
    return ReleaseManifest("r", None, "c" * 40, *digests, 0, "1", records, (), scores, gate)


def test_a_large_release_is_told_on_light_pages_the_worst_leaf_first() -> None:
    pages = dict(release_pages(scored_release(1_700), (), Edition("t", "c" * 40, 0)))
    assert list(pages) == ["releases/r.html", *(f"releases/r/{number}.html" for number in range(2, 11))]
    assert max(len(page.encode()) for page in pages.values()) < 120_000
    said = {address: " ".join(Tags(page).said) for address, page in pages.items()}
    listed = [name for text in said.values() for name in re.findall(r"knowledge/leaf_\d+", text)]
    assert listed == [f"knowledge/leaf_{number:04}" for number in range(1_699, 699, -1)]
    first, second, last = said["releases/r.html"], said["releases/r/2.html"], said["releases/r/10.html"]
    assert "It did not pass its gate: why" in first and "its gate" not in second
    assert "1,700 leaves, the lowest score first. Listed are 1,000; " in first
    assert "Page 1 of 10 Next page Last page" in first
    assert "Page 2 of 10 Page before Next page Last page" in second
    assert "Page 10 of 10 First page Page before" in last and "Next page" not in last


def test_a_release_of_few_leaves_is_one_page_in_their_own_order() -> None:
    [(address, page)] = release_pages(scored_release(100), (), Edition("t", "c" * 40, 0))
    said = " ".join(Tags(page).said)
    assert address == "releases/r.html" and "Page 1" not in said and "lowest score" not in said
    listed = re.findall(r"knowledge/leaf_\d+", said)
    assert listed == [f"knowledge/leaf_{number:04}" for number in range(100)]


def test_a_folder_of_very_many_is_told_on_several_pages() -> None:
    flat = [replace(leaf, name=f"knowledge/leaf_{place:04}") for place, leaf in enumerate(many_leaves(450))]
    below = [replace(leaf, name=f"knowledge/in_{place}/leaf") for place, leaf in enumerate(many_leaves(3))]
    pages = dict(folder_pages(folder_tree([*flat, *below]).folders[0], Edition("t", "c" * 40, 0)))
    assert list(pages) == [f"tree/knowledge/{page}.html" for page in ("index", 2, 3)]
    rows = [
        found["href"] or ""
        for page in pages.values()
        for tag, found in Tags(page.partition('<section class="leaf">')[2]).tags
        if tag == "a"
    ]
    assert sum("leaf_" in href for href in rows) == 450 and sum("/in_" in href for href in rows) == 3
    said = [" ".join(Tags(page).said) for page in pages.values()]
    assert ["Folders" in text for text in said] == [True, False, False]
    assert all("../../tree/knowledge/" in page for page in pages.values())


def test_a_line_may_end_within_a_name_and_its_letters_stay() -> None:
    assert breakable("a/b_c") == "a/<wbr>b_<wbr>c"
    assert breakable("<i>_&/x") == "&lt;i&gt;_<wbr>&amp;/<wbr>x"
    assert breakable("سلام_دنیا/leaf") == "<bdi>سلام_دنیا</bdi>/<wbr>leaf"
    assert " ".join(Tags(f"<p>{breakable('a/b_c')}</p>").said) == "a/b_c"


def test_names_in_a_row() -> None:
    assert names(("Ada", "لیلا", "Bo", "Cy"), 2) == "Ada, <bdi>لیلا</bdi> and 2 more"
    assert names(("Ada",), 3) == "Ada" and names((), 3) == ""


def test_the_legend_leads_to_all_leaves_that_stand_alike() -> None:
    tags = Tags(str(picture(folder_tree(many_leaves(10)), "index.html"))).tags
    links = [found["href"] for tag, found in tags if tag == "a" and "search" in (found.get("href") or "")]
    states = ("learned", "grown", "fresh", "cannot-be-read", "revoked")
    assert links == [f"search.html#q=state%3D{state}" for state in states]


def test_there_is_no_picture_of_one_leaf() -> None:
    assert picture(folder_tree(many_leaves(1)), "index.html") is None


def test_words() -> None:
    assert words("The North-Pier's 2nd crane: café, ÉTÉ") == "the north pier s 2nd crane cafe ete".split()
    assert words("ﬁne Straße") == ["fine", "strasse"]
    assert words("東京都 is Tokyo") == ["東京", "京都", "is", "tokyo"]
    assert words("हिन्दी") == ["हिन्दी"]
    assert words("x" * 40) == ["x" * 24]


def test_shortened() -> None:
    assert shortened("one two\nthree", 50) == "one two three"
    assert shortened("one two three", 9) == "one two…" and shortened("abcdefghij", 5) == "abcd…"


TRICKY = "Crème BRÛLÉE ﬁne Straße naïve 東京都 ภาษาไทย हिन्दी ٣٤ Ωμέγα e\u0301te\u0301 x2"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose leaves are searched in a browser."""
    folder = tmp_path_factory.mktemp("searched")
    builder: RepositoryBuilder = small_taxonomy(folder / "repository")
    builder.write_leaf("taxonomy/compositional_skills/words/tricky", freeform_leaf(TRICKY))
    builder.commit("one more")
    build_site(open_project(builder.path), folder / "site", revision="HEAD", title="t", samples=0)
    return folder / "site"


needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")


def found(site: Path, profile: Path, fragment: str) -> tuple[str, list[str]]:
    """What the search page says and which leaves it shows."""
    document = loaded_page(site / "search.html", profile, fragment=fragment)
    said = re.search(r'<p id="said" role="status">(.*?)</p>', document)
    results = document.partition('<ol id="results"')[2].partition("</ol>")[0]
    assert said is not None
    return said[1], [re.sub("<.*?>", "", name) for name in re.findall(r"<li><a [^>]*>(.*?)</a>", results)]


@needs_browser
@pytest.mark.parametrize(
    ("fragment", "leaves"),
    [
        ("#q=pier+ada", [KNOWLEDGE]),
        ("?q=TURN%20around", [FREEFORM, "compositional_skills/words/tricky"]),  # its seeds say it too
        (f"#q={TRICKY.swapcase()}", ["compositional_skills/words/tricky"]),
        ("#q=kind%3Aknowledge+harb", [KNOWLEDGE]),
        ("#q=state%3Afresh+tricky", ["compositional_skills/words/tricky"]),
        ("#q=kind%3Aknow", [KNOWLEDGE]),
        ("#q=KIND%3Dknowledge", [KNOWLEDGE]),
        ("#q=kind%3Dknow", []),  # with =, what only begins so is another value
        ("#q=constructor+__proto__", []),
    ],
)
def test_the_search_finds_what_leaves_hold(
    searched: Path, tmp_path: Path, fragment: str, leaves: list[str]
) -> None:
    said, shown = found(searched, tmp_path, fragment)
    assert shown == leaves
    assert said == {0: "No leaf holds all of these words.", 1: "1 leaf."}.get(
        len(leaves), f"{len(leaves)} leaves."
    )


FOCUSED = "document.activeElement.textContent.trim() || document.activeElement.id"


OVERFLOWING = """[...document.querySelectorAll('.treemap')].filter((one) => one.getBoundingClientRect().width).map(
  (one) => [one.classList[1], [...one.querySelectorAll('.tile div')].filter((text) => {
    const [box, tile] = [text.getBoundingClientRect(), text.closest('a').getBoundingClientRect()];
    return text.scrollWidth > text.clientWidth || box.left < tile.left - 1 || box.right > tile.right + 1;
  }).map((text) => text.textContent)])"""
"""Of each picture that is seen its layout, and the names that are wider than their tiles."""


@needs_browser
def test_no_name_in_the_picture_is_cut_off_at_its_side(searched: Path, tmp_path: Path) -> None:
    async def use() -> None:
        async with keyboard(tmp_path / "profile") as keys:
            for width, layout in ((320, "narrow"), (640, "narrow"), (641, "wide"), (1_400, "wide")):
                for page in ("index.html", folder_page("compositional_skills")):
                    await keys.open(searched / page, width=width)
                    assert await keys.see(OVERFLOWING) == [[layout, []]], (page, width)

    asyncio.run(use())


@needs_browser
def test_all_of_it_can_be_done_by_keys_and_on_a_narrow_screen(searched: Path, tmp_path: Path) -> None:
    """Skip links come first, the search takes what is typed, Enter goes to what was found; nothing overflows 320 pixels
    (WCAG 2.2, criteria 2.1.1, 2.4.1, 1.4.10); the browser finds nothing that the page's own policy forbids."""

    async def use() -> None:
        async with keyboard(tmp_path / "profile") as keys:
            for page in ("index.html", "search.html", leaf_page(KNOWLEDGE), folder_page("knowledge")):
                await keys.open(searched / page, width=320)
                assert await keys.see("document.documentElement.scrollWidth") <= 320, page
            await keys.open(searched / "index.html")
            order = []
            for _ in range(8):
                await keys.press("Tab")
                order.append(await keys.see(FOCUSED))
            assert order == [
                "Skip to the content",
                "t",
                "Overview",
                "Tree",
                "Releases",
                "q",
                "Search",
                "Skip the picture",
            ]
            await keys.open(searched / "search.html")
            await keys.until("document.activeElement.id === 'q'")
            await keys.type("ada pier")
            await keys.until("document.getElementById('said').textContent === '1 leaf.'")
            await keys.press("Enter")
            assert await keys.see(FOCUSED) == KNOWLEDGE
            await keys.press("Enter")
            await keys.until("location.pathname.endsWith('/leaf.html') && document.readyState === 'complete'")
            for _ in range(6):
                await keys.press("Tab")
            await keys.type("turn")
            await keys.press("Enter")
            await keys.until("document.querySelectorAll('#results li').length === 2")
            assert keys.complaints == []

    asyncio.run(use())


TEXT_PAIRS = [
    *((text, ground) for text in ("ink", "quiet", "link") for ground in ("ground", "card")),
    *(("tile-ink", tile) for tile in ("learned", "grown", "fresh", "unreadable")),
    *(("tile-ink", f"{mark}-mark") for mark in ("grown", "fresh", "unreadable")),
    *((name, f"{name}-ground") for name in ("good", "bad", "edit", "other")),
    *(("ink", ground) for ground in ("other-ground", "good-ground", "bad-ground", "edit-ground")),
    ("mark-ink", "mark"),
]
GRAPHIC_PAIRS = [(one, ground) for one in ("focus", "edge", "kept") for ground in ("ground", "card")]


def themes() -> Iterator[dict[str, str]]:
    """The variables of the light and of the dark theme."""
    style = site_style()
    dark = {}
    for block in re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", style, re.DOTALL):
        dark |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    outside = re.sub(
        r"@media \(prefers-color-scheme: dark\) \{\s*:root \{.*?\}\s*\}", "", style, flags=re.DOTALL
    )
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", outside))
    assert light.keys() == dark.keys() and light != dark
    yield from (light, dark)


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2, definition)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag_aa() -> None:
    """Text 4.5 : 1 (criterion 1.4.3), what must be seen of controls and graphics 3 : 1 (1.4.11)."""
    assert round(contrast("#ffffff", "#777777"), 2) == 4.48
    for theme in themes():
        low = [
            (one, other, round(contrast(theme[one], theme[other]), 2))
            for one, other in TEXT_PAIRS
            if contrast(theme[one], theme[other]) < 4.5
        ]
        low += [
            (one, other, round(contrast(theme[one], theme[other]), 2))
            for one, other in GRAPHIC_PAIRS
            if contrast(theme[one], theme[other]) < 3
        ]
        assert low == []
