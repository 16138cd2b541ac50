"""A preview as one JSON document, version 1, of the form that `schema/preview.v1.schema.json` describes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from seedbed.generation.preview import LeafPreview, Preview


def preview_json(preview: Preview) -> str:
    """ASCII, sorted keys; a new key may appear in version 1, none changes its meaning or goes."""
    document = {
        "version": 1,
        "base": preview.base,
        "head": preview.head,
        "rung": preview.rung,
        "recipe": preview.recipe,
        "teacher": preview.teacher,
        "student": preview.student,
        "student_problem": preview.student_problem,
        "previous": {"head": preview.previous.head} if preview.previous else None,
        "leaves": [_leaf(leaf) for leaf in preview.leaves],
        "removed": list(preview.removed),
        "left_out": list(preview.left_out),
        "stopped": preview.stopped,
        "seconds": round(preview.seconds, 3),
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _leaf(leaf: LeafPreview) -> dict[str, Any]:
    return {
        "name": leaf.name,
        "path": leaf.path,
        "change": leaf.change,
        "problem": leaf.problem,
        "seeds": [
            {"question": seed.question, "answer": seed.answer, "context": seed.context} for seed in leaf.seeds
        ],
        "samples": [sample.to_json() for sample in leaf.samples],
        "rejected": [
            {
                "stage": str(one.stage),
                "question": one.question,
                "answer": one.answer,
                "reason": str(one.loss),
            }
            for one in leaf.rejected
        ],
        "since": _since(leaf),
        "funnels": {str(stage): funnel.to_json() for stage, funnel in leaf.funnels.items()},
        "seed_copies": [{"written": written, "seed": seed} for written, seed in leaf.seed_copies],
        "student": [
            {"question": one.question, "expected": one.expected, "answer": one.answer, "right": one.right}
            for one in leaf.student_answers
        ],
        "known": leaf.known,
        "verdict": leaf.verdict,
        "teacher_tokens": leaf.teacher_tokens,
        "student_tokens": leaf.student_tokens,
        "seconds": round(leaf.seconds, 3),
    }


def _since(leaf: LeafPreview) -> dict[str, Any] | None:
    if leaf.since is None:
        return None
    return {
        "new": [leaf.samples[place].id for place in sorted(leaf.since.new)],
        "gone": [asdict(exchange) for exchange in leaf.since.gone],
        "unchanged": leaf.since.unchanged,
    }
