"""Questions and answers of more samples than memory should hold: in a file without a name, gone when it is closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from seedbed.errors import StoreError
from seedbed.generation.normalise import normalised
from seedbed.generation.sample import Sample, Stage

_CACHE = 32_768  # KiB of the file that memory holds; what is smaller never reaches a disk
_STAGES = {stage: number for number, stage in enumerate(Stage)}


@dataclass(frozen=True, slots=True)
class SampleText:
    """What one sample is compared by."""

    id: str
    leaf: str
    question: str
    answer: str


class SampleTexts:
    """Training samples by number, as they came, and the first held-out sample of each question.

    Every method raises StoreError when the disk for temporary files is full or fails.
    """

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._count = 0
        for statement in (
            f"PRAGMA cache_size = -{_CACHE}",
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE training (number INTEGER PRIMARY KEY, stage INTEGER, leaf, id, question, answer)",
            "CREATE TABLE held_out (question TEXT PRIMARY KEY, leaf, id) WITHOUT ROWID",
            "BEGIN",
        ):
            self._file.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, sample: Sample) -> SampleText:
        """Take in the next training sample; its number is how many came before it."""
        text = SampleText(sample.id, sample.leaf, sample.question, sample.answer)
        row = (self._count, _STAGES[sample.stage], text.leaf, text.id, text.question, text.answer)
        with _told():
            self._file.execute("INSERT INTO training VALUES (?, ?, ?, ?, ?, ?)", row)
        self._count += 1
        return text

    @property
    def count(self) -> int:
        """How many training samples there are."""
        return self._count

    def hold_out(self, sample: Sample) -> None:
        """Take in a held-out sample; of several that ask the same the first by leaf and id counts."""
        with _told():
            self._file.execute(
                "INSERT INTO held_out VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET leaf = excluded.leaf, id = excluded.id "
                "WHERE (excluded.leaf, excluded.id) < (leaf, id)",
                (normalised(sample.question), sample.leaf, sample.id),
            )

    def in_order(self) -> Iterator[tuple[int, SampleText]]:
        """Every training sample with its number, by stage, leaf and id."""
        with _told():
            self._file.execute("CREATE INDEX IF NOT EXISTS ordered ON training (stage, leaf, id, number)")
            for number, *fields in self._file.execute(
                "SELECT number, id, leaf, question, answer FROM training ORDER BY stage, leaf, id, number"
            ):
                yield number, SampleText(*fields)

    def text(self, number: int) -> SampleText:
        """The training sample of a number."""
        with _told():
            [fields] = self._file.execute(
                "SELECT id, leaf, question, answer FROM training WHERE number = ?", (number,)
            )
        return SampleText(*fields)

    def held_out(self, question: str) -> tuple[str, str] | None:
        """Leaf and id of the held-out sample that asks this, a normalised question; None where there is none."""
        with _told():
            found: tuple[str, str] | None = self._file.execute(
                "SELECT leaf, id FROM held_out WHERE question = ?", (question,)
            ).fetchone()
        return found


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(
            f"samples cannot be compared, since a temporary file cannot be written or read: {error}",
            hint="free space in the folder for temporary files, or name another: TMPDIR=FOLDER seedbed …",
        ) from error
