"""Generation recipes: every figure that samples are made with, each with its meaning and unit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from seedbed.generation.sample import Stage
from seedbed.taxonomy.leaf import Kind, Leaf

STREAMS = ("freeform", "grounded", "knowledge_short", "knowledge_long")


LATER = {"later": True}
"""Marks a key that recipes did not have at first: at its default it is no part of the digest, so that what older
recipes made keeps its keys."""


class JudgingMode(StrEnum):
    """How an answer earns its place."""

    VERDICT = "verdict"  # the teacher judges, from closed lists: YES or NO per criterion, 1 to 3 for the pair
    SECOND_ANSWER = "second_answer"  # the teacher answers twice, from other seeds, and must agree with itself


class ExemplarPlace(StrEnum):
    """Where an answer's prompt shows a training seed with its answer."""

    TURN = "turn"  # as an exchange already had, before the prompt
    PROMPT = (
        "prompt"  # in the prompt itself, as `exemplar`: what stands before it can be shared by many requests
    )
    NONE = "none"


class SeedSource(StrEnum):
    """Where the examples of a prompt are drawn from."""

    LEAF = "leaf"  # LAB: every task is represented, whatever else is in the taxonomy
    BRANCH = "branch"  # self-instruct: all leaves of the branch and kind


class Quota(StrEnum):
    """Who owes the samples that a knowledge stream asks for of each passage."""

    PASSAGE = "passage"  # each passage its own
    LEAF = "leaf"  # all together: who gives fewer is made up for by those that have attempts left


class ViewForm(StrEnum):
    """What a view is asked for as; JSON in both cases."""

    TEXT = "text"  # one text with one quotation
    FACTS = "facts"  # sentences, each with its own quotation


class Register(StrEnum):
    """The voice a leaf is taught in (LAB paper, section 3.2.1: two personas)."""

    PRECISE = "precise"
    CREATIVE = "creative"


@dataclass(frozen=True, slots=True)
class StepRecipe:
    """One kind of request."""

    prompt: str
    """Template of the user message: a file beside the recipe, or one of those that come with Seedbed."""
    max_tokens: int
    """Longest answer, in the teacher's tokens; an answer that is cut off there is lost."""
    temperature: float = 0.0
    """Sampling temperature; 0 is greedy."""
    creative_temperature: float | None = None
    """Sampling temperature for leaves of the creative register; the same as `temperature` unless given."""
    system: str | None = None
    """Template of the system message; none unless given."""
    seeds: int = 1
    """Training seeds shown in one prompt, drawn anew for each; fewer only if the leaf has fewer."""
    exemplar: ExemplarPlace = field(default=ExemplarPlace.TURN, metadata=LATER)
    """Answers alone: where the prompt shows a training seed with its answer."""
    quote: bool = field(default=False, metadata=LATER)
    """Answers on a context alone: asked for as JSON, {"quote", "answer"}; the quotation must stand in the context."""

    def heat(self, register: Register) -> float:
        """The temperature for a leaf of this register."""
        if register is Register.CREATIVE and self.creative_temperature is not None:
            return self.creative_temperature
        return self.temperature


@dataclass(frozen=True, slots=True)
class JudgingRecipe:
    """What a question and an answer must pass. The fields of the other mode are not used."""

    mode: JudgingMode
    second_temperature: float = 0.0
    """second_answer: sampling temperature of the second, independent answer."""
    question_criteria: tuple[str, ...] = ()
    """verdict: templates on a question, each answered YES or NO; all must be YES."""
    answer_criteria: tuple[str, ...] = ()
    """verdict: templates on a question with its answer (and passage), each answered YES or NO; all must be YES."""
    safety_criteria: tuple[str, ...] = field(default=(), metadata=LATER)
    """verdict: templates on harm, personal data and the like in question and answer, as `answer_criteria`."""
    pair: str | None = None
    """verdict: template on question and answer, answered 1 (wrong), 2 (right but brief) or 3 (right and complete)."""
    minimum_pair: int = 2
    """verdict: lowest pair score that is kept, 1 to 3."""
    system: str | None = None
    """verdict: template of the judge's system message."""
    minimum_probability: float = field(default=0.0, metadata=LATER)
    """verdict: lowest probability of the verdict that is kept, 0…1; more than 0 needs a teacher that gives them."""

    @property
    def criteria(self) -> tuple[str, ...]:
        """The templates that are answered YES or NO, in the order in which they are asked."""
        return (*self.question_criteria, *self.answer_criteria, *self.safety_criteria)


@dataclass(frozen=True, slots=True)
class StreamRecipe:
    """One stream; `samples` and `attempts` count per leaf for skills and per passage for knowledge."""

    attempts: int
    """Questions asked for at most."""
    question: StepRecipe
    answer: StepRecipe
    judging: JudgingRecipe
    samples: int | None = None
    """Accepted samples, held-out ones included, after which a stream ends; all attempts are made unless given."""
    context: StepRecipe | None = None
    """Grounded skills alone: how a new context is asked for."""
    quota: Quota = field(default=Quota.PASSAGE, metadata=LATER)
    """Knowledge alone: `passage`, or `leaf`: whether passages that can give more make up for those that fall short."""


