"""The site of a taxonomy at one commit, page by page: a leaf is read, written and let go before the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seedbed.errors import UsageError
from seedbed.generation.project import Project
from seedbed.site.addresses import FRONT, RELEASES, SEARCH, STYLE, leaf_page
from seedbed.site.folder_page import folder_pages
from seedbed.site.folders import folder_tree
from seedbed.site.frame import Edition
from seedbed.site.front_page import front_html
from seedbed.site.gather import gathered, survey
from seedbed.site.leaf_facts import LeafSummary, summary_of
from seedbed.site.leaf_page import leaf_html
from seedbed.site.output import output_folder
from seedbed.site.release_page import release_pages, releases_html
from seedbed.site.search_index import SearchIndex
from seedbed.site.search_page import search_html

_HERE = Path(__file__).parent
_SHARED_STYLE = _HERE.parent / "reports" / "preview.css"

Watch = Callable[[str, int, int], None]
"""Hears what is done, and of how many leaves of how many."""


@dataclass(frozen=True, slots=True)
class BuiltSite:
    """What was written."""

    leaves: int
    files: int
    bytes: int
    unread_samples: tuple[str, ...]  # leaves whose samples could not be read
    undated: int  # leaves of which a shallow clone does not show who wrote them, and when


def build_site(
    project: Project,
    folder: Path,
    *,
    revision: str,
    title: str,
    samples: int,
    watch: Watch = lambda doing, done, of: None,
) -> BuiltSite:
    """Write the site into `folder`, which is new, empty, or an earlier site; equal inputs give equal bytes.

    Of each stage of a leaf `samples` are shown at most. Raises UsageError when something else is in the folder's place
    or it cannot be written, or when there is no leaf to show; then what was there is still there.
    """
    taxonomy = survey(project, revision)
    if not taxonomy.statuses:
        raise UsageError(
            f"{revision} has no leaf under {project.settings.taxonomy.root}/, so there is no site to write",
            hint="commit a leaf first, or name another commit: --revision REV",
        )
    with output_folder(folder) as output:
        edition = Edition(title, taxonomy.commit, taxonomy.authored.committed)
        index = SearchIndex()
        summaries: list[LeafSummary] = []
        unread: list[str] = []
        for number, facts in enumerate(gathered(project, taxonomy, samples=samples)):
            watch("pages of leaves written", number, len(taxonomy.statuses))
            output.write(leaf_page(facts.name), leaf_html(facts, edition))
            index.add(facts)
            summaries.append(summary_of(facts))
            if facts.stored.problem is not None:
                unread.append(facts.name)
        tree = folder_tree(summaries)
        for below in tree.walk():
            for address, page in folder_pages(below, edition):
                output.write(address, page)
        present = frozenset(summary.name for summary in summaries)
        for release in taxonomy.releases:
            for address, page in release_pages(release, present, edition):
                output.write(address, page)
        output.write(RELEASES, releases_html(taxonomy.releases, edition))
        output.write(FRONT, front_html(tree, taxonomy.releases, taxonomy.removed, edition))
        output.write(SEARCH, search_html(edition))
        for name, text in index.files():
            output.write(name, text)
        output.write(STYLE, site_style())
        output.write("search.js", (_HERE / "search.js").read_text(encoding="utf-8"))
        output.write(".nojekyll", "")  # a forge's pages leave out what begins with `_` otherwise
        output.keep()
    undated = len(taxonomy.statuses) - len(taxonomy.last_changes)
    return BuiltSite(len(summaries), output.files, output.bytes, tuple(unread), undated)


def site_style() -> str:
    """The style that previews have, and what pages of a site need beside it."""
    return "".join(path.read_text(encoding="utf-8") for path in (_SHARED_STYLE, _HERE / "site.css"))
