"""A preview as one page: seeds beside samples, what was rejected and why, and the student's own answers.

The page is whole in itself: it loads nothing, needs no script and forbids all, and follows the reader's light or dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from seedbed.generation.funnel import total
from seedbed.generation.grow_task import Rejected
from seedbed.generation.preview import STOPPED, LeafPreview, Preview, StudentAnswer
from seedbed.generation.sample import Sample
from seedbed.generation.seed import Seed
from seedbed.reports.exchange_html import exchange, funnel_bar, sample_card, tag, tag_row, text_block, turn
from seedbed.reports.html_writing import Markup, element, page
from seedbed.reports.plural import counted

_STYLE = Path(__file__).with_name("preview.css")
_OPEN = 6  # rejected attempts, or answers of the student, that are shown without a click


def preview_html(preview: Preview) -> str:
    """The whole page; equal previews give equal bytes."""
    body = [element("a", "Skip to the leaves", href="#leaves", class_="skip"), _header(preview)]
    if preview.leaves:
        sections = [_leaf(leaf, _anchor(place)) for place, leaf in enumerate(preview.leaves)]
        body.append(
            element("div", _contents(preview), element("main", sections, id="leaves"), class_="columns")
        )
    else:
        body.append(
            element("main", element("p", "No leaf was added or edited.", class_="card quiet"), id="leaves")
        )
    body.append(_footer(preview))
    title = f"Preview of {counted(len(preview.leaves), 'leaf')}"
    return page(body, title=title, style=_STYLE.read_text(encoding="utf-8"))


def _anchor(place: int) -> str:
    """By place, not by name: a name is a stranger's."""
    return f"leaf-{place + 1}"


def _header(preview: Preview) -> Markup:
    head = preview.head[:12] if preview.head else "the working tree"
    against = [element("code", head), " against ", element("code", (preview.base or "")[:12])]
    facts = [
        ("Teacher", preview.teacher or "none"),
        ("Student", preview.student or "none"),
        ("Recipe", preview.recipe),
    ]
    if preview.previous:
        earlier = preview.previous.head
        facts.append(("Compared with", f"the preview of {earlier[:12] if earlier else 'a working tree'}"))
    return element(
        "header",
        element("h1", "What the teacher makes of ", counted(len(preview.leaves), "leaf")),
        element("p", against, element("span", f" ({preview.rung})", class_="quiet")),
        element(
            "dl",
            [element("div", element("dt", name), element("dd", text)) for name, text in facts],
            class_="facts",
        ),
        _notices(preview),
    )


def _notices(preview: Preview) -> Iterator[Markup]:
    if preview.student_problem:
        yield element("p", "What the student knows was not asked: ", preview.student_problem, class_="notice")
    if preview.stopped:
        reason = f"{STOPPED[preview.stopped]}; what is here was made before"
        yield element("p", "Ended early: ", reason, class_="notice")
    if preview.removed:
        names = ", ".join(preview.removed)
        yield element("p", "Removed, and never replayed again: ", element("b", names), class_="notice")
    if preview.left_out:
        count = counted(len(preview.left_out), "leaf")
        names = ", ".join(preview.left_out)
        yield element("p", f"Not previewed, beyond the limit ({count}): ", names, class_="notice")


def _contents(preview: Preview) -> Markup:
    items = [
        element(
            "li",
            element("a", leaf.name, href=f"#{_anchor(place)}"),
            element("span", _standing(leaf), class_="quiet"),
        )
        for place, leaf in enumerate(preview.leaves)
    ]
    return element("nav", element("h2", "Leaves"), element("ol", items), aria_label="Leaves")


def _standing(leaf: LeafPreview) -> str:
    if leaf.problem:
        return "no samples"
    known = f", student {leaf.known}/{len(leaf.student_answers)}" if leaf.student_answers else ""
    return f"{counted(len(leaf.samples), 'sample')}{known}"


def _leaf(leaf: LeafPreview, anchor: str) -> Markup:
    heading = element(
        "h2", leaf.name, " ", element("span", leaf.change, class_=f"tag {_change_class(leaf.change)}")
    )
    return element(
        "section",
        heading,
        element("p", element("code", leaf.path), class_="quiet path"),
        element("p", "No samples: ", leaf.problem, class_="notice bad") if leaf.problem else None,
        _student(leaf),
        funnel_bar(total(leaf.funnels.values())),
        _since(leaf),
        _beside(leaf),
        _rejected(leaf.rejected),
        _copies(leaf),
        _cost(leaf),
        id=anchor,
        class_="leaf",
    )


