"""What growing a leaf would cost, without asking anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seedbed.generation.recipe import GenerationRecipe, JudgingMode, StepRecipe, StreamRecipe, ViewRecipe
from seedbed.generation.seed import leaf_seeds, leaf_stages
from seedbed.generation.task import SourcePassage
from seedbed.taxonomy.leaf import Kind, Leaf

TOKENS_PER_WORD = 4 / 3  # of English prose in the tokenizers of today's models
CHARACTERS_PER_WORD = 6  # of a template


@dataclass(frozen=True, slots=True)
class Estimate:
    """Requests if every attempt goes all the way, and tokens: prompts by length of seeds and passages, answers as
    long as the seeds'. A guess for planning, not a bound: short-lived attempts make it smaller, rejections larger."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


def estimate_leaf(leaf: Leaf, passages: Sequence[SourcePassage], recipe: GenerationRecipe) -> Estimate:
    """The cost of one leaf by a recipe."""
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
    parts = [
        _stream(recipe, recipe.stream(leaf.kind, stage), question, answer, context, seed_context)
        for stage in leaf_stages(leaf)
        for context in contexts
    ]
    views = recipe.views if leaf.kind is Kind.KNOWLEDGE else ()
    parts += [_view(recipe, view, context) for view in views for context in contexts]
    return sum(parts, entrance)


def _view(recipe: GenerationRecipe, view: ViewRecipe, context: float) -> Estimate:
    """A view is about as long as its passage, and is written once and judged by each criterion."""
    written = (_fixed(recipe, view.write) + context, context)
    judged = [(_words_of(recipe, name) + 2 * context, 1.0) for name in view.judging.criteria]
    steps = [written, *judged]
    prompt = sum(words for words, _ in steps) * TOKENS_PER_WORD
    completion = sum(words for _, words in steps) * TOKENS_PER_WORD
    return Estimate(
        view.attempts * len(steps), round(view.attempts * prompt), round(view.attempts * completion)
    )


def _stream(
    recipe: GenerationRecipe,
    stream: StreamRecipe,
    question: float,
    answer: float,
    context: float,
    seed_context: float,
) -> Estimate:
    """Words of prompt and answer for each request of one attempt, times the attempts."""
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
    times = stream.samples or stream.attempts
    prompt = sum(words for words, _ in steps) * TOKENS_PER_WORD
    completion = sum(words for _, words in steps) * TOKENS_PER_WORD
    return Estimate(times * len(steps), round(times * prompt), round(times * completion))


def _fixed(recipe: GenerationRecipe, step: StepRecipe) -> float:
    return _words_of(recipe, step.prompt) + (_words_of(recipe, step.system) if step.system else 0)


def _words_of(recipe: GenerationRecipe, template: str) -> float:
    return len(recipe.prompts[template]) / CHARACTERS_PER_WORD


def _mean_words(texts: Sequence[str | None]) -> float:
    return sum(len((text or "").split()) for text in texts) / len(texts) if texts else 0.0
