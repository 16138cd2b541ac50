"""What models answered to held-out questions, kept by weights and questions, so that nothing is asked twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from seedbed.generation.sample import Sample
from seedbed_training.evaluation.evaluate import Progress, answer
from seedbed_training.evaluation.score import Case
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.releasing.workspace import Workspace

_FORM = "answers with nats 1"  # of a file; another one is as good as none


def kept_or_asked(
    workspace: Workspace,
    folder: Path,
    revision: str,
    held_out: Mapping[str, Sequence[Sample]],
    *,
    progress: Progress,
) -> Mapping[str, tuple[Case, ...]]:
    """The cases of each leaf that has any; those of leaves answered before with the same weights are read.

    Each leaf is kept as soon as its last question is answered, so that a stopped evaluation goes on. Raises as `answer`
    does, and StoreError when the disk does not take it.
    """
    known: dict[str, tuple[Case, ...]] = {}
    missing: dict[str, Sequence[Sample]] = {}
    for leaf, samples in held_out.items():
        if not samples:
            continue
        kept = _read(_file(workspace, revision, leaf, samples))
        if kept is not None and [case.sample for case in kept] == [sample.id for sample in samples]:
            known[leaf] = kept
        else:
            missing[leaf] = samples

    def keep(leaf: str, cases: Sequence[Case]) -> None:
        text = json.dumps([asdict(case) for case in cases], indent=1, sort_keys=True, ensure_ascii=False)
        write_whole(_file(workspace, revision, leaf, missing[leaf]), text + "\n")

    known.update(answer(folder, missing, progress=progress, answered=keep))
    return {leaf: known[leaf] for leaf in sorted(known)}


def _file(workspace: Workspace, revision: str, leaf: str, samples: Sequence[Sample]) -> Path:
    parts = json.dumps([_FORM, leaf, [sample.id for sample in samples]])
    name = f"{hashlib.sha256(parts.encode()).hexdigest()[:32]}.json"
    return workspace.state / "evaluations" / revision / name


def _read(path: Path) -> tuple[Case, ...] | None:
    """A file that cannot be read is as good as none: its leaf is asked again and the file written anew."""
    try:
        return tuple(Case(**case) for case in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