def _change_class(change: str) -> str:
    return change if change in ("added", "edited", "renamed") else "other"


def _student(leaf: LeafPreview) -> Markup | None:
    if not leaf.student_answers:
        return None
    verdict = element("p", leaf.verdict, class_="verdict")
    rows = [_student_row(answer) for answer in leaf.student_answers]
    head = element(
        "tr", [element("th", text, scope="col") for text in ("", "Question", "The leaf", "The student")]
    )
    table = element("table", element("thead", head), element("tbody", rows), class_="answers")
    summary = element("summary", "The student's own answers, before any training on this leaf")
    opened = "" if len(rows) <= _OPEN else None
    return element("div", verdict, element("details", summary, table, open=opened), class_="card student")


def _student_row(answer: StudentAnswer) -> Markup:
    mark = element(
        "span", "right" if answer.right else "not yet", class_=f"tag {'good' if answer.right else 'other'}"
    )
    cells = (("Question", answer.question), ("The leaf", answer.expected), ("The student", answer.answer))
    return element(
        "tr", element("td", mark), [element("td", text_block(text), data_label=name) for name, text in cells]
    )


def _since(leaf: LeafPreview) -> Markup | None:
    since = leaf.since
    if since is None:
        return None
    said = (
        f"Since the last preview: {len(since.new)} new, {len(since.gone)} gone, {since.unchanged} unchanged."
    )
    gone = [
        element("article", tag_row(one.stage), exchange(one.question, one.answer), class_="card gone")
        for one in since.gone
    ]
    hidden = element("details", element("summary", f"Gone: {counted(len(gone), 'sample')}"), gone)
    return element("div", element("p", said), hidden if gone else None, class_="since")


def _beside(leaf: LeafPreview) -> Markup | None:
    if not leaf.seeds and not leaf.samples:
        return None
    seeds = [_seed(seed) for seed in leaf.seeds] or [element("p", "none", class_="quiet")]
    new = leaf.since.new if leaf.since else frozenset[int]()
    samples = [_sample(sample, place in new) for place, sample in enumerate(leaf.samples)]
    left = element("div", element("h3", f"{counted(len(leaf.seeds), 'seed')}, by a person"), seeds)
    right = element(
        "div",
        element("h3", f"{counted(len(leaf.samples), 'sample')}, by the teacher"),
        samples or element("p", "none", class_="quiet"),
    )
    return element("div", left, right, class_="beside")


def _seed(seed: Seed) -> Markup:
    context = (
        element("details", element("summary", "Context"), text_block(seed.context)) if seed.context else None
    )
    return element("article", context, turn("Q", seed.question), turn("A", seed.answer), class_="card seed")


def _sample(sample: Sample, new: bool) -> Markup:
    return sample_card(sample, *["held out"] * sample.held_out, *["new"] * new)


def _rejected(rejected: Sequence[Rejected]) -> Markup | None:
    if not rejected:
        return None
    cards = [
        element(
            "article",
            element(
                "p", element("span", str(one.loss), class_="tag bad"), tag(str(one.stage)), class_="tags"
            ),
            turn("Q", one.question),
            turn("A", one.answer) if one.answer is not None else None,
            class_="card rejected",
        )
        for one in rejected
    ]
    summary = element("summary", f"{counted(len(rejected), 'rejected attempt')}, each with its reason")
    opened = "" if len(rejected) <= _OPEN else None
    return element("details", summary, element("div", cards, class_="grid"), open=opened)


def _copies(leaf: LeafPreview) -> Markup | None:
    if not leaf.seed_copies:
        return None
    pairs = [
        element("li", text_block(written), element("span", " copies "), text_block(seed))
        for written, seed in leaf.seed_copies
    ]
    summary = element("summary", counted(len(pairs), "near copy of a seed", many="near copies of seeds"))
    return element("details", summary, element("ul", pairs, class_="copies"))


def _cost(leaf: LeafPreview) -> Markup | None:
    if not leaf.teacher_tokens and not leaf.student_tokens:
        return None
    text = f"{leaf.teacher_tokens:,} teacher tokens, {leaf.student_tokens:,} student tokens, {leaf.seconds:.1f} s"
    return element("p", text, class_="quiet")


def _footer(preview: Preview) -> Markup:
    said = f"{preview.seconds:.1f} s. Advisory: nothing was stored, and no check depends on it. "
    return element("footer", element("p", said, "Made by a model from text of strangers: read it as data."))
