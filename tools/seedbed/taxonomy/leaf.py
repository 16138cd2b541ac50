"""What a leaf is, once read: frozen values, with the place in its file of every key and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

YamlPath = tuple[str | int, ...]
"""Where a value stands in a leaf's file: `("seed_examples", 2, "answer")`; `()` is the whole document."""

BRANCHES = ("knowledge", "foundational_skills", "compositional_skills")
"""The three branches of a taxonomy (LAB paper, section 3.1)."""


class Kind(StrEnum):
    """What a leaf asks of its teacher."""

    KNOWLEDGE = "knowledge"  # cites documents
    FREEFORM = "freeform"  # a skill whose seeds have no context
    GROUNDED = "grounded"  # a skill whose every seed has a context


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text; lines and columns count characters from 1, the end is just behind the last one."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that keeps bytes from being a leaf; a rule turns it into a finding.

    `kind` is a stable word such as `encoding`, `alias`, `syntax`, `duplicate_key`, `plain_value`, `unknown_key`,
    `missing_key`, `wrong_type`, `too_few`, `version`; the table of reading rules maps each kind to one code.
    """

    kind: str
    message: str  # found, expected, why
    span: Span
    yaml_path: YamlPath = ()
    value: str = ""  # what was found, for the fingerprint; at most 80 characters
    help: str | None = None  # what to do next
    replacement: str | None = None  # text that mends `span`, where one is known
    safe: bool = False  # whether `replacement` keeps the author's meaning for certain


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """One question and its answer, as a person wrote them."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class SeedExample:
    """A skill seed holds one question and answer; a knowledge seed holds a context and several."""

    questions_and_answers: tuple[QuestionAnswer, ...]
    context: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """The documents that a knowledge leaf cites; without `repo` they lie in the leaf's own repository."""

    patterns: tuple[str, ...]
    repo: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of the taxonomy.

    `name` is the folder's path from the branch down, such as `knowledge/harbours/velm`; `blob` is the git blob id of
    its `qna.yaml` (computed for a working-tree file as git would).
    """

    name: str
    kind: Kind
    version: int
    created_by: str
    task_description: (
        str  # v3 knowledge leaves have `domain` and `document_outline` instead; then it is the outline
    )
    seed_examples: tuple[SeedExample, ...]
    blob: str
    domain: str | None = None
    document_outline: str | None = None
    document: DocumentSource | None = None

    @property
    def branch(self) -> str:
        """The first part of the name, one of `BRANCHES`."""
        return self.name.split("/", 1)[0]


@dataclass(frozen=True, slots=True)
class LeafFile:
    """A `qna.yaml` as read: its text, where everything stands, and the leaf or the faults that forbid one.

    `data` holds plain dicts, lists, strings and (for `version`) an int; it is there whenever the YAML could be read,
    even if the schema then found faults. `leaf` is there only when the schema found nothing that forbids it.
    """

    path: str  # posix path of the file in the repository
    name: str  # name of the leaf
    blob: str
    text: str
    data: Mapping[str, object] | None = None
    leaf: Leaf | None = None
    faults: tuple[Fault, ...] = ()
    key_spans: Mapping[YamlPath, Span] = field(default_factory=lambda: MappingProxyType({}))
    value_spans: Mapping[YamlPath, Span] = field(default_factory=lambda: MappingProxyType({}))

    def span(self, yaml_path: YamlPath) -> Span:
        """The value at `yaml_path`, else the nearest enclosing value that has a place."""
        for length in range(len(yaml_path), -1, -1):
            found = self.value_spans.get(yaml_path[:length])
            if found is not None:
                return found
        return Span(1, 1, 1, 1)

    def key_span(self, yaml_path: YamlPath) -> Span:
        """The key at `yaml_path`, or `span(yaml_path)` where that is a list's item or the document."""
        return self.key_spans.get(yaml_path) or self.span(yaml_path)
