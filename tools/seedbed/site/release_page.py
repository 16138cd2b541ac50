"""The pages of releases: what each learned, how well, and whether it passed its gate."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial

from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role, ScoreRecord
from seedbed.reports.html_writing import Child, Markup, element
from seedbed.reports.plural import counted
from seedbed.site.addresses import RELEASES, leaf_page, link, release_page
from seedbed.site.frame import Edition, breakable, facts_list, framed, section, table
from seedbed.site.paging import cut, page_links
from seedbed.site.score_bar import figure, score_bar
from seedbed.site.search_link import search_link

_ROWS = 100  # of leaves on one page
_PAGES = 10  # of one release
_ROLE_WORDS = {Role.FRESH: "learned", Role.REPLAYED: "replayed", Role.KEPT: "kept", Role.DROPPED: "dropped"}


def releases_html(releases: Sequence[ReleaseManifest], edition: Edition) -> str:
    """The list of releases, the latest first."""
    heads = ("Release", "From", "Learned", "Replayed", "Mean score", "Mean of its parent", "Gate")
    rows = [_row(release) for release in reversed(releases)]
    nothing = element("p", "There is no release yet.", class_="quiet")
    return framed(
        RELEASES,
        element("h1", "Releases"),
        section("All releases", table("Releases", heads, rows) if rows else nothing),
        edition=edition,
        title="Releases",
    )


def _row(release: ReleaseManifest) -> list[Child]:
    roles = [leaf.role for leaf in release.leaves]
    return [
        element("a", release.name, href=link(RELEASES, release_page(release.name))),
        release.parent or release.base_model,
        f"{roles.count(Role.FRESH):,}",
        f"{roles.count(Role.REPLAYED):,}",
        figure(mean_score(release)),
        figure(_mean([score.parent for score in release.scores])),
        "passed" if release.gate.passed else "failed",
    ]


def mean_score(release: ReleaseManifest) -> float | None:
    """The mean over the leaves that were scored."""
    return _mean([score.score for score in release.scores])


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def release_pages(
    release: ReleaseManifest, present: Collection[str], edition: Edition
) -> Iterator[tuple[str, str]]:
    """The pages of one release with their addresses; `present` are the leaves that have a page of their own.

    Of many leaves those that it does worst come first, and of very many none but those.
    """
    scores = {score.leaf: score for score in release.scores}
    leaves = list(release.leaves)
    if len(leaves) > _ROWS:
        leaves.sort(key=lambda leaf: (scores[leaf.name].score if leaf.name in scores else 2.0, leaf.name))
    parts = cut(leaves, _ROWS)
    shown = min(len(parts), _PAGES)
    for number, part in enumerate(parts[:shown], 1):
        address = release_page(release.name, number)
        heading = f"Release {release.name}" + (f", page {number}" if number > 1 else "")
        rows = [_leaf_row(leaf, scores.get(leaf.name), address, present) for leaf in part]
        yield (
            address,
            framed(
                address,
                _above(address),
                element("h1", heading),
                [_gate(release), _made_of(release), _phases(release)] if number == 1 else None,
                _leaves(release, rows, address),
                page_links(partial(release_page, release.name), number, shown),
                edition=edition,
                title=heading,
            ),
        )


def _above(address: str) -> Markup:
    way = element("ol", element("li", element("a", "releases", href=link(address, RELEASES))))
    return element("nav", way, class_="trail", aria_label="Where this is")


def _leaves(release: ReleaseManifest, rows: Sequence[Sequence[Child]], address: str) -> Markup:
    heads = ("Leaf", "Role", "Trained on", "Held out", "Score", "Its parent", "Base model", "Licence")
    all_of_it = len(release.leaves)
    order: list[Child] = []
    if all_of_it > _ROWS:
        order = [f"{all_of_it:,} leaves, the lowest score first. "]
    if all_of_it > _ROWS * _PAGES:
        order += [f"Listed are {_ROWS * _PAGES:,}; how it does the others stands on their own pages: "]
        order += [search_link(address, "release", release.name, "all that it knows"), ". "]
    meaning = "Score: share of held-out questions answered rightly, with its 95 % interval."
    return section(
        "Leaves",
        element("p", order, meaning, class_="quiet"),
        table("Leaves of this release", heads, rows),
    )


def _gate(release: ReleaseManifest) -> Markup:
    if release.gate.passed:
        return element("p", "It passed its gate.", class_="notice good")
    reasons = element("ul", [element("li", reason) for reason in release.gate.reasons])
    return element("div", element("p", "It did not pass its gate:"), reasons, class_="notice bad")


def _made_of(release: ReleaseManifest) -> Markup:
    mean = mean_score(release)
    return facts_list(
        [
            ("Trained from", release.parent or release.base_model),
            ("Base model", release.base_model),
            ("Taxonomy", element("code", release.taxonomy_commit[:12])),
            ("Recipe", release.recipe),
            ("Model", element("code", release.model_digest[:12])),
            (
                "Mean score",
                None if mean is None else f"{mean:.2f} over {counted(len(release.scores), 'leaf')}",
            ),
            ("Seedbed", release.seedbed_version),
        ]
    )


def _phases(release: ReleaseManifest) -> Markup | None:
    if not release.phases:
        return None
    rows: list[list[Child]] = [
        [
            phase.name,
            f"{phase.steps:,}",
            f"{phase.tokens:,}",
            f"{phase.replay_tokens / phase.tokens:.0%}" if phase.tokens else "-",
            f"{phase.seconds:,.0f} s",
        ]
        for phase in release.phases
    ]
    heads = ("Phase", "Steps", "Tokens", "Of them replay", "Time")
    return section("Phases", table("Phases of training", heads, rows))


def _leaf_row(
    leaf: LeafRecord, score: ScoreRecord | None, address: str, present: Collection[str]
) -> list[Child]:
    name = breakable(leaf.name)
    if leaf.name in present:
        name = element("a", name, href=link(address, leaf_page(leaf.name)))
    return [
        name,
        _ROLE_WORDS[leaf.role],
        f"{leaf.training_samples:,}",
        f"{leaf.held_out_samples:,}",
        score_bar(score) if score else "not scored",
        figure(score.parent if score else None),
        figure(score.base if score else None),
        leaf.licence or "-",
    ]
