"""Generation recipes from YAML: the ones that come with Seedbed by name, a user's own by path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path, PurePosixPath
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from seedbed.errors import ConfigurationError
from seedbed.generation.recipe import (
    SUBJECT,
    ExemplarPlace,
    GenerationRecipe,
    JudgingMode,
    Quota,
    StepRecipe,
    StreamRecipe,
)
from seedbed.taxonomy.plain_yaml import read_plain_yaml

_HERE = Path(__file__).resolve().parent
_OPTIONAL = {"description": "", "entrance": 0.0, "closed_vocabulary": False, "creative_leaves": ()}

Value = TypeVar("Value")
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
        close = get_close_matches(name, bundled_recipes(), 1)
        guess = f"did you mean {close[0]}? " if close else ""
        raise ConfigurationError(
            f"there is no generation recipe {name!r}",
            hint=f"{guess}name one of {', '.join(bundled_recipes())}, or the path of a YAML file",
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
    data = _extended(text, source, parent, ())
    if isinstance(data, dict):
        if "prompts" in data:
            raise ConfigurationError(
                f"{source} has the unknown key `prompts`", hint="name templates in the steps"
            )
        data = {**_OPTIONAL, **data, "prompts": {}}
    recipe = _build(GenerationRecipe, data, source, "")
    _check(recipe, source)
    prompts = {name: _template(name, source, template) for name in sorted(_templates(recipe))}
    return replace(recipe, prompts=prompts)


def recipe_from_json(data: object, *, source: str) -> GenerationRecipe:
    """A recipe from what its `to_json` gave, templates and all. Raises ConfigurationError when it is none."""
    recipe = _build(GenerationRecipe, data, source, "")
    _check(recipe, source)
    return recipe


def _extended(text: str, source: str, parent: ReadFile, below: tuple[str, ...]) -> Any:
    """The keys of a recipe over those of the one that it extends."""
    data = read_plain_yaml(text, source=source)
    if not isinstance(data, dict) or "extends" not in data:
        return data
    name = data.pop("extends")
    if name in below:
        raise ConfigurationError(
            f"{source} extends {' through '.join((*below, name))}, which leads back to itself",
            hint="break the circle",
        )
    found = parent(name) if isinstance(name, str) else None
    if found is None:
        close = get_close_matches(str(name), bundled_recipes(), 1)
        guess = f"did you mean {close[0]}? " if close else ""
        raise ConfigurationError(
            f"{source} extends {name!r}, and there is no such recipe",
            hint=f"{guess}name one of {', '.join(bundled_recipes())}, or a YAML file by its path from this one",
        )
    over = _extended(found, f"{source}, through {name}", parent, (*below, name))
    return {**over, **data} if isinstance(over, dict) else data


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


def _check(recipe: GenerationRecipe, source: str) -> None:
    """What types cannot say."""
    if recipe.passages.form not in ("plain", "markdown"):
        raise ConfigurationError(
            f"{source}: passages.form is {recipe.passages.form!r}", hint="plain or markdown"
        )
    if recipe.passages.words < 20:
        raise ConfigurationError(
            f"{source}: passages.words is {recipe.passages.words}", hint="at least 20 words"
        )
    if recipe.grounded.context is None:
        raise ConfigurationError(
            f"{source}: grounded.context is missing", hint="say how a new context is asked for"
        )
    for name, share in (
        ("entrance", recipe.entrance),
        ("near_copy", recipe.near_copy),
        ("held_out.seeds", recipe.held_out.seeds),
        ("held_out.samples", recipe.held_out.samples),
    ):
        if not 0 <= share <= 1:
            raise ConfigurationError(f"{source}: {name} is {share}", hint="a share from 0 to 1")
    if recipe.freeform.answer.quote:
        raise ConfigurationError(
            f"{source}: freeform.answer.quote is set, but a freeform skill has no text to quote from",
            hint="leave `quote` out there",
        )
    for name in ("freeform", "grounded"):
        if getattr(recipe, name).quota is not Quota.PASSAGE:
            raise ConfigurationError(
                f"{source}: {name}.quota is set, but a skill has no passages", hint="leave `quota` out there"
            )
    _check_views(recipe, source)
    for name, stream in recipe.streams.items():
        _check_stream(f"{source}: {name}", stream)


def _check_views(recipe: GenerationRecipe, source: str) -> None:
    names = [view.name for view in recipe.views]
    for index, view in enumerate(recipe.views):
        where = f"{source}: views[{index}]"
        if not view.name or names.index(view.name) != index:
            raise ConfigurationError(
                f"{where}.name is {view.name!r}", hint="give each view a name of its own"
            )
        if SUBJECT not in view.instruction:
            raise ConfigurationError(
                f"{where}.instruction is {view.instruction[:60]!r}, without {SUBJECT}",
                hint=f"such as: Summarise what is known about {SUBJECT}.",
            )
        if view.judging.mode is not JudgingMode.VERDICT:
            raise ConfigurationError(
                f"{where}.judging.mode is {view.judging.mode}", hint="a view is judged by verdict"
            )


def _check_stream(where: str, stream: StreamRecipe) -> None:
    if stream.attempts < 1 or (stream.samples is not None and not 1 <= stream.samples <= stream.attempts):
        raise ConfigurationError(
            f"{where} asks for {stream.samples} samples in {stream.attempts} attempts",
            hint="attempts is at least 1 and at least samples",
        )
    for step_name, step in (
        ("context", stream.context),
        ("question", stream.question),
        ("answer", stream.answer),
    ):
        if step is not None:
            _check_step(f"{where}.{step_name}", step)
        if (
            step is not None
            and step_name != "answer"
            and (step.quote or step.exemplar is not ExemplarPlace.TURN)
        ):
            raise ConfigurationError(
                f"{where}.{step_name} has `quote` or `exemplar`, which belong to answers alone",
                hint=f"move it to {where}.answer",
            )
    if stream.answer.quote and stream.answer.exemplar is ExemplarPlace.TURN:
        raise ConfigurationError(
            f"{where}.answer asks for JSON with a quotation, but shows a seed's plain answer as a turn before it",
            hint="set exemplar: prompt or exemplar: none",
        )
    judging = stream.judging
    if judging.mode is JudgingMode.VERDICT and not (judging.answer_criteria or judging.pair):
        raise ConfigurationError(
            f"{where}.judging is by verdict, but names nothing to judge an answer by",
            hint="give answer_criteria or pair, or set mode: second_answer",
        )
    if not 0 <= judging.minimum_probability <= 1:
        raise ConfigurationError(
            f"{where}.judging.minimum_probability is {judging.minimum_probability}",
            hint="a share from 0 to 1",
        )
    if judging.minimum_pair not in (1, 2, 3):
        raise ConfigurationError(f"{where}.judging.minimum_pair is {judging.minimum_pair}", hint="1, 2 or 3")


def _check_step(where: str, step: StepRecipe) -> None:
    if step.max_tokens < 1 or step.seeds < 1 or step.temperature < 0:
        raise ConfigurationError(
            f"{where} has max_tokens {step.max_tokens}, seeds {step.seeds}, temperature {step.temperature}",
            hint="max_tokens and seeds are at least 1, temperature at least 0",
        )


def _build(kind: type[Value], data: object, source: str, place: str) -> Value:
    """A frozen dataclass from plain data, by its field types."""
    where = f"{source}: {place}" if place else source
    if not isinstance(data, Mapping):
        raise ConfigurationError(f"{where} is {_found(data)}; a mapping of keys to values was expected")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in data:
        if key not in known:
            close = get_close_matches(str(key), known, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"its keys are {', '.join(sorted(known))}"
            raise ConfigurationError(f"{where} has the unknown key `{key}`", hint=hint)
    missing = [name for name, field in known.items() if name not in data and field.default is MISSING]
    if missing:
        raise ConfigurationError(f"{where} lacks `{missing[0]}`", hint=f"add `{missing[0]}:`")
    types = get_type_hints(kind)
    values = {key: _value(types[key], data[key], source, f"{place}.{key}".lstrip(".")) for key in data}
    return kind(**values)


def _value(wanted: Any, data: object, source: str, place: str) -> Any:
    if get_origin(wanted) in (Union, UnionType):
        if data is None:
            return None
        wanted = next(option for option in get_args(wanted) if option is not type(None))
    if get_origin(wanted) is tuple:
        item = get_args(wanted)[0]
        if is_dataclass(item) and isinstance(item, type) and isinstance(data, list | tuple):
            return tuple(_build(item, each, source, f"{place}[{number}]") for number, each in enumerate(data))
        if not isinstance(data, list | tuple) or not all(isinstance(item, str) for item in data):
            raise ConfigurationError(f"{source}: {place} is {_found(data)}; a list of texts was expected")
        return tuple(data)
    if get_origin(wanted) is not None:  # the mapping of templates, filled later
        return data
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        if data not in list(wanted):
            raise ConfigurationError(f"{source}: {place} is {data!r}", hint=f"one of {', '.join(wanted)}")
        return wanted(str(data))
    if is_dataclass(wanted) and isinstance(wanted, type):
        return _build(wanted, data, source, place)
    if wanted is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, wanted) or (wanted is int and isinstance(data, bool)):
        names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
        raise ConfigurationError(f"{source}: {place} is {_found(data)}; {names[wanted]} was expected")
    return data


def _found(data: object) -> str:
    return "empty" if data is None else f"{str(data)[:60]!r}"
