"""The preview that the generating job left, for the publisher, which holds a token: read as a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.grow_task import Rejected
from seedbed.generation.preview import LeafPreview, Preview, StudentAnswer
from seedbed.generation.preview_differences import EarlierPreview, Exchange, SampleDifference
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.generation.seed import Seed
from seedbed.taxonomy.leaf import Kind
from seedbed.teacher.teacher import Message, TeacherIdentity
from seedbed.untrusted_file import read_untrusted

MAXIMUM_BYTES = 16 << 20
"""Largest preview that is read."""


def read_preview_file(path: Path) -> Preview:
    """The preview at `path`, whoever wrote it, as far as a comment shows it.

    Raises UsageError when it is missing, too large or of another form.
    """
    document = read_untrusted(path, what="preview", schema="preview.v1.schema.json", limit=MAXIMUM_BYTES)
    previous = document["previous"]
    return Preview(
        document["base"],
        document["head"],
        document["rung"],
        document["teacher"],
        document["student"],
        document["recipe"],
        tuple(map(_leaf, document["leaves"])),
        tuple(document["removed"]),
        tuple(document["left_out"]),
        document["student_problem"],
        EarlierPreview(previous["head"], {}) if previous else None,
        document.get("stopped"),
        float(document["seconds"]),
    )


def _leaf(fields: Mapping[str, Any]) -> LeafPreview:
    return LeafPreview(
        fields["name"],
        fields["path"],
        fields["change"],
        fields["problem"],
        tuple(map(_sample, fields["samples"])),
        {stage: _funnel(fields["funnels"][stage]) for stage in Stage if stage in fields["funnels"]},
        tuple(map(_seed, fields["seeds"])),
        tuple(map(_rejected, fields["rejected"])),
        tuple((copy["written"], copy["seed"]) for copy in fields["seed_copies"]),
        _since(fields["since"], fields["samples"]),
        tuple(StudentAnswer(one["question"], one["expected"], one["answer"]) for one in fields["student"]),
        int(fields["teacher_tokens"]),
        int(fields["student_tokens"]),
        float(fields["seconds"]),
    )


def _sample(fields: Mapping[str, Any]) -> Sample:
    made, teacher = fields["provenance"], fields["provenance"]["teacher"]
    identity = TeacherIdentity(teacher["backend"], teacher["model"], teacher["revision"])
    return Sample(
        fields["leaf"],
        Stage(fields["stage"]),
        tuple(Message(message["role"], message["content"]) for message in fields["messages"]),
        fields["held_out"],
        Provenance(made["leaf_blob"], made["prompts_digest"], identity, made["seed"], made["parameters"]),
    )


def _funnel(fields: Mapping[str, Any]) -> Funnel:
    lost = {loss: int(fields["lost"][loss]) for loss in Loss if loss in fields["lost"]}
    return Funnel(
        asked=int(fields["asked"]),
        kept=int(fields["kept"]),
        held_out=int(fields["held_out"]),
        lost=lost,
        requests=int(fields["requests"]),
        prompt_tokens=int(fields["prompt_tokens"]),
        completion_tokens=int(fields["completion_tokens"]),
        wanted=int(fields["wanted"]),
        unanswered={cause: int(count) for cause, count in fields.get("unanswered", {}).items()},
    )


def _seed(fields: Mapping[str, Any]) -> Seed:
    kind = Kind.FREEFORM if fields["context"] is None else Kind.GROUNDED  # which kind it was is not shown
    return Seed(fields["question"], fields["answer"], fields["context"], kind)


def _rejected(fields: Mapping[str, Any]) -> Rejected:
    return Rejected(Stage(fields["stage"]), 0, fields["question"], fields["answer"], Loss(fields["reason"]))


def _since(fields: Mapping[str, Any] | None, samples: list[Mapping[str, Any]]) -> SampleDifference | None:
    if fields is None:
        return None
    new = frozenset(place for place, sample in enumerate(samples) if sample["id"] in fields["new"])
    gone = tuple(Exchange(one["stage"], one["question"], one["answer"]) for one in fields["gone"])
    return SampleDifference(new, gone, int(fields["unchanged"]))
