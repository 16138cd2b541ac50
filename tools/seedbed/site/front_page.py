"""The first page: what the taxonomy is, its picture, its branches, the latest release, and what changed last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seedbed.generation.release_manifest import ReleaseManifest, latest_release
from seedbed.reports.html_writing import Child, Markup, element
from seedbed.reports.plural import counted
from seedbed.site.addresses import FRONT, folder_page, leaf_page, link, release_page
from seedbed.site.folder_page import folder_table
from seedbed.site.folders import SiteFolder
from seedbed.site.frame import (
    Edition,
    breakable,
    day,
    facts_list,
    framed,
    names,
    section,
    standing_tag,
    table,
)
from seedbed.site.leaf_facts import LeafSummary, Standing
from seedbed.site.picture import picture
from seedbed.site.release_page import mean_score

_LAST = 10  # leaves that changed last
_TOPICS = 40  # folders of a branch that are listed
_PROBLEMS = 20


def front_html(
    tree: SiteFolder, releases: Sequence[ReleaseManifest], removed: Sequence[str], edition: Edition
) -> str:
    """The whole page; it does not grow with the taxonomy beyond what its tables and picture may hold."""
    leaves = list(tree.all_leaves())
    return framed(
        FRONT,
        element("h1", edition.title),
        element("p", *_said(tree, leaves, releases), class_="lead"),
        picture(tree, FRONT),
        *(_branch(branch) for branch in tree.folders),
        _latest(latest_release(tuple(releases))),
        _changes(leaves),
        _problems([leaf for leaf in leaves if leaf.standing is Standing.UNREADABLE]),
        _removed(removed),
        edition=edition,
        title=edition.title,
    )


def _said(
    tree: SiteFolder, leaves: Sequence[LeafSummary], releases: Sequence[ReleaseManifest]
) -> Iterator[str]:
    people = len({author for leaf in leaves for author in leaf.authors})
    yield f"{counted(tree.count, 'leaf')} with {counted(tree.questions, 'question')}"
    yield f", written by {counted(people, 'person', many='people')}"
    yield f"; {counted(tree.samples, 'sample')} made of them; {counted(len(releases), 'release')}."


def _branch(branch: SiteFolder) -> Markup:
    name = branch.name.replace("_", " ").capitalize()
    heading = element("h2", element("a", name, href=folder_page(branch.name)))
    shown, more = branch.folders[:_TOPICS], len(branch.folders) - _TOPICS
    rest = (
        element("p", element("a", f"and {counted(more, 'more folder')}", href=folder_page(branch.name)))
        if more > 0
        else None
    )
    own = (
        element("p", f"{counted(len(branch.leaves), 'leaf')} in the branch itself.", class_="quiet")
        if branch.leaves
        else None
    )
    listed = folder_table(shown, FRONT, inside=f"{branch.name}/") if shown else None
    count = element(
        "p", f"{counted(branch.count, 'leaf')}, {counted(branch.questions, 'question')}", class_="quiet"
    )
    return element("section", heading, count, listed, rest, own, class_="leaf")


def _latest(release: ReleaseManifest | None) -> Markup:
    if release is None:
        return section("Latest release", element("p", "There is no release yet.", class_="quiet"))
    mean = mean_score(release)
    return section(
        "Latest release",
        facts_list(
            [
                ("Name", element("a", release.name, href=link(FRONT, release_page(release.name)))),
                ("Leaves", f"{len(release.leaves):,}"),
                (
                    "Mean score",
                    None if mean is None else f"{mean:.2f} over {len(release.scores):,} scored leaves",
                ),
                ("Gate", "passed" if release.gate.passed else "failed"),
                ("Trained from", release.parent or release.base_model),
            ]
        ),
    )


def _changes(leaves: Sequence[LeafSummary]) -> Markup | None:
    latest = sorted((leaf for leaf in leaves if leaf.changed), key=lambda leaf: (-leaf.changed, leaf.name))[
        :_LAST
    ]
    if not latest:
        return None
    rows: list[list[Child]] = [
        [
            _whole_link(leaf),
            standing_tag(leaf.standing),
            day(leaf.changed),
            names(leaf.authors, 2),
        ]
        for leaf in latest
    ]
    return section(
        "Changed last", table("Leaves that changed last", ("Leaf", "Stands", "When", "Written by"), rows)
    )


def _whole_link(leaf: LeafSummary) -> Markup:
    return element("a", breakable(leaf.name), href=link(FRONT, leaf_page(leaf.name)))


def _problems(leaves: Sequence[LeafSummary]) -> Markup | None:
    if not leaves:
        return None
    items = [element("li", _whole_link(leaf), ": ", leaf.about) for leaf in leaves[:_PROBLEMS]]
    more = [element("li", f"and {len(leaves) - _PROBLEMS:,} more")] if len(leaves) > _PROBLEMS else []
    return section("Cannot be read", element("ul", items, more))


def _removed(removed: Sequence[str]) -> Markup | None:
    if not removed:
        return None
    shown = [element("li", breakable(name)) for name in removed[:_PROBLEMS]]
    more = [element("li", f"and {len(removed) - _PROBLEMS:,} more")] if len(removed) > _PROBLEMS else []
    said = element(
        "p", "Known to the latest release, no longer in the taxonomy, never replayed again.", class_="quiet"
    )
    return section("Removed since", said, element("ul", shown, more))
