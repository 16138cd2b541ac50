"""Lists of benchmark questions, and whether a text stands in one.

Thirteen words in a row that stand in a list are taken as copied (the measure of the GPT-3 paper, appendix C); a shorter
text, of five words or more, when it stands there as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache

from seedbed.checking.texts import words_of
from seedbed.config import FILE_NAME, Settings
from seedbed.errors import UsageError
from seedbed.taxonomy.repository import Repository

IN_A_ROW = 13
FEWEST_WORDS = 5
_LIMIT = 64 * 1024 * 1024  # bytes of one list

BenchmarkTexts = tuple[tuple[str, str], ...]
"""(path, text) of each list."""


def read_benchmark_texts(repository: Repository, settings: Settings, commit: str | None) -> BenchmarkTexts:
    """The lists that `[check] benchmarks` names, at a commit (None: the working tree).

    Raises UsageError for one that is not there.
    """
    texts = []
    for path in settings.check.benchmarks:
        raw = repository.read_path(commit, path, _LIMIT)
        if raw is None:
            raise UsageError(
                f"{FILE_NAME}: check.benchmarks names {path}, and there is no such file",
                hint="name a file of this repository, from its root",
            )
        texts.append((path, raw.decode("utf-8", "replace")))
    return tuple(texts)


def place_in_benchmarks(text: str, texts: BenchmarkTexts) -> str | None:
    """The list and line that `text` shares words with, such as "`tests/questions.txt`, line 3"; None for none."""
    if not texts:
        return None
    known = _runs_of(texts)
    return next((known[run] for run in _runs(words_of(text)) if run in known), None)


def _runs(words: list[str]) -> Iterator[str]:
    """Every run of thirteen words; of fewer words, all of them, if there are five."""
    if FEWEST_WORDS <= len(words) < IN_A_ROW:
        yield " ".join(words)
    for start in range(len(words) - IN_A_ROW + 1):
        yield " ".join(words[start : start + IN_A_ROW])


@lru_cache(maxsize=4)
def _runs_of(texts: BenchmarkTexts) -> Mapping[str, str]:
    """Each run of words of the lists' questions, and the file and line of the first that has it."""
    runs: dict[str, str] = {}
    for path, text in texts:
        for number, line in enumerate(text.splitlines(), start=1):
            for run in _runs(words_of(_question(line))):
                runs.setdefault(run, f"`{path}`, line {number}")
    return runs


def _question(line: str) -> str:
    """The question of one line: that of a JSON object, or the line itself."""
    if not line.lstrip().startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line  # a question may begin with a brace
    question = entry.get("question")
    return question if isinstance(question, str) else ""
