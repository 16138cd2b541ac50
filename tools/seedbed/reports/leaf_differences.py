"""Differences of leaves for people and for programs."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seedbed.reports.escape import terminal_text
from seedbed.taxonomy.changes import Base, ChangeKind, LeafChange
from seedbed.taxonomy.compare_leaves import Edit, LeafDifference, SeedChange, Stretch, TextChange

VERSION = 1
"""Of the JSON document; raised when a key changes its meaning or goes away."""
WIDTH = 80
_NEAR = 60
"""Characters of unchanged text that are kept beside a change."""
_LONGEST = 1_000
"""Characters of one stretch that a terminal is shown; json has them all."""
_COLOURS = {Edit.REMOVED: "31", Edit.ADDED: "32"}
_MARKS = {Edit.REMOVED: ("[-", "-]"), Edit.ADDED: ("{+", "+}")}


@dataclass(frozen=True, slots=True)
class ComparedLeaf:
    """A changed leaf and what differs in it. Other files of its folder that changed are named."""

    change: LeafChange
    difference: LeafDifference


def differences_text(base: Base, leaves: Sequence[ComparedLeaf], *, colour: bool = False) -> str:
    """Leaf by leaf, seed by seed; changed words stand in `[-…-]` and `{+…+}` as in `git diff --word-diff`."""
    head = base.head[:12] if base.head else "the working tree"
    lines = [f"{head} against {base.base[:12]}", f"  ({terminal_text(base.rung)})", ""]
    for leaf in leaves:
        lines += [*_leaf_lines(leaf, colour), ""]
    lines.append(_footer(leaves))
    return "\n".join(lines) + "\n"


def _leaf_lines(leaf: ComparedLeaf, colour: bool) -> Iterator[str]:
    change, difference = leaf.change, leaf.difference
    was = f" (was {terminal_text(change.old_path or '')})" if change.kind is ChangeKind.RENAMED else ""
    heading = f"{change.kind.value} {terminal_text(change.name)}{was}"
    yield f"\x1b[1m{heading}\x1b[0m" if colour else heading
    for side in difference.unreadable:
        yield f"  the {side} file cannot be read as a leaf; `seedbed check` says why"
    if change.kind is ChangeKind.REMOVED:
        yield from _removed_lines(difference)
        return
    whole = change.kind is ChangeKind.ADDED
    for text in difference.fields:
        yield from _text_lines(text, "  ", colour, marked=not whole)
    for seed in difference.seeds:
        yield f"  {_seed_heading(seed)}"
        for text in seed.changes:
            yield from _text_lines(text, "    ", colour, marked=None not in (seed.old, seed.new))
    if change.blob == change.old_blob and change.kind is not ChangeKind.RENAMED:
        yield "  qna.yaml is the same; its attribution or a document changed"
    elif difference.kept:
        yield f"  {_counted(difference.kept, 'seed')} unchanged"


def _removed_lines(difference: LeafDifference) -> Iterator[str]:
    """What went with a leaf: its seeds by their first question, one line each."""
    for seed in difference.seeds:
        asked = next((text.old for text in seed.changes if text.where.startswith("question")), None) or ""
        line = f"  - seed {seed.old}: {terminal_text(_lines_marked(asked))}"
        yield line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _seed_heading(seed: SeedChange) -> str:
    if seed.old is None:
        return f"+ seed {seed.new}"
    if seed.new is None:
        return f"- seed {seed.old}"
    return f"~ seed {seed.new}" + (f" (was {seed.old})" if seed.old != seed.new else "")


def _text_lines(change: TextChange, indent: str, colour: bool, *, marked: bool) -> Iterator[str]:
    """The key, then the words; marks are left out where the line above already says that all is new or gone."""
    label = f"{indent}{terminal_text(change.where)}: "
    stretches = change.stretches
    if change.old is None or change.new is None:
        whole = change.new or change.old or ""
        kind = Edit.KEPT if not marked else Edit.ADDED if change.old is None else Edit.REMOVED
        stretches = (Stretch(kind, whole),)
    words = "".join(
        _shown(stretch, first=number == 0, last=number == len(stretches) - 1)
        for number, stretch in enumerate(stretches)
    )
    lines = textwrap.wrap(
        words, WIDTH, initial_indent=label, subsequent_indent=indent + "  ", break_on_hyphens=False
    ) or [label]
    yield from _coloured(lines) if colour else lines


def _shown(stretch: Stretch, *, first: bool, last: bool) -> str:
    text = stretch.text if stretch.edit is not Edit.KEPT else _cut(stretch.text, first=first, last=last)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"
    words = " ".join(terminal_text(part) for part in _lines_marked(text).split(" "))
    before, after = _MARKS.get(stretch.edit, ("", ""))
    return f"{before}{words}{after}"


def _lines_marked(text: str) -> str:
    """Line breaks as `↵`, so that each text is one paragraph."""
    return text.replace("\r\n", "\n").replace("\n", "↵ ").replace("\t", " ")


def _cut(text: str, *, first: bool, last: bool) -> str:
    """Unchanged words near a change; the middle is left out."""
    if first and last:
        return text
    if len(text) <= _NEAR * ((not first) + (not last)) + 1:
        return text
    head = "" if first else re.sub(r"\S*\Z", "", text[:_NEAR])
    tail = "" if last else re.sub(r"\A\S*", "", text[-_NEAR:])
    return f"{head}…{tail}"


def _coloured(lines: list[str]) -> Iterator[str]:
    """Colour between marks; a stretch that goes on over lines is closed and opened again."""
    opened: str | None = None
    for line in lines:
        shown = f"\x1b[{opened}m{line}" if opened else line
        for edit, (before, after) in _MARKS.items():
            shown = shown.replace(before, f"\x1b[{_COLOURS[edit]}m{before}").replace(after, f"{after}\x1b[0m")
        opens = {edit: line.rfind(before) for edit, (before, _) in _MARKS.items()}
        closes = max(line.rfind(after) for _, after in _MARKS.values())
        edit, at = max(opens.items(), key=lambda item: item[1])
        opened = _COLOURS[edit] if at > closes else opened if closes < 0 else None
        yield f"{shown}\x1b[0m" if opened else shown


def _footer(leaves: Sequence[ComparedLeaf]) -> str:
    if not leaves:
        return "No leaf differs."
    kinds = {kind: sum(leaf.change.kind is kind for leaf in leaves) for kind in ChangeKind}
    counts = ", ".join(f"{count} {kind.value}" for kind, count in kinds.items() if count)
    seeds = [seed for leaf in leaves for seed in leaf.difference.seeds]
    added = sum(seed.old is None for seed in seeds)
    removed = sum(seed.new is None for seed in seeds)
    changed = len(seeds) - added - removed
    return (
        f"{len(leaves)} {'leaf' if len(leaves) == 1 else 'leaves'}: {counts}; "
        f"{_counted(added, 'seed')} added, {removed} removed, {changed} changed"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def differences_json(base: Base, leaves: Sequence[ComparedLeaf]) -> str:
    """One document: `{"version", "base", "head", "leaves": [{"name", "change", "fields", "seeds", …}]}`."""
    document = {
        "version": VERSION,
        "base": base.base,
        "base_found_by": base.rung,
        "head": base.head,
        "leaves": [_leaf_json(leaf) for leaf in leaves],
    }
    return json.dumps(document, indent=2) + "\n"


def _leaf_json(leaf: ComparedLeaf) -> dict[str, object]:
    change, difference = leaf.change, leaf.difference
    return {
        "name": change.name,
        "change": change.kind.value,
        "path": change.path,
        "old_path": change.old_path,
        "blob": change.blob,
        "old_blob": change.old_blob,
        "unreadable": list(difference.unreadable),
        "fields": [_text_json(text) for text in difference.fields],
        "seeds": [
            {"old": seed.old, "new": seed.new, "changes": [_text_json(text) for text in seed.changes]}
            for seed in difference.seeds
        ],
        "unchanged_seeds": difference.kept,
    }


def _text_json(change: TextChange) -> dict[str, object]:
    return {
        "where": change.where,
        "old": change.old,
        "new": change.new,
        "words": [[stretch.edit.value, stretch.text] for stretch in change.stretches],
    }
