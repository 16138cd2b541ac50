"""A sample: one generated exchange, with where it came from. This is the contract between tools and training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from seedbed.taxonomy.leaf import Span
from seedbed.teacher.teacher import Message, TeacherIdentity


class Stage(StrEnum):
    """What a sample teaches, and so which phase of training it enters (LAB paper, table 1)."""

    KNOWLEDGE_SHORT = "knowledge_short"
    KNOWLEDGE_LONG = "knowledge_long"
    FOUNDATIONAL = "foundational"
    COMPOSITIONAL = "compositional"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything that made a sample."""

    leaf_blob: str  # git blob id of the qna.yaml
    prompts_digest: str  # of the generation recipe and every prompt template it names
    teacher: TeacherIdentity
    seed: int
    parameters: Mapping[str, float | int | str]  # temperature, max_tokens … of the answer
    document_path: str | None = None  # knowledge only
    document_blob: str | None = None
    passage: Span | None = None  # lines and columns of the passage in the document


@dataclass(frozen=True, slots=True)
class Sample:
    """One exchange. `messages` ends with the assistant's answer, the only part that training computes a loss on.

    `held_out` samples are never trained on: they are what a release is evaluated with.
    """

    leaf: str
    stage: Stage
    messages: tuple[Message, ...]
    held_out: bool
    provenance: Provenance
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """32 hex digits from the content and its provenance; equal inputs give equal ids on every machine."""
        made = self.provenance
        # Spelled out: `asdict` copies every value and takes four times as long, which a million samples feel.
        content = {
            "leaf": self.leaf,
            "stage": self.stage,
            "messages": [{"role": message.role, "content": message.content} for message in self.messages],
            "held_out": self.held_out,
            "provenance": {
                "leaf_blob": made.leaf_blob,
                "prompts_digest": made.prompts_digest,
                "teacher": {
                    "backend": made.teacher.backend,
                    "model": made.teacher.model,
                    "revision": made.teacher.revision,
                },
                "seed": made.seed,
                "parameters": dict(made.parameters),
                "document_path": made.document_path,
                "document_blob": made.document_blob,
                "passage": asdict(made.passage) if made.passage is not None else None,
            },
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def branch(self) -> str:
        return self.leaf.split("/", 1)[0]

    @property
    def question(self) -> str:
        """The last user message, context included."""
        return self.messages[-2].content

    @property
    def answer(self) -> str:
        return self.messages[-1].content

    def to_json(self) -> dict[str, Any]:
        """The form that `schema/sample.v1.schema.json` describes."""
        return {"id": self.id, "branch": self.branch, **asdict(self)}
