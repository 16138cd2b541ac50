"""Questions, answers and funnels as HTML: what every page that shows samples has in common."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.generation.funnel import Funnel, Loss, named_causes
from seedbed.generation.sample import Sample
from seedbed.reports.html_writing import Child, Markup, element, joined
from seedbed.reports.plural import counted

TEXT_LIMIT = 8_000
"""Characters of one question or answer; the rest is counted."""
_COLOURS = 6  # of losses in the bar
_UNTOLD = ("max_tokens", "judging", "origin")  # parameters that are the same for every sample of a recipe


def funnel_bar(whole: Funnel, *, beside: Iterable[Funnel] = ()) -> Markup | None:
    """A bar of what became of the attempts, with its figures in words below: colour is never alone in saying it.

    `beside` are the funnels of the bars next to it: one reason has one colour in all of them.
    """
    if not whole.asked:
        return None
    named = [loss for loss in Loss if any(one.lost.get(loss) for one in (whole, *beside))]
    parts = [("kept", "kept", whole.kept)] if whole.kept else []
    parts += [
        (str(loss), f"lost-{place % _COLOURS}", whole.lost[loss])
        for place, loss in enumerate(named)
        if whole.lost.get(loss)
    ]
    rectangles, start = [], 0.0
    for _, colour, count in parts:
        width = 100 * count / whole.asked
        rectangles.append(
            element("rect", x=f"{start:.3f}", y=0, width=f"{width:.3f}", height=10, class_=colour)
        )
        start += width
    bar = element(
        "svg", rectangles, viewBox="0 0 100 10", preserveAspectRatio="none", role="img", aria_label="Attempts"
    )
    legend = [
        element("li", element("i", class_=colour, aria_hidden="true"), f"{count:,} ", element("span", name))
        for name, colour, count in parts
    ]
    said = f"{counted(whole.asked, 'attempt')}, {whole.kept:,} kept" + (
        f", {whole.held_out:,} of them held out" if whole.held_out else ""
    )
    causes = named_causes(whole)
    unanswered = element("p", f"Requests without an answer: {causes}") if causes else None
    return element(
        "div", element("p", said), bar, element("ul", legend, class_="legend"), unanswered, class_="funnel"
    )


def sample_card(sample: Sample, *about: str) -> Markup:
    """One sample with its stage, what else is said `about` it, and where it came from."""
    made = sample.provenance
    facts = [f"{name} {value}" for name, value in sorted(made.parameters.items()) if name not in _UNTOLD]
    facts += [f"{name} {value:.3g}" for name, value in sorted(sample.scores.items())]
    if made.document_path and made.passage:
        file = made.document_path.rpartition(f"{sample.leaf}/")[2]
        facts.insert(0, f"{file}, lines {made.passage.line} to {made.passage.end_line}")
    return element(
        "article",
        tag_row(str(sample.stage), *about),
        exchange(sample.question, sample.answer),
        element("p", " · ".join(facts), class_="quiet facts-line") if facts else None,
        class_="card",
    )


def tag_row(*names: str) -> Markup:
    """A line of tags."""
    return element("p", [tag(name) for name in names], class_="tags")


def tag(name: str) -> Markup:
    """One word or two about what follows, in a pill."""
    colour = {"new": "added", "held out": "edited"}.get(name, "other")
    return element("span", name.replace("_", " "), class_=f"tag {colour}")


def exchange(question: str, answer: str) -> Markup:
    """A question and its answer, each with its sign."""
    return joined((turn("Q", question), turn("A", answer)))


def turn(who: str, text: str) -> Markup:
    """What was asked (`Q`) or answered (`A`)."""
    name = {"Q": "Question", "A": "Answer"}[who]
    return element("div", element("b", who, title=name), text_block(text), class_="said")


def text_block(text: str) -> Markup:
    """Text with its line breaks, in its own direction, cut to `TEXT_LIMIT`."""
    more: Child = None
    if len(text) > TEXT_LIMIT:
        more = element("span", f" … and {len(text) - TEXT_LIMIT:,} more characters", class_="quiet")
    return element("div", text[:TEXT_LIMIT], more, class_="text", dir="auto")
