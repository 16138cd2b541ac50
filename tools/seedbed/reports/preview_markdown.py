"""A preview as a comment on a pull request: short enough for one, and harmless whatever the model or the leaf says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seedbed.generation.preview import STOPPED, LeafPreview, Preview
from seedbed.reports.escape import markdown_fence, markdown_inline
from seedbed.reports.funnel import funnel_lines
from seedbed.reports.markdown import length
from seedbed.reports.plural import counted

COMMENT_LIMIT = 39_000
"""UTF-16 units: of the 65,536 that GitHub takes in one comment, those that the check's findings leave to a preview."""

_TEXT_LIMIT = 1_500  # of one question or answer
_LINE_LIMIT = 160  # of one cell
_SHOWN = 6  # rows of one table
_MOST_NAMES, _NAMES_LIMIT = 50, 4_000  # of leaves without samples; UTF-16 units


def preview_markdown(preview: Preview, *, limit: int = COMMENT_LIMIT) -> str:
    """The whole report, at most `limit` long: whole leaves first, then names alone, then a count."""
    title = _title(preview)
    footer = (
        f"\n<sub>{preview.seconds:.1f} s. Advisory: nothing was stored, and no check depends on it.</sub>\n"
    )
    room = limit - length(title) - length(footer) - 200  # for the line that counts what was left out
    parts: list[str] = []
    names = [_name_alone(leaf) for leaf in preview.leaves]
    waiting = sum(map(length, names))  # every leaf is named before any is shown whole
    left_out = 0
    for leaf, name in zip(preview.leaves, names, strict=True):
        waiting -= length(name)
        part = _longest_that_fits(leaf, room - waiting) or (name if length(name) <= room else "")
        parts.append(part)
        room -= length(part)
        left_out += not part
    if left_out:
        parts.append(f"\n{left_out} more leaves do not fit here: run `seedbed preview` to see them.\n")
    return title + "".join(parts) + footer


def _longest_that_fits(leaf: LeafPreview, room: int) -> str:
    """The whole leaf, or it with one sample, or nothing."""
    return next(
        (part for part in (_leaf(leaf, len(leaf.samples)), _leaf(leaf, 1)) if length(part) <= room), ""
    )


def _name_alone(leaf: LeafPreview) -> str:
    return f"\n<p>{_summary(leaf)}</p>\n"


def _title(preview: Preview) -> str:
    head = preview.head[:12] if preview.head else "the working tree"
    lines = [
        "### What the teacher makes of these leaves",
        "",
        f"{head} against {(preview.base or '')[:12]} ({_cell(preview.rung)})",
        f"<br>recipe {_cell(preview.recipe)}",
    ]
    if preview.leaves:
        lines.append(f"<br>teacher {_cell(preview.teacher)}, student {_cell(preview.student or 'none')}")
    if preview.previous:
        earlier = preview.previous.head
        lines.append(
            f"<br>compared with the preview of {_cell(earlier[:12] if earlier else 'a working tree')}"
        )
    if preview.student_problem:
        lines.append(f"<br>what the student knows was not asked: {_cell(preview.student_problem)}")
    if preview.stopped:
        lines.append(f"<br>**ended early**: {STOPPED[preview.stopped]}; what is here was made before")
    if not preview.leaves:
        lines.append("\nNo leaf was added or edited.")
    if preview.removed:
        lines.append(f"\nRemoved, and never replayed again: {_names(preview.removed)}")
    if preview.left_out:
        count = counted(len(preview.left_out), "leaf")
        lines.append(f"\nNot previewed, beyond the limit ({count}): {_names(preview.left_out)}")
    return "\n".join(lines) + "\n"


