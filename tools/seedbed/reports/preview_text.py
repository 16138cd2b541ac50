"""A preview for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.generation.preview import STOPPED, LeafPreview, Preview
from seedbed.reports.escape import terminal_text
from seedbed.reports.funnel import funnel_lines
from seedbed.reports.plural import counted

_SHOWN_COPIES = 5
_SHOWN_NAMES = 10
_SHOWN_REJECTED = 5


def preview_text(preview: Preview) -> str:
    """The whole report, each line made harmless for a terminal."""
    return "\n".join(_lines(preview)) + "\n"


def _lines(preview: Preview) -> Iterator[str]:
    head = preview.head[:12] if preview.head else "the working tree"
    yield f"{head} against {(preview.base or '')[:12]} ({terminal_text(preview.rung)}); recipe {terminal_text(preview.recipe)}"
    if not preview.leaves and not preview.removed:
        yield "no leaf changed: nothing to preview"
        return
    if preview.leaves:
        yield f"teacher {terminal_text(preview.teacher)}; student {terminal_text(preview.student or 'none')}"
    if preview.student_problem:
        yield f"what the student knows was not asked: {terminal_text(preview.student_problem)}"
    if preview.stopped:
        yield f"ended early: {STOPPED[preview.stopped]}; what is here was made before"
    for leaf in preview.leaves:
        yield ""
        yield from _leaf_lines(leaf)
    for name in preview.removed:
        yield f"\n{terminal_text(name)} (removed): its samples will not be replayed any more"
    if preview.left_out:
        shown = ", ".join(map(terminal_text, preview.left_out[:_SHOWN_NAMES]))
        more = ", …" if len(preview.left_out) > _SHOWN_NAMES else ""
        yield f"\nnot previewed, beyond the limit: {counted(len(preview.left_out), 'leaf')}: {shown}{more}"
        yield "name their folders, or raise --limit"
    yield f"\n{preview.seconds:.1f} s in all; advisory: nothing was stored, and no check depends on it"


def _leaf_lines(leaf: LeafPreview) -> Iterator[str]:
    yield f"{terminal_text(leaf.name)} ({leaf.change})"
    if leaf.student_answers:
        yield f"  {leaf.verdict}"
    for answer in leaf.student_answers[:3]:
        yield f"    {'=' if answer.right else '≠'} {_one_line(answer.question)} → {_one_line(answer.answer)}"
    if leaf.problem:
        yield f"  no samples: {terminal_text(leaf.problem)}"
        return
    for line in funnel_lines(leaf.funnels):
        yield f"  {line}"
    for written, seed in leaf.seed_copies[:_SHOWN_COPIES]:
        yield f"  copies a seed: {_one_line(written)} ~ {_one_line(seed)}"
    if len(leaf.seed_copies) > _SHOWN_COPIES:
        yield f"  and {len(leaf.seed_copies) - _SHOWN_COPIES} more copies of seeds"
    if leaf.since is not None:
        gone = len(leaf.since.gone)
        yield f"  since the last preview: {len(leaf.since.new)} new, {gone} gone, {leaf.since.unchanged} unchanged"
    for number, sample in enumerate(leaf.samples, 1):
        new = ", new" if leaf.since is not None and number - 1 in leaf.since.new else ""
        yield f"  {number}. {sample.stage.replace('_', ' ')}{', held out' if sample.held_out else ''}{new}"
        for role, text in (("Q", sample.question), ("A", sample.answer)):
            for index, line in enumerate(text.splitlines() or [""]):
                yield f"     {role if index == 0 else ' '} {terminal_text(line)}"
    for one in leaf.rejected[:_SHOWN_REJECTED]:
        said = f" → {_one_line(one.answer, 60)}" if one.answer is not None else ""
        yield f"  ✗ {one.loss}: {_one_line(one.question)}{said}"
    if len(leaf.rejected) > _SHOWN_REJECTED:
        yield f"  and {len(leaf.rejected) - _SHOWN_REJECTED} more rejected: --format html shows them all"
    yield f"  {leaf.teacher_tokens:,} teacher tokens, {leaf.student_tokens:,} student tokens, {leaf.seconds:.1f} s"


def _one_line(text: str, limit: int = 100) -> str:
    line = " ".join(text.split())
    return terminal_text(line if len(line) <= limit else line[: limit - 1] + "…")
