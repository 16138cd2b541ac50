"""The page of one leaf: what people wrote, who and under which licence; what a teacher and releases made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seedbed.documents.read_documents import Document
from seedbed.generation.funnel import Funnel
from seedbed.generation.release_manifest import Role
from seedbed.generation.sample import Stage
from seedbed.reports.exchange_html import exchange, funnel_bar, sample_card, tag, text_block
from seedbed.reports.html_writing import Child, Markup, element
from seedbed.reports.plural import counted
from seedbed.site.addresses import leaf_page, link, release_page
from seedbed.site.frame import (
    Edition,
    breakable,
    day,
    facts_list,
    framed,
    isolated,
    section,
    standing_tag,
    table,
    title_of,
    trail,
)
from seedbed.site.leaf_facts import MEANINGS, LeafFacts, Learning, StoredSamples, shortened
from seedbed.site.score_bar import figure, score_bar
from seedbed.site.search_link import search_link
from seedbed.taxonomy.attribution import Attribution
from seedbed.taxonomy.leaf import SeedExample

_ROLES = {
    Role.FRESH: "learned it, as new or changed",
    Role.REPLAYED: "replayed it",
    Role.KEPT: "knew it, without replay",
    Role.DROPPED: "dropped it",
}
_DOCUMENT_CHARACTERS = 4_000
_NAMES = 20  # contributors that are named


def leaf_html(facts: LeafFacts, edition: Edition) -> str:
    """The whole page."""
    address = leaf_page(facts.name)
    return framed(
        address,
        trail(address, facts.name),
        _heading(facts),
        _about(facts, address),
        _releases(facts, address),
        _seeds_and_samples(facts),
        _documents(facts),
        _attribution(facts.attribution),
        edition=edition,
        title=title_of(facts.name),
    )


def _heading(facts: LeafFacts) -> Markup:
    leaf = facts.leaf
    task = element("div", text_block(leaf.task_description), class_="task") if leaf else None
    problem = (
        element("p", "It cannot be read: ", facts.problem, class_="notice bad") if facts.problem else None
    )
    return element(
        "div",
        element("h1", isolated(title_of(facts.name))),
        element("p", element("code", breakable(facts.path)), class_="quiet"),
        element("p", standing_tag(facts.standing), " ", tag(str(leaf.kind)) if leaf else None),
        task,
        problem,
        class_="heading",
    )


def _about(facts: LeafFacts, address: str) -> Markup:
    leaf = facts.leaf
    change = facts.last_change
    questions = sum(len(seed.questions_and_answers) for seed in leaf.seed_examples) if leaf else 0
    seeds = counted(len(leaf.seed_examples), "seed example") if leaf else None
    stored = facts.stored
    samples = f"{stored.train:,} to train on, {stored.held_out:,} held out"
    return facts_list(
        [
            ("Stands", [MEANINGS[facts.standing], element("span", f" ({facts.why})", class_="quiet")]),
            ("Domain", leaf.domain if leaf else None),
            ("Written by", _written_by(facts, address)),
            ("Licence", _licence(facts.attribution, address)),
            ("Last change", [day(change.authored.committed), _commit(change.commit)] if change else None),
            ("Seeds", f"{seeds}, {counted(questions, 'question')}" if seeds else None),
            ("Samples", samples if stored.train or stored.held_out else "none stored"),
        ]
    )


def _commit(commit: str) -> Markup:
    return element("span", " in ", element("code", commit[:12]), class_="quiet")


def _written_by(facts: LeafFacts, address: str) -> Markup | None:
    names: list[Child] = []
    for number, one in enumerate(facts.contributors[:_NAMES]):
        changes = element("span", f" ({counted(one.changes, 'change')})", class_="quiet")
        names += [
            ", " if number else "",
            search_link(address, "author", one.name, isolated(one.name)),
            changes,
        ]
    more = len(facts.contributors) - _NAMES
    if more > 0:
        names.append(f" and {more} more")
    said = facts.leaf.created_by if facts.leaf else ""
    if said:
        names.append(
            element("span", "; " if names else "", "the leaf says: ", isolated(said), class_="quiet")
        )
    return element("span", *names) if names else None


def _licence(attribution: Attribution | None, address: str) -> Child:
    if attribution is None:
        return "no attribution.txt"
    if attribution.licence is not None:
        return search_link(address, "licence", attribution.licence)
    return attribution.licence_text or "none named"


def _releases(facts: LeafFacts, address: str) -> Markup | None:
    if not facts.learned:
        return section(
            "Releases", element("p", "No release knows this leaf yet.", class_="quiet"), anchor="releases"
        )
    rows = [_release_row(one, facts, address) for one in facts.learned]
    heads = ("Release", "What it did", "Trained on", "Held out", "Score", "Its parent", "Base model")
    return section(
        "Releases",
        table("Releases that know this leaf", heads, rows),
        element(
            "p",
            "Score: share of held-out questions answered rightly, with its 95 % interval.",
            class_="quiet",
        ),
        anchor="releases",
    )


def _release_row(one: Learning, facts: LeafFacts, address: str) -> list[Child]:
    record, score = one.record, one.score
    did = _ROLES[record.role]
    if record.blob != facts.blob and record.role is not Role.DROPPED:
        did += ", in an earlier form"
    return [
        element("a", one.release, href=link(address, release_page(one.release))),
        did,
        f"{record.training_samples:,}",
        f"{record.held_out_samples:,}",
        score_bar(score) if score else "not scored",
        figure(score.parent if score else None),
        figure(score.base if score else None),
    ]


def _seeds_and_samples(facts: LeafFacts) -> Markup | None:
    leaf = facts.leaf
    if leaf is None:
        return None
    heading = element("h3", f"{counted(len(leaf.seed_examples), 'seed example')}, by people")
    seeds = [_seed(seed) for seed in leaf.seed_examples]
    stored = facts.stored
    if stored.train or stored.held_out or stored.problem is not None:
        both = element("div", element("div", heading, seeds), _samples(stored), class_="beside")
        return section("Seeds and samples", both)
    none = element("p", "No samples are stored.", class_="quiet")
    return section("Seeds and samples", heading, element("div", seeds, class_="grid"), none)


def _seed(seed: SeedExample) -> Markup:
    context = (
        element("details", element("summary", "Context"), text_block(seed.context)) if seed.context else None
    )
    pairs = [exchange(pair.question, pair.answer) for pair in seed.questions_and_answers]
    return element("article", context, pairs, class_="card seed")


def _samples(stored: StoredSamples) -> Markup:
    heading = element("h3", f"{counted(stored.train + stored.held_out, 'sample')}, by a teacher")
    if stored.problem is not None:
        return element("div", heading, element("p", stored.problem, class_="notice bad"))
    cards = [sample_card(sample) for sample in stored.shown]
    left_out = stored.train - len(cards)
    notes = [f"{counted(left_out, 'more sample')} to train on are in the store."] if left_out > 0 else []
    if stored.held_out:
        notes.append(
            f"{counted(stored.held_out, 'sample')} held out for evaluation, and so not shown in public."
        )
    return element(
        "div",
        heading,
        [element("p", one, class_="quiet") for one in dict.fromkeys(stored.made_by)],
        _funnels(stored.funnels),
        cards,
        [element("p", note, class_="quiet") for note in notes],
    )


def _funnels(funnels: Mapping[Stage, Funnel]) -> Iterator[Markup]:
    for stage, funnel in funnels.items():
        bar = funnel_bar(funnel, beside=tuple(funnels.values()))
        if bar is not None:
            yield element("div", element("h4", stage.replace("_", " ")), bar, class_="stage")


def _documents(facts: LeafFacts) -> Markup | None:
    leaf = facts.leaf
    if leaf is None or leaf.document is None:
        return None
    cited = leaf.document
    where: list[tuple[str, Child]] = [("Patterns", ", ".join(cited.patterns))]
    if cited.repo is not None:
        # Named, not linked: an address that a stranger wrote is no place to send readers to.
        where += [
            ("Repository", element("code", cited.repo)),
            ("Commit", element("code", cited.commit or "")),
        ]
    absent = (
        element("p", "They stand in another repository and were not fetched here.", class_="quiet")
        if not facts.fetched
        else None
    )
    return section("Documents", facts_list(where), absent, [_document(one) for one in facts.documents])


def _document(document: Document) -> Markup:
    size = f"{len(document.text):,} characters"
    pages = f", {counted(len(document.pages), 'page')}" if document.pages else ""
    converted = f", converted by {document.parser}" if document.parser else ""
    shown = text_block(document.text[:_DOCUMENT_CHARACTERS])
    left = len(document.text) - _DOCUMENT_CHARACTERS
    more = element("p", f"… and {left:,} more characters", class_="quiet") if left > 0 else None
    summary = element("summary", element("code", document.path), f" ({size}{pages}{converted})")
    return element("details", summary, element("div", shown, more, class_="card"))


def _attribution(attribution: Attribution | None) -> Markup | None:
    if attribution is None or not attribution.fields:
        return None
    fields = [(name.capitalize(), shortened(value, 400)) for name, value in attribution.fields.items()]
    return section("Attribution", facts_list(fields))
