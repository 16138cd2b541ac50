"""Samples, rejected attempts and where a sample comes from, for a terminal: wide characters right, commands harmless."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.cells import cell_len, chop_cells

from seedbed.generation.across_leaves import Fallen
from seedbed.generation.explain_sample import Exchange, Explanation, PassageText
from seedbed.generation.grow_task import Rejected
from seedbed.generation.sample import Sample
from seedbed.reports.escape import terminal_text

_MARGIN = 11  # columns before a text


def sample_lines(sample: Sample, number: int, of: int, *, width: int) -> Iterator[str]:
    """One sample with its provenance and scores."""
    tags = f"{sample.stage}{', held out' if sample.held_out else ''}"
    yield f"{number:,} of {of:,}  {sample.id}  {tags}"
    yield from _labelled("from", _origin(sample), width)
    if sample.scores:
        yield from _labelled("scores", _pairs(sample.scores), width)
    for message in sample.messages:
        yield from _labelled(message.role, message.content, width)
    yield ""


def rejected_lines(one: Rejected, number: int, of: int, *, width: int) -> Iterator[str]:
    """One rejected attempt with its reason."""
    yield f"{number:,} of {of:,} rejected  {one.stage}, attempt {one.attempt}: {one.loss}"
    yield from _labelled("user", one.question, width)
    if one.answer is not None:
        yield from _labelled("assistant", one.answer, width)
    yield ""


def left_out_lines(one: Fallen, number: int, of: int, *, width: int) -> Iterator[str]:
    """A stored sample that is left out, with its reason."""
    yield f"{number:,} of {of:,} left out  {one.sample}: {one.reason}"
    yield from _labelled("like", one.like, width)
    yield ""


def explanation_text(told: Explanation, *, width: int) -> str:
    """Everything that is known of a sample, from its leaf to its verdicts."""
    return "\n".join(_explained(told, width)) + "\n"


def _explained(told: Explanation, width: int) -> Iterator[str]:
    sample = told.found.sample
    made, making = sample.provenance, told.found.stored.making
    yield f"sample {sample.id}"
    yield from _labelled("stage", f"{sample.stage}{', held out' if sample.held_out else ''}", width)
    for message in sample.messages:
        yield from _labelled(message.role, message.content, width)
    yield "\nleaf"
    yield from _labelled("name", sample.leaf, width)
    yield from _labelled("file", f"{told.path or 'unknown'} (blob {made.leaf_blob[:12]})", width)
    yield from _labelled("commit", _commit(told), width)
    if told.created_by:
        yield from _labelled("created by", told.created_by, width)
    yield from _labelled("licence", _licence(told), width)
    yield from _passage(told.passage, width)
    yield "\nteacher"
    yield from _labelled("model", str(made.teacher), width)
    yield from _labelled("recipe", f"{making.recipe} (digest {made.prompts_digest[:12]})", width)
    yield from _labelled("parameters", _pairs({**made.parameters, "seed": made.seed}), width)
    yield from _labelled("scores", _pairs(sample.scores) or "none", width)
    yield from _labelled("store key", told.found.stored.key, width)
    for exchange in told.exchanges:
        yield from _exchange(exchange, width)
    if told.gaps:
        yield "\nnot known"
        for gap in told.gaps:
            yield from _labelled("-", gap, width)


def _commit(told: Explanation) -> str:
    if told.commit is None:
        return "none that holds it was found"
    if told.change is None:
        return told.commit
    when = datetime.fromtimestamp(told.change.authored.committed, UTC).date().isoformat()
    sure = "" if told.change.certain else " or earlier (the clone is shallow)"
    later = "" if told.current else "; the leaf was changed or removed since"
    return f"{told.change.commit[:12]}{sure} of {when}, by {told.change.authored.name}{later}"


def _licence(told: Explanation) -> str:
    attribution = told.attribution
    if attribution is None:
        return "not given: there is no attribution.txt beside the leaf"
    words = [attribution.licence or attribution.licence_text or "not given"]
    if attribution.title:
        words.append(f"for {attribution.title}")
    if attribution.authors:
        words.append(f"by {', '.join(attribution.authors)}")
    if attribution.link:
        words.append(attribution.link)
    return ", ".join(words)


def _passage(passage: PassageText | None, width: int) -> Iterator[str]:
    if passage is None:
        return
    span = passage.span
    yield "\npassage"
    yield from _labelled("document", f"{passage.path} (blob {passage.blob[:12]})", width)
    where = f"lines {span.line} to {span.end_line}"
    if passage.pages:
        first, last = passage.pages
        where += f", page {first}" if first == last else f", pages {first} to {last}"
    yield from _labelled(
        "place", f"{where}{f', as read by {passage.parser}' if passage.parser else ''}", width
    )
    if passage.text is not None:
        yield from _labelled("text", passage.text, width)


def _exchange(exchange: Exchange, width: int) -> Iterator[str]:
    request, completion = exchange.request, exchange.completion
    asked = f"temperature {request.temperature:g}, at most {request.max_tokens} tokens, seed {request.seed}"
    yield f"\n{terminal_text(exchange.role)}, as it was asked ({asked})"
    for message in request.messages:
        yield from _labelled(message.role, message.content, width)
    if completion is not None:
        yield from _labelled("→ said", completion.text, width)
        if completion.choice_log_probabilities:
            yield from _labelled("→ log p", _pairs(completion.choice_log_probabilities), width)


def _origin(sample: Sample) -> str:
    made = sample.provenance
    if made.parameters.get("origin"):
        return f"{made.parameters['origin']} (a person wrote it)"
    origin = f"{made.teacher}, {_pairs(made.parameters)}"
    if made.document_path and made.passage:
        origin += f"; {made.document_path}, lines {made.passage.line} to {made.passage.end_line}"
    return origin


def _pairs(values: object) -> str:
    assert hasattr(values, "items")
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in sorted(values.items())
    )


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    """A label in the margin, the text beside it, wrapped by the columns that it takes on a terminal."""
    shown = terminal_text(label)
    for line in text.replace("\r\n", "\n").split("\n"):
        for part in _wrapped(terminal_text(line.replace("\t", "    ")), max(20, width - _MARGIN - 1)):
            yield f"{' ' * (_MARGIN - 1 - cell_len(shown))}{shown}  {part}".rstrip()
            shown = ""


def _wrapped(line: str, columns: int) -> Sequence[str]:
    """Lines of at most so many columns; a wide character takes two."""
    if cell_len(line) <= columns:
        return (line,)
    if line.isascii():
        return textwrap.wrap(line, columns, break_on_hyphens=False)
    found = [""]
    for word in line.split(" "):
        joined = f"{found[-1]} {word}" if found[-1] else word
        if cell_len(joined) <= columns:
            found[-1] = joined
        else:
            found += chop_cells(word, columns)
    return [part for part in found if part]
