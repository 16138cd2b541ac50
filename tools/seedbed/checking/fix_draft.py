"""A knowledge leaf of version 1 or 2 as a draft of version 3: a person writes the passages that it never had.

The questions and answers stay as they are, in their order and with their comments, moved to the right under passages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from seedbed.checking.fix_edits import line_ending
from seedbed.taxonomy.leaf import Leaf, LeafFile
from seedbed.taxonomy.new_leaf import QUESTIONS, SEEDS, answer_to_write, passage_to_copy, question_to_write
from seedbed.taxonomy.places import Places
from seedbed.taxonomy.read_leaf import read_leaf

_STEP = 4
"""Columns that a question moves to the right: under a dash and a key."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a leaf with so many questions lacks of version 3."""

    passages: int
    questions: int

    def __str__(self) -> str:
        write = f" and write {self.questions} more questions" if self.questions else ""
        return f"copy {self.passages} passages{write}"


def missing(questions: int) -> Missing:
    """The fewest passages that hold all questions three or more at a time, and how many questions fall short."""
    passages = max(SEEDS, questions // QUESTIONS)
    return Missing(passages, max(0, passages * QUESTIONS - questions))


def draft(old: Leaf, read: LeafFile) -> str | None:
    """`read`, the text of `old` with `version: 3`, with its seeds under passages to be copied.

    None where its seeds stand in a form that cannot be moved line by line; nothing is then lost or changed.
    """
    text = _renamed(read)
    moved = _moved(read_leaf(text.encode(), path=read.path, name=read.name, blob=""))
    return moved if moved is not None and _keeps(old, read, moved) else None


def _renamed(read: LeafFile) -> str:
    """With the task as the outline of the document, which is what version 3 calls it."""
    if not read.data or "task_description" not in read.data:
        return read.text
    start, end = Places(read.text).offsets(read.key_span(("task_description",)))
    return f"{read.text[:start]}document_outline{read.text[end:]}"


def _moved(read: LeafFile) -> str | None:
    """The text with each seed some columns further right, below the passage that it will have."""
    seeds = read.data.get("seed_examples") if read.data else None
    if not read.data or not isinstance(seeds, list):
        return None
    lines = read.text.split("\n")
    starts = [read.span(("seed_examples", number)).line - 1 for number in range(len(seeds))]
    dashes = [re.match(r"( *)- +[^\s#]", lines[start]) for start in starts]
    indents = {dash[1] for dash in dashes if dash is not None}
    if None in dashes or len(indents) != 1 or len(set(starts)) != len(starts):
        return None
    keys = [read.key_span((key,)).line - 1 for key in read.data]
    end = _end_of_seeds(lines, starts[-1], min((key for key in keys if key > starts[-1]), default=len(lines)))
    blocks = [lines[start:stop] for start, stop in pairwise([*starts, end])]
    carriage = line_ending(read.text).removesuffix("\n")
    put = [f"{line}{carriage}" if line[-1:] != "\r" else line for line in _grouped(blocks, indents.pop())]
    return "\n".join([*lines[: starts[0]], *put, *lines[end:]])


def _end_of_seeds(lines: Sequence[str], last: int, end: int) -> int:
    """Where the last seed ends: blank lines and comments before the next key are not its own."""
    while end - 1 > last and (not lines[end - 1].strip() or lines[end - 1].startswith(("#", "..."))):
        end -= 1
    return end


def _grouped(blocks: Sequence[Sequence[str]], indent: str) -> list[str]:
    """The seeds shared out evenly among passages, with what is missing to be written by a person."""
    wanted = missing(len(blocks)).passages
    inner = indent + " " * _STEP
    shown: list[str] = []
    for number in range(wanted):
        own = blocks[number * len(blocks) // wanted : (number + 1) * len(blocks) // wanted]
        shown.append(f'{indent}- context: "{passage_to_copy(number + 1)}"')
        shown.append(f"{indent}  questions_and_answers:")
        shown += [" " * _STEP + line if line.strip() else line for block in own for line in block]
        for question in range(len(own) + 1, QUESTIONS + 1):
            shown.append(f'{inner}- question: "{question_to_write(number + 1, question)}"')
            shown.append(f'{inner}  answer: "{answer_to_write(number + 1, question)}"')
    return shown


def _keeps(old: Leaf, read: LeafFile, text: str) -> bool:
    """Whether `text` is a leaf of version 3 with everything that the old one says, in the same order."""
    leaf = read_leaf(text.encode(), path=read.path, name=read.name, blob="").leaf
    if leaf is None:
        return False
    pairs = [pair for seed in leaf.seed_examples for pair in seed.questions_and_answers]
    kept = [pair for pair in pairs if not pair.question.startswith("TODO: question ")]
    before = [pair for seed in old.seed_examples for pair in seed.questions_and_answers]
    said = (leaf.created_by, leaf.domain, leaf.document, leaf.document_outline)
    return kept == before and said == (old.created_by, old.domain, old.document, old.task_description)