def _names(names: Sequence[str]) -> str:
    """As many as take `_NAMES_LIMIT`, and how many more there are."""
    shown: list[str] = []
    room = _NAMES_LIMIT
    for name in map(_cell, names[:_MOST_NAMES]):
        room -= length(name)
        if room < 0:
            break
        shown.append(name)
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _leaf(leaf: LeafPreview, samples: int) -> str:
    lines = ["", "<details>", f"<summary>{_summary(leaf)}</summary>", ""]
    if leaf.student_answers:
        lines += [f"**{leaf.verdict}**", ""]
        lines += ["| the student, before training | question | its answer |", "|---|---|---|"]
        lines += [
            f"| {'right' if one.right else 'not yet'} | {_cell(one.question)} | {_cell(one.answer)} |"
            for one in leaf.student_answers[:_SHOWN]
        ]
        lines.append("")
    lines += [f"- {markdown_inline(line[:_TEXT_LIMIT])}" for line in funnel_lines(leaf.funnels)]
    lines += [f"- copies a seed: {_cell(written)} ~ {_cell(seed)}" for written, seed in leaf.seed_copies[:5]]
    lines += [f"- {line}" for line in _since(leaf)]
    lines += ["", *_seeds(leaf)]
    for place, sample in enumerate(leaf.samples[:samples]):
        lines += [
            f"**{sample.stage.replace('_', ' ')}**{', held out' if sample.held_out else ''}{_new(leaf, place)}",
            "",
            markdown_fence(sample.question, _TEXT_LIMIT),
            "",
            markdown_fence(sample.answer, _TEXT_LIMIT),
            "",
        ]
    if len(leaf.samples) > samples:
        lines += [f"and {len(leaf.samples) - samples} more samples, which do not fit here", ""]
    lines += _rejected(leaf)
    lines += [f"{leaf.teacher_tokens:,} teacher tokens, {leaf.seconds:.1f} s", "", "</details>", ""]
    return "\n".join(lines)


def _seeds(leaf: LeafPreview) -> list[str]:
    """A few of the leaf's own, so that samples can be held against them."""
    if not leaf.seeds:
        return []
    shown = [f"| {_cell(seed.question)} | {_cell(seed.answer)} |" for seed in leaf.seeds[:_SHOWN]]
    more = f" (the first {_SHOWN} of {len(leaf.seeds)})" if len(leaf.seeds) > _SHOWN else ""
    return [f"| seeds, by a person{more} | |", "|---|---|", *shown, ""]


def _since(leaf: LeafPreview) -> list[str]:
    if leaf.since is None:
        return []
    gone = leaf.since.gone
    said = f"since the last preview: {len(leaf.since.new)} new, {len(gone)} gone, {leaf.since.unchanged} unchanged"
    return [said, *(f"gone: {_cell(one.question)} → {_cell(one.answer)}" for one in gone[:3])]


def _new(leaf: LeafPreview, place: int) -> str:
    return ", new" if leaf.since is not None and place in leaf.since.new else ""


def _rejected(leaf: LeafPreview) -> list[str]:
    if not leaf.rejected:
        return []
    rows = [
        f"| {one.loss} | {_cell(one.question)} | {_cell(one.answer or '')} |"
        for one in leaf.rejected[:_SHOWN]
    ]
    more = len(leaf.rejected) - _SHOWN
    lines = ["| rejected because | question | answer |", "|---|---|---|", *rows, ""]
    return [*lines, f"and {more} more rejected", ""] if more > 0 else lines


def _summary(leaf: LeafPreview) -> str:
    text = f"{_in_html(leaf.name)} ({leaf.change}): "
    text += f"no samples: {_in_html(leaf.problem)}" if leaf.problem else counted(len(leaf.samples), "sample")
    if leaf.student_answers:
        text += f"; the student knows {leaf.known} of {len(leaf.student_answers)}"
    return text


def _in_html(text: str) -> str:
    """As a cell, for a line of HTML: no Markdown is read there, so that a backslash would be shown; entities are not."""
    return re.sub(r"\\(.)", lambda match: f"&#{ord(match[1])};", _cell(text))


def _cell(text: str) -> str:
    line = " ".join(text.split())
    return markdown_inline(line if len(line) <= _LINE_LIMIT else line[: _LINE_LIMIT - 1] + "…")
