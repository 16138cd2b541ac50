"""The pages of releases: what each learned, how well, and whether it passed its gate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role, ScoreRecord
from seedbed.reports.html_writing import Child, Markup, element
from seedbed.reports.plural import counted
from seedbed.site.addresses import RELEASES, leaf_page, link, release_page
from seedbed.site.frame import Edition, facts_list, framed, section, table
from seedbed.site.score_bar import figure, score_bar

_ROWS = 500
"""Of leaves on one page."""
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


def release_html(release: ReleaseManifest, present: Collection[str], edition: Edition) -> str:
    """The page of one release; `present` are the leaves that have a page."""
    address = release_page(release.name)
    scores = {score.leaf: score for score in release.scores}
    heads = ("Leaf", "Role", "Trained on", "Held out", "Score", "Its parent", "Base model", "Licence")
    shown = _foremost(release.leaves, scores)
    rows = [_leaf_row(leaf, scores.get(leaf.name), address, present) for leaf in shown]
    left_out = len(release.leaves) - len(shown)
    return framed(
        address,
        element(
            "nav",
            element("ol", element("li", element("a", "releases", href=link(address, RELEASES)))),
            class_="trail",
            aria_label="Where this is",
        ),
        element("h1", f"Release {release.name}"),
        _gate(release),
        _made_of(release),
        section("Phases", _phases(release)) if release.phases else None,
        section(
            "Leaves",
            element(
                "p",
                "Score: share of held-out questions answered rightly, with its 95 % interval.",
                class_="quiet",
            ),
            table("Leaves of this release", heads, rows),
            element("p", f"{counted(left_out, 'leaf')} that it does better; each has this on its own page.")
            if left_out
            else None,
        ),
        edition=edition,
        title=f"Release {release.name}",
    )


def _foremost(leaves: Sequence[LeafRecord], scores: Mapping[str, ScoreRecord]) -> list[LeafRecord]:
    """All leaves, or of very many those that it does worst."""
    if len(leaves) <= _ROWS:
        return list(leaves)
    worst = sorted(
        leaves, key=lambda leaf: (scores[leaf.name].score if leaf.name in scores else 2.0, leaf.name)
    )
    return sorted(worst[:_ROWS], key=lambda leaf: leaf.name)


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


def _phases(release: ReleaseManifest) -> Markup:
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
    return table("Phases of training", ("Phase", "Steps", "Tokens", "Of them replay", "Time"), rows)


def _leaf_row(
    leaf: LeafRecord, score: ScoreRecord | None, address: str, present: Collection[str]
) -> list[Child]:
    name: Child = leaf.name
    if leaf.name in present:
        name = element("a", leaf.name, href=link(address, leaf_page(leaf.name)))
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
