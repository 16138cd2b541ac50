"""Generation recipes from YAML: the ones that come with Seedbed by name, a user's own by path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from seedbed.config.plain_yaml import locate_in_yaml, read_plain_yaml
from seedbed.config.strict_reading import KeyPath, Origin, dotted, read_as, shown
from seedbed.config.unknown_name import nearest, unknown_name
from seedbed.errors import ConfigurationError
from seedbed.generation.recipe import (
    STREAMS,
    ExemplarPlace,
    GenerationRecipe,
    JudgingMode,
    Quota,
    StepRecipe,
    StreamRecipe,
)

_HERE = Path(__file__).resolve().parent

ReadFile = Callable[[str], str | None]
"""The text of a file by its posix path, or None when there is no such file."""


def read_from_disk(path: str) -> str | None:
    """The text of a file of this machine."""
    file = Path(path)
    try:
        return file.read_text(encoding="utf-8") if file.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}", hint="it must be a UTF-8 text file"
        ) from error


def bundled_recipes() -> tuple[str, ...]:
    """Names of the recipes that come with Seedbed."""
    return tuple(sorted(path.stem for path in (_HERE / "recipes").glob("*.yaml")))


def load_recipe(name: str, *, read: ReadFile = read_from_disk) -> GenerationRecipe:
    """The recipe of this name, or in the YAML file at this path, with its templates.

    `extends` names another recipe, by name or by its path from this one; it gives every key that this one does not.

    A path is read through `read`, and so are the templates beside it; whatever is not there comes from Seedbed's own.
    Raises ConfigurationError with what was found, what was expected, and what to do.
    """
    if name in bundled_recipes():
        path = _HERE / "recipes" / f"{name}.yaml"
        return read_recipe(
            path.read_text(encoding="utf-8"),
            source=f"recipe {name}",
            template=_bundled_template,
            parent=_bundled,
        )
    text = read(name) if name.endswith((".yaml", ".yml")) else None
    if text is None:
        raise ConfigurationError(
            f"there is no generation recipe {name!r}",
            hint=f"{_guess(name)}name one of {', '.join(bundled_recipes())}, or the path of a YAML file",
        )
    folder = PurePosixPath(name).parent

    def template(file: str) -> str | None:
        beside = read(str(folder / file)) if _is_inside(file) else None
        return beside if beside is not None else _bundled_template(file)

    def parent(other: str) -> str | None:
        return read(str(folder / other)) if other.endswith((".yaml", ".yml")) else _bundled(other)

    return read_recipe(text, source=name, template=template, parent=parent)


def _bundled(name: str) -> str | None:
    return read_from_disk(str(_HERE / "recipes" / f"{name}.yaml")) if name in bundled_recipes() else None


def read_recipe(
    text: str, *, source: str, template: ReadFile, parent: ReadFile = _bundled
) -> GenerationRecipe:
    """A recipe from its YAML text; `template` finds the templates that it names, `parent` what it extends."""
    data, locate = _extended(text, source, parent, ())
    if isinstance(data, dict):
        if "prompts" in data:
            known = [item.name for item in fields(GenerationRecipe) if item.name != "prompts"]
            raise unknown_name("key prompts", "prompts", known, locate(("prompts",)), "keys here")
        data = {**data, "prompts": {}}
    origin = Origin(locate)
    recipe = read_as(GenerationRecipe, data, origin)
    _check(recipe, origin)
    prompts = {name: _template(name, source, template) for name in sorted(_templates(recipe))}
    return replace(recipe, prompts=prompts)


def recipe_from_json(data: object, *, source: str) -> GenerationRecipe:
    """A recipe from what its `to_json` gave, templates and all. Raises ConfigurationError when it is none."""
    origin = Origin(lambda path: source)
    recipe = read_as(GenerationRecipe, data, origin)
    _check(recipe, origin)
    return recipe


def _extended(
    text: str, source: str, parent: ReadFile, below: tuple[str, ...]
) -> tuple[Any, Callable[[KeyPath], str]]:
    """The keys of a recipe over those of the one that it extends, and where each of them stands."""
    data, locate = read_plain_yaml(text, source=source), locate_in_yaml(text, source=source)
    if not isinstance(data, dict) or "extends" not in data:
        return data, locate
    name = data.pop("extends")
    where = locate(("extends",))
    if name in below:
        raise ConfigurationError(
            f"{where} extends {' through '.join((*below, name))}, which leads back to itself",
            hint="break the circle",
        )
    found = parent(name) if isinstance(name, str) else None
    if found is None:
        raise ConfigurationError(
            f"{where} extends {name!r}, and there is no such recipe",
            hint=f"{_guess(str(name))}name one of {', '.join(bundled_recipes())}, or a YAML file by its path from this one",
        )
    over, there = _extended(found, f"{source}, through {name}", parent, (*below, name))
    if not isinstance(over, dict):
        return over, there
    return {**over, **data}, lambda path: locate(path) if not path or path[0] in data else there(path)


def _guess(name: str) -> str:
    near = nearest(name, bundled_recipes())
    return f"did you mean {near}? " if near else ""


def _is_inside(file: str) -> bool:
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts


def _bundled_template(file: str) -> str | None:
    return read_from_disk(str(_HERE / "prompts" / file)) if _is_inside(file) else None


def _template(name: str, source: str, template: ReadFile) -> str:
    text = template(name)
    if text is None:
        raise ConfigurationError(
            f"{source} names the template {name!r}, which is neither beside the recipe nor among Seedbed's own",
            hint="write the file, or name another",
        )
    return text


def _templates(recipe: GenerationRecipe) -> set[str]:
    named: set[str | None] = set()
    for stream in recipe.streams.values():
        steps = [step for step in (stream.context, stream.question, stream.answer) if step is not None]
        named.update(name for step in steps for name in (step.prompt, step.system))
        judging = stream.judging
        named.update(judging.criteria)
        named.update((judging.pair, judging.system))
    return {name for name in named if name is not None}


def _check(recipe: GenerationRecipe, origin: Origin) -> None:
    """What no key says for itself."""
    if recipe.grounded.context is None:
        raise _wrong(origin, ("grounded",), "has no `context`", "say how a new context is asked for")
    if recipe.freeform.answer.quote:
        raise _wrong(
            origin,
            ("freeform", "answer", "quote"),
            "is set, but a freeform skill has no text to quote from",
            "leave `quote` out there",
        )
    for name in ("freeform", "grounded"):
        if getattr(recipe, name).quota is not Quota.PASSAGE:
            raise _wrong(
                origin, (name, "quota"), "is set, but a skill has no passages", "leave `quota` out there"
            )
    _check_views(recipe, origin)
    places: list[KeyPath] = [
        *((name,) for name in STREAMS),
        *(("views", n) for n in range(len(recipe.views))),
    ]
    for place, stream in zip(places, recipe.streams.values(), strict=True):
        _check_stream(stream, origin, place)


def _check_views(recipe: GenerationRecipe, origin: Origin) -> None:
    names = [view.name for view in recipe.views]
    for index, view in enumerate(recipe.views):
        place: KeyPath = ("views", index)
        if names.index(view.name) != index:
            raise _wrong(
                origin,
                (*place, "name"),
                f"is {shown(view.name)}, as another view's",
                "give each view a name of its own",
            )
        if view.judging.mode is not JudgingMode.VERDICT:
            raise _wrong(
                origin,
                (*place, "judging", "mode"),
                f"is {view.judging.mode}",
                "a view is judged by verdict",
            )


def _check_stream(stream: StreamRecipe, origin: Origin, place: KeyPath) -> None:
    if stream.samples is not None and stream.samples > stream.attempts:
        raise _wrong(
            origin,
            place,
            f"asks for {stream.samples} samples in {stream.attempts} attempts",
            "attempts is at least samples",
        )
    for name in ("context", "question"):
        step: StepRecipe | None = getattr(stream, name)
        if step is not None and (step.quote or step.exemplar is not ExemplarPlace.TURN):
            raise _wrong(
                origin,
                (*place, name),
                "has `quote` or `exemplar`, which belong to answers alone",
                f"move it to {dotted((*place, 'answer'))}",
            )
    if stream.answer.quote and stream.answer.exemplar is ExemplarPlace.TURN:
        raise _wrong(
            origin,
            (*place, "answer"),
            "asks for JSON with a quotation, but shows a seed's plain answer as a turn before it",
            "set exemplar: prompt or exemplar: none",
        )
    judging = stream.judging
    if judging.mode is JudgingMode.VERDICT and not (judging.answer_criteria or judging.pair):
        raise _wrong(
            origin,
            (*place, "judging"),
            "is by verdict, but names nothing to judge an answer by",
            "give answer_criteria or pair, or set mode: second_answer",
        )


def _wrong(origin: Origin, path: KeyPath, what: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"{origin.locate(path)}: {dotted(path)} {what}", hint=hint)
