"""Leaves as text, and a check of a repository made of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.checking.check import check
from seedbed.checking.finding import Finding
from seedbed.checking.report import CheckReport
from seedbed.config import Settings
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.repository import Repository

PATH = "taxonomy/compositional_skills/places/capitals/qna.yaml"
BESIDE = "taxonomy/compositional_skills/places/capitals/attribution.txt"

KNOWLEDGE_PATH = "taxonomy/knowledge/harbours/velm/qna.yaml"


def skill(old: str = "", new: str = "") -> str:
    """The good skill leaf with its first `old` replaced by `new`."""
    assert old in SKILL
    return SKILL.replace(old, new, 1) if old else SKILL


def knowledge(document: str, *, contexts: tuple[str, ...] = ()) -> str:
    """A knowledge leaf with five seeds whose `document` is the given YAML lines."""
    seeds = []
    for number in range(5):
        context = (
            contexts[number] if number < len(contexts) else f"Berth {number} is kept by the harbour master."
        )
        pairs = "".join(
            f"      - question: Which fact {number}.{part} of berth {number}?\n        answer: Fact {number}.{part} it is\n"
            for part in range(3)
        )
        seeds.append(f"  - context: {context}\n    questions_and_answers:\n{pairs}")
    indented = "".join(f"  {line}\n" for line in document.strip().splitlines())
    head = "version: 3\ncreated_by: robin\ndomain: harbours\ndocument_outline: Berths of Velm\n"
    return f"{head}document:\n{indented}seed_examples:\n{''.join(seeds)}"


def check_files(folder: Path, files: Mapping[str, str | bytes]) -> CheckReport:
    """Check every leaf among `files`, in a repository that holds nothing else."""
    commit = RepositoryBuilder(folder).commit_files(files)
    return check(Repository.open(folder), Settings(), base=None, head=commit)


def check_leaf(
    folder: Path, text: str | bytes, *, path: str = PATH, attribution: str | None = ATTRIBUTION
) -> list[Finding]:
    """The findings on one leaf alone in its taxonomy."""
    files: dict[str, str | bytes] = {path: text}
    if attribution is not None:
        files[str(Path(path).with_name("attribution.txt"))] = attribution
    return list(check_files(folder, files).findings)


def check_change(
    folder: Path,
    before: Mapping[str, str | bytes],
    after: Mapping[str, str | bytes],
    *,
    removed: tuple[str, ...] = (),
) -> CheckReport:
    """Check the change from a base commit with `before` to one that also has `after` and lacks `removed`."""
    builder = RepositoryBuilder(folder)
    base = builder.commit_files(before)
    for path in removed:
        builder.remove(path)
    head = builder.commit_files(after)
    return check(Repository.open(folder), Settings(), base=Base("named by the test", base, head))