SUBJECT = "{subject}"


@dataclass(frozen=True, slots=True)
class ViewRecipe:
    """One form in which every passage is told again; see `views`."""

    name: str
    """What it is called in samples and reports."""
    instruction: str
    """What the student is asked for it; holds `{subject}`, for which the teacher's name of the subject stands in."""
    write: StepRecipe
    """How the teacher is asked for it, as JSON."""
    judging: JudgingRecipe
    """What a view must pass, by verdict; its passage is the document that it is judged by."""
    form: ViewForm = ViewForm.TEXT
    """`text` or `facts`."""
    attempts: int = 1
    """Views of this form per passage, each in other words."""

    @property
    def stream(self) -> StreamRecipe:
        """The view as a stream that makes all its attempts."""
        return StreamRecipe(self.attempts, self.write, self.write, self.judging)


@dataclass(frozen=True, slots=True)
class PassageRecipe:
    """How documents become prompts."""

    words: int
    """Longest passage, in words; a table or a code block may be longer."""
    form: str
    """`markdown`: as written, under its headings; `plain`: paragraphs alone, their line breaks turned into spaces."""


@dataclass(frozen=True, slots=True)
class HeldOutRecipe:
    """Shares kept for evaluation."""

    seeds: float
    """Share of a leaf's seeds, 0…1; at least one of five, never all."""
    samples: float
    """Share of questions, 0…1, by digest of the question, so that equal questions are on one side everywhere."""


@dataclass(frozen=True, slots=True)
class GenerationRecipe:
    """A whole recipe, as read from YAML; unknown keys are refused."""

    name: str
    description: str
    freeform: StreamRecipe
    grounded: StreamRecipe
    knowledge_short: StreamRecipe
    knowledge_long: StreamRecipe
    passages: PassageRecipe
    held_out: HeldOutRecipe
    near_copy: float
    """Jaccard similarity of word pairs, 0…1, from which a question counts as a copy of another."""
    entrance: float
    """Share of a leaf's training seeds that the teacher must answer rightly before it is trusted; 0 asks nothing."""
    closed_vocabulary: bool
    """Whether a leaf with words that the teacher cannot read is refused."""
    creative_leaves: tuple[str, ...]
    """Patterns of leaf names, such as `compositional_skills/writing/*`, that are taught in the creative register."""
    views: tuple[ViewRecipe, ...] = field(default=(), metadata=LATER, kw_only=True)
    """Knowledge: forms in which every passage is told again, beside its questions."""
    seeds_from: SeedSource = field(default=SeedSource.LEAF, metadata=LATER, kw_only=True)
    """`leaf`, or `branch`: whose training seeds are shown as examples."""
    prompts: Mapping[str, str]
    """Every template that the recipe names, by name."""

    @property
    def streams(self) -> Mapping[str, StreamRecipe]:
        """The streams by their keys, views as `views.NAME`."""
        views = {f"views.{view.name}": view.stream for view in self.views}
        return {**{name: getattr(self, name) for name in STREAMS}, **views}

    def stream(self, kind: Kind, stage: Stage) -> StreamRecipe:
        """The stream that makes samples of this stage for a leaf of this kind."""
        if kind is Kind.KNOWLEDGE:
            return self.knowledge_long if stage is Stage.KNOWLEDGE_LONG else self.knowledge_short
        return self.grounded if kind is Kind.GROUNDED else self.freeform

    def register(self, leaf: Leaf) -> Register:
        """The voice of a leaf: precise, unless a pattern of `creative_leaves` names it."""
        creative = any(fnmatchcase(leaf.name, pattern) for pattern in self.creative_leaves)
        return Register.CREATIVE if creative else Register.PRECISE

    def to_json(self) -> dict[str, Any]:
        """Plain values that `recipe_from_json` reads; later keys at their defaults are left out."""
        figures: dict[str, Any] = _figures(self)
        return figures

    @property
    def digest(self) -> str:
        """64 hex digits over every figure and every template; the description does not count."""
        figures = self.to_json()
        del figures["description"]
        return hashlib.sha256(json.dumps(figures, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def with_samples(recipe: GenerationRecipe, samples: int) -> GenerationRecipe:
    """The recipe with another target: per leaf for skills, for knowledge so many times the passages of a leaf, which make
    up for each other; attempts keep their ratio."""
    changed = {}
    for name in STREAMS:
        stream = getattr(recipe, name)
        ratio = stream.attempts / stream.samples if stream.samples else 4.0
        quota = Quota.LEAF if name.startswith("knowledge") else stream.quota
        attempts = max(samples, round(samples * ratio))
        changed[name] = replace(stream, samples=samples, attempts=attempts, quota=quota)
    return replace(recipe, **changed)


def _figures(value: Any) -> Any:
    """What the digest is made over: every field, without later keys at their defaults."""
    if is_dataclass(value):
        counted = (
            each
            for each in fields(value)
            if not (each.metadata.get("later") and getattr(value, each.name) == each.default)
        )
        return {each.name: _figures(getattr(value, each.name)) for each in counted}
    if isinstance(value, Mapping):
        return {key: _figures(item) for key, item in value.items()}
    return [_figures(item) for item in value] if isinstance(value, tuple) else value
