"""Which variables each kind of prompt has; a template that asks for another is refused before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.generation.recipe import STREAMS, GenerationRecipe, JudgingRecipe, StepRecipe
from seedbed.generation.templates import Templates

EVERYWHERE = frozenset({"task_description", "domain", "document_outline", "register", "document"})
CONTEXT = EVERYWHERE | {"contexts"}
QUESTION = EVERYWHERE | {"questions", "context"}
FREEFORM_QUESTION = EVERYWHERE | {"questions"}
ANSWER = EVERYWHERE | {"question", "context", "exemplar"}
VIEW = EVERYWHERE | {"context"}
JUDGED = EVERYWHERE | {"question", "context", "answer", "nonce"}


def recipe_templates(recipe: GenerationRecipe) -> Templates:
    """The recipe's templates, compiled. Raises ConfigurationError for one that is broken or asks for what it never gets."""
    templates = Templates(recipe.prompts)
    for name, known in _uses(recipe):
        templates.require(name, known)
    return templates


def _uses(recipe: GenerationRecipe) -> Iterator[tuple[str, frozenset[str]]]:
    for name in STREAMS:
        stream = recipe.streams[name]
        if stream.context is not None:
            yield from _step_uses(stream.context, CONTEXT)
        yield from _step_uses(stream.question, FREEFORM_QUESTION if name == "freeform" else QUESTION)
        yield from _step_uses(stream.answer, ANSWER)
        yield from _judging_uses(stream.judging)
    for view in recipe.views:
        yield from _step_uses(view.write, VIEW)
        yield from _judging_uses(view.judging)


def _judging_uses(judging: JudgingRecipe) -> Iterator[tuple[str, frozenset[str]]]:
    for template in (*judging.criteria, judging.pair, judging.system):
        if template is not None:
            yield template, JUDGED


def _step_uses(step: StepRecipe, known: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    yield step.prompt, known
    if step.system is not None:
        yield step.system, known
