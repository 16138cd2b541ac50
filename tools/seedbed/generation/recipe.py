"""Generation recipes: every figure that samples are made with, each with its meaning and unit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from seedbed.config.keys import says
from seedbed.generation.sample import Stage
from seedbed.taxonomy.leaf import Kind, Leaf

STREAMS = ("freeform", "grounded", "knowledge_short", "knowledge_long")


_SHARE: Mapping[str, Any] = {"unit": "share, 0…1", "minimum": 0, "maximum": 1}


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

    prompt: str = field(
        metadata=says(
            "Template of the user message: a file beside the recipe, or one that comes with Seedbed."
        )
    )
    max_tokens: int = field(
        metadata=says(
            "Longest answer; one that is cut off there is lost.", unit="tokens of the teacher", minimum=1
        )
    )
    temperature: float = field(
        default=0.0,
        metadata=says("Sampling temperature; 0 is greedy.", unit="divisor of the logits", minimum=0),
    )
    creative_temperature: float | None = field(
        default=None,
        metadata=says(
            "Sampling temperature for leaves of the creative register; that of the others unless given.",
            unit="divisor of the logits",
            minimum=0,
        ),
    )
    system: str | None = field(
        default=None, metadata=says("Template of the system message; none unless given.")
    )
    seeds: int = field(
        default=1,
        metadata=says(
            "Training seeds shown in one prompt, drawn anew for each; fewer only if the leaf has fewer.",
            unit="seeds",
            minimum=1,
        ),
    )
    exemplar: ExemplarPlace = field(
        default=ExemplarPlace.TURN,
        metadata=says(
            "Answers alone: where the prompt shows a training seed with its answer: as a `turn` before it, in the "
            "`prompt` itself, or nowhere (`none`).",
            later=True,
        ),
    )
    quote: bool = field(
        default=False,
        metadata=says(
            "Answers on a context alone: asked for as JSON with a quotation that must stand in the context.",
            later=True,
        ),
    )

    def heat(self, register: Register) -> float:
        """The temperature for a leaf of this register."""
        if register is Register.CREATIVE and self.creative_temperature is not None:
            return self.creative_temperature
        return self.temperature


@dataclass(frozen=True, slots=True)
class JudgingRecipe:
    """What a question and an answer must pass. The fields of the other mode are not used."""

    mode: JudgingMode = field(
        metadata=says(
            "`verdict`: the teacher judges from closed lists; `second_answer`: a second, independent answer must agree."
        )
    )
    second_temperature: float = field(
        default=0.0,
        metadata=says(
            "second_answer: sampling temperature of the second answer.",
            unit="divisor of the logits",
            minimum=0,
        ),
    )
    question_criteria: tuple[str, ...] = field(
        default=(),
        metadata=says("verdict: templates on a question, each answered YES or NO; all must be YES."),
    )
    answer_criteria: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "verdict: templates on a question with its answer (and passage), each answered YES or NO; all must be YES."
        ),
    )
    safety_criteria: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "verdict: templates on harm, personal data and the like in question and answer, each answered YES or NO; "
            "all must be YES.",
            later=True,
        ),
    )
    pair: str | None = field(
        default=None,
        metadata=says(
            "verdict: template on question and answer, answered 1 (wrong), 2 (right but brief) or 3 (right and complete)."
        ),
    )
    minimum_pair: int = field(
        default=2,
        metadata=says("verdict: lowest pair score that is kept.", unit="score, 1…3", minimum=1, maximum=3),
    )
    system: str | None = field(
        default=None, metadata=says("verdict: template of the judge's system message.")
    )
    minimum_probability: float = field(
        default=0.0,
        metadata=says(
            "verdict: lowest probability of a verdict that is kept; more than 0 needs a teacher that gives them.",
            unit="probability, 0…1",
            minimum=0,
            maximum=1,
            later=True,
        ),
    )

    @property
    def criteria(self) -> tuple[str, ...]:
        """The templates that are answered YES or NO, in the order in which they are asked."""
        return (*self.question_criteria, *self.answer_criteria, *self.safety_criteria)


@dataclass(frozen=True, slots=True)
class StreamRecipe:
    """One stream; `samples` and `attempts` count per leaf for skills and per passage for knowledge."""

    attempts: int = field(
        metadata=says("Questions asked for at most.", unit="per leaf; for knowledge, per passage", minimum=1)
    )
    question: StepRecipe = field(metadata=says("How a question is asked for."))
    answer: StepRecipe = field(metadata=says("How its answer is asked for."))
    judging: JudgingRecipe = field(metadata=says("What both must pass."))
    samples: int | None = field(
        default=None,
        metadata=says(
            "Accepted samples, held-out ones included, after which a stream ends; all attempts are made unless given.",
            unit="per leaf; for knowledge, per passage",
            minimum=1,
        ),
    )
    context: StepRecipe | None = field(
        default=None, metadata=says("Grounded skills alone: how a new context is asked for.")
    )
    quota: Quota = field(
        default=Quota.PASSAGE,
        metadata=says(
            "Knowledge alone: `passage`, or `leaf`: whether passages that can give more make up for those that fall "
            "short.",
            later=True,
        ),
    )


SUBJECT = "{subject}"


@dataclass(frozen=True, slots=True)
class ViewRecipe:
    """One form in which every passage is told again; see `views`."""

    name: str = field(metadata=says("What it is called in samples and reports."))
    instruction: str = field(
        metadata=says(
            "What the student is asked for it; holds `{subject}`, for which the teacher's name of the subject stands in.",
            contains=SUBJECT,
            examples=(f"Summarise what is known about {SUBJECT}.",),
        )
    )
    write: StepRecipe = field(metadata=says("How the teacher is asked for it, as JSON."))
    judging: JudgingRecipe = field(
        metadata=says("What a view must pass, by verdict; its passage is the document that it is judged by.")
    )
    form: ViewForm = field(
        default=ViewForm.TEXT,
        metadata=says("`text`: one text with one quotation; `facts`: sentences, each with its own."),
    )
    attempts: int = field(
        default=1, metadata=says("Views of this form, each in other words.", unit="per passage", minimum=1)
    )

    @property
    def stream(self) -> StreamRecipe:
        """The view as a stream that makes all its attempts."""
        return StreamRecipe(self.attempts, self.write, self.write, self.judging)


@dataclass(frozen=True, slots=True)
class PassageRecipe:
    """How documents become prompts."""

    words: int = field(
        metadata=says("Longest passage; a table or a code block may be longer.", unit="words", minimum=20)
    )
    form: str = field(
        metadata=says(
            "`markdown`: as written, under its headings; `plain`: paragraphs alone, their line breaks turned into spaces.",
            choices=("markdown", "plain"),
        )
    )


@dataclass(frozen=True, slots=True)
class HeldOutRecipe:
    """Shares kept for evaluation."""

    seeds: float = field(metadata=says("Of a leaf's seeds; at least one of five, never all.", **_SHARE))
    samples: float = field(
        metadata=says(
            "Of questions, by digest of the question, so that equal questions are on one side everywhere.",
            **_SHARE,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRecipe:
    """A whole recipe, as read from YAML; unknown keys are refused."""

    name: str = field(metadata=says("Name of the recipe."))
    description: str = field(default="", metadata=says("What it is for, in a sentence.", blank=True))
    freeform: StreamRecipe = field(metadata=says("Skills without a context."))
    grounded: StreamRecipe = field(metadata=says("Skills on a context."))
    knowledge_short: StreamRecipe = field(metadata=says("Knowledge: short questions on every passage."))
    knowledge_long: StreamRecipe = field(
        metadata=says("Knowledge: questions with long answers on every passage.")
    )
    passages: PassageRecipe = field(metadata=says("How documents become prompts."))
    held_out: HeldOutRecipe = field(metadata=says("What is kept for evaluation."))
    near_copy: float = field(
        metadata=says(
            "Jaccard similarity of word pairs from which a question counts as a copy of another.",
            unit="similarity, 0…1",
            minimum=0,
            maximum=1,
        )
    )
    entrance: float = field(
        default=0.0,
        metadata=says(
            "Of a leaf's training seeds, what the teacher must answer rightly before it is trusted; 0 asks nothing.",
            **_SHARE,
        ),
    )
    closed_vocabulary: bool = field(
        default=False, metadata=says("Whether a leaf with words that the teacher cannot read is refused.")
    )
    creative_leaves: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "Patterns of leaf names, such as `compositional_skills/writing/*`, that are taught in the creative register."
        ),
    )
    views: tuple[ViewRecipe, ...] = field(
        default=(),
        metadata=says(
            "Knowledge: forms in which every passage is told again, beside its questions.", later=True
        ),
    )
    seeds_from: SeedSource = field(
        default=SeedSource.LEAF,
        metadata=says(
            "Whose training seeds are shown as examples: those of the `leaf` (LAB) or of its whole `branch` "
            "(self-instruct).",
            later=True,
        ),
    )
    prompts: Mapping[str, str] = field(
        metadata=says("Every template that the recipe names, by name.", found=True)
    )
    """Not a key of the file: its text is found when the recipe is read."""

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
