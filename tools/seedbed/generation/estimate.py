"""What growing leaves would cost, without asking anything: at the least, at the most, and as it goes with most teachers
or went with this one before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seedbed.generation.recipe import GenerationRecipe, JudgingMode, StepRecipe, StreamRecipe, ViewRecipe
from seedbed.generation.sample import Stage
from seedbed.generation.seed import leaf_seeds, leaf_stages
from seedbed.generation.task import SourcePassage
from seedbed.taxonomy.leaf import Kind, Leaf

TOKENS_PER_WORD = 4 / 3  # of English prose in the tokenizers of today's models
CHARACTERS_PER_WORD = 6  # of a template
ASSUMED = 0.6  # of all attempts accepted, where nothing is known of a teacher


@dataclass(frozen=True, slots=True)
class Estimate:
    """Requests, and their tokens: prompts by length of seeds and passages, answers as long as the seeds'."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True)
class Pace:
    """How attempts go: the share that is accepted, and how many requests one makes on average, None for all its steps."""

    accepted: float
    requests: float | None = None

    def requests_of(self, steps: int) -> float:
        """Requests of one attempt that has so many steps."""
        return float(steps) if self.requests is None else min(float(steps), self.requests)


@dataclass(frozen=True, slots=True)
class Assumed(Pace):
    """A pace of which only the share that is accepted is known: other attempts end half-way, as each stops at its
    first "no"."""

    def requests_of(self, steps: int) -> float:
        return steps * (self.accepted + (1.0 - self.accepted) / 2)


BEST = Pace(1.0)
WORST = Pace(0.0)


@dataclass(frozen=True, slots=True)
class Course:
    """Attempts of one kind: how many samples are wanted of them (0: whatever they give), how many there may be, and what
    one costs that goes all the way."""

    stage: Stage
    wanted: int
    budget: int
    steps: int
    prompt_tokens: float
    completion_tokens: float

    def at(self, pace: Pace) -> Estimate:
        """Its cost where attempts go like this."""
        attempts = self.budget
        if self.wanted and pace.accepted > 0:
            attempts = min(self.budget, math.ceil(self.wanted / pace.accepted))
        requests = pace.requests_of(self.steps)
        share = attempts * requests / self.steps
        return Estimate(
            round(attempts * requests),
            round(share * self.prompt_tokens),
            round(share * self.completion_tokens),
        )


@dataclass(frozen=True, slots=True)
class LeafCourse:
    """All attempts at one leaf, and the questions that a teacher is examined with before them."""

    entrance: Estimate
    courses: tuple[Course, ...]

    def at(self, pace: Pace, by_stage: Mapping[Stage, Pace] | None = None) -> Estimate:
        """Its cost where attempts go like this, or as `by_stage` says of their stage."""
        known = by_stage or {}
        parts = (course.at(known.get(course.stage, pace)) for course in self.courses)
        return sum(parts, self.entrance)


def estimate_leaf(leaf: Leaf, passages: Sequence[SourcePassage], recipe: GenerationRecipe) -> Estimate:
    """The cost of one leaf by a recipe where every attempt is accepted."""
    return leaf_course(leaf, passages, recipe).at(BEST)


def leaf_course(leaf: Leaf, passages: Sequence[SourcePassage], recipe: GenerationRecipe) -> LeafCourse:
    """What growing a leaf by a recipe consists of."""
    seeds = leaf_seeds(leaf)
    question = _mean_words([seed.question for seed in seeds])
    answer = _mean_words([seed.answer for seed in seeds])
    seed_context = _mean_words([seed.context for seed in seeds if seed.context])
    contexts = (
        [_mean_words([passage.text]) for passage in passages]
        if leaf.kind is Kind.KNOWLEDGE
        else [seed_context]
    )
    entrance = (
        Estimate(len(seeds), round(len(seeds) * question * TOKENS_PER_WORD), 0)
        if recipe.entrance
        else Estimate()
    )
    courses = [
        _stream(recipe, stage, recipe.stream(leaf.kind, stage), question, answer, context, seed_context)
        for stage in leaf_stages(leaf)
        for context in contexts
    ]
    views = recipe.views if leaf.kind is Kind.KNOWLEDGE else ()
    courses += [_view(recipe, view, context) for view in views for context in contexts]
    return LeafCourse(entrance, tuple(courses))


def _view(recipe: GenerationRecipe, view: ViewRecipe, context: float) -> Course:
    """A view is about as long as its passage, and is written once and judged by each criterion."""
    written = (_fixed(recipe, view.write) + context, context)
    judged = [(_words_of(recipe, name) + 2 * context, 1.0) for name in view.judging.criteria]
    return _course(Stage.KNOWLEDGE_LONG, 0, view.attempts, [written, *judged])


def _stream(
    recipe: GenerationRecipe,
    stage: Stage,
    stream: StreamRecipe,
    question: float,
    answer: float,
    context: float,
    seed_context: float,
) -> Course:
    """Words of prompt and answer for each request of one attempt."""
    exchange = context + question
    shown = seed_context + question + answer
    steps: list[tuple[float, float]] = []
    if stream.context is not None:
        steps.append((_fixed(recipe, stream.context) + stream.context.seeds * context, context))
    steps.append((_fixed(recipe, stream.question) + context + stream.question.seeds * question, question))
    answering = (_fixed(recipe, stream.answer) + shown + exchange, answer)
    steps.append(answering)
    if stream.judging.mode is JudgingMode.SECOND_ANSWER:
        steps.append(answering)
    else:
        judging = stream.judging
        names = [
            *judging.criteria,
            *([judging.pair] if judging.pair else []),
        ]
        steps.extend((_words_of(recipe, name) + exchange + answer, 1) for name in names)
    return _course(stage, stream.samples or 0, stream.attempts, steps)


def _course(stage: Stage, wanted: int, budget: int, steps: Sequence[tuple[float, float]]) -> Course:
    prompt = sum(words for words, _ in steps) * TOKENS_PER_WORD
    completion = sum(words for _, words in steps) * TOKENS_PER_WORD
    return Course(stage, wanted, budget, len(steps), prompt, completion)


def _fixed(recipe: GenerationRecipe, step: StepRecipe) -> float:
    return _words_of(recipe, step.prompt) + (_words_of(recipe, step.system) if step.system else 0)


def _words_of(recipe: GenerationRecipe, template: str) -> float:
    return len(recipe.prompts[template]) / CHARACTERS_PER_WORD


def _mean_words(texts: Sequence[str | None]) -> float:
    return sum(len((text or "").split()) for text in texts) / len(texts) if texts else 0.0
