"""Plain data into frozen dataclasses: every key known, every value of its type and within its bounds, or one clear error.

What a key is called, what it may be and what it means is declared once, on the dataclass (`keys.says`). An error names
the file and the line, the key, what was found and what was expected, and says what the key means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from seedbed.config.keys import TYPE_NAMES, Bounds, says
from seedbed.config.unknown_name import nearest, unknown_name
from seedbed.errors import ConfigurationError

Value = TypeVar("Value")
KeyPath = tuple[str | int, ...]
"""The keys, and numbers in lists, that lead to a value: `("phases", 1, "name")`."""

_SHOWN = 60  # characters of a text that a message repeats
_PLAIN = says("")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where data came from, for messages."""

    locate: Callable[[KeyPath], str]
    """The file, and the line where it is known, of the value at a path, or of what comes nearest to it."""
    mapping: str = "a mapping of keys to values"
    """What the file's people call one."""
    mapping_hint: str = "write `key: value` lines"

    def wrong(self, path: KeyPath, found: object, expected: str, hint: str) -> ConfigurationError:
        """The error of a value that is not what was expected."""
        name = dotted(path)
        said = "is empty" if found in (None, "") else f"is {shown(found)}"
        return ConfigurationError(
            f"{self.locate(path)}: {f'{name} ' if name else ''}{said}; expected {expected}", hint=hint
        )


def read_as(kind: type[Value], data: object, origin: Origin, path: KeyPath = ()) -> Value:
    """A `kind`, which is a frozen dataclass, from a mapping that stands at `path` of its file.

    Its fields may be texts, numbers, true or false, choices (StrEnum), other such dataclasses, tuples of any of these,
    mappings to texts, and each of these or None. A field whose metadata has `read` makes its own value of (name, value,
    source). Raises ConfigurationError for the first thing that is wrong.
    """
    whole: Any = kind
    if not isinstance(data, Mapping):
        raise origin.wrong(path, data, origin.mapping, origin.mapping_hint.format(dotted(path)))
    known = {item.name: item for item in fields(whole)}
    for key in data:
        if key not in known:
            name = f"key {dotted((*path, str(key)))}"
            raise unknown_name(name, str(key), list(known), origin.locate((*path, str(key))), "keys here")
    _refuse_missing([item for item in known.values() if item.name not in data], origin, path)
    types = _types(whole)
    given = {
        key: _value(types[key], value, known[key].metadata or _PLAIN, origin, (*path, key))
        for key, value in data.items()
    }
    return kind(**given)


def dotted(path: KeyPath) -> str:
    """A path as messages have it: `phases[1].name`; of a key that is no plain word, no more than its beginning."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_word(step)}" for step in path)
    return "".join(steps).removeprefix(".")


def shown(value: object) -> str:
    """A value as messages repeat it: short, and on one line."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a very large number" if isinstance(value, int) and abs(value) >= 10**_SHOWN else repr(value)
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence):
        return "an empty list" if not value else f"a list of {len(value)}"
    return f"of another kind ({type(value).__name__})"


@cache
def _types(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _word(step: str) -> str:
    return step if re.fullmatch(r"[\w-]{1,60}", step) else shown(step)


def _meaning(said: Mapping[str, Any]) -> str:
    return f"{said['help']} Unit: {said['unit']}." if said["unit"] else str(said["help"])


def _refuse_missing(absent: Sequence[Field[Any]], origin: Origin, path: KeyPath) -> None:
    missing = [item for item in absent if item.default is MISSING and item.default_factory is MISSING]
    if missing:
        names = [dotted((*path, item.name)) for item in missing]
        said = f"{names[0]} is missing" if len(names) == 1 else f"{_listed(names, 'and')} are missing"
        hint = f"add `{missing[0].name}: …`: {_meaning(missing[0].metadata)}"
        raise ConfigurationError(f"{origin.locate(path)}: {said}", hint=hint)


def _value(wanted: Any, data: object, said: Mapping[str, Any], origin: Origin, path: KeyPath) -> Any:
    if "read" in said:
        return said["read"](dotted(path), data, origin.locate(path))
    if get_origin(wanted) in (Union, UnionType):
        if data is None:
            return None
        wanted = next(option for option in get_args(wanted) if option is not type(None))
    if is_dataclass(wanted) and isinstance(wanted, type):
        return read_as(wanted, data, origin, path)
    if get_origin(wanted) is tuple:
        return _list(get_args(wanted), data, said, origin, path)
    if isinstance(get_origin(wanted), type) and issubclass(get_origin(wanted), Mapping):
        return _texts_by_name(data, said, origin, path)
    if issubclass(wanted, StrEnum):
        return wanted(_choice(data, tuple(wanted), said, origin, path))
    if said["choices"]:
        return _choice(data, said["choices"], said, origin, path)
    if wanted is str:
        return _text(data, said, origin, path)
    return _plain(wanted, data, said, origin, path)


def _plain(
    wanted: type[Any], data: object, said: Mapping[str, Any], origin: Origin, path: KeyPath
) -> int | float | bool:
    """A number or a truth value."""
    bounds: Bounds = said["bounds"]
    found: Any = data
    if wanted is float and type(found) is int and abs(found) < 10**300:
        found = float(found)
    if type(found) is wanted and (wanted is bool or (math.isfinite(found) and bounds.hold(found))):
        plain: int | float | bool = found
        return plain
    raise origin.wrong(path, data, f"{TYPE_NAMES[wanted]}{bounds}", _meaning(said))


def _text(data: object, said: Mapping[str, Any], origin: Origin, path: KeyPath) -> str:
    if not isinstance(data, str) or not (said["blank"] or data.strip()):
        raise origin.wrong(path, data, "text", said["help"])
    text = data.strip() if said["trimmed"] else data
    if said["pattern"] and not re.fullmatch(said["pattern"], text):
        raise origin.wrong(path, data, said.get("shape", f"text like {said['pattern']}"), said["help"])
    if said["contains"] and said["contains"] not in text:
        raise origin.wrong(path, data, f"text with {said['contains']} in it", said["help"])
    return text


def _choice(
    data: object, choices: Sequence[str], said: Mapping[str, Any], origin: Origin, path: KeyPath
) -> str:
    if isinstance(data, str) and data in choices:
        return data
    near = nearest(data, choices) if isinstance(data, str) else None
    guess = f"; did you mean {near}?" if near else ""
    raise origin.wrong(path, data, f"{_listed(choices, 'or')}{guess}", said["help"])


def _list(
    items: tuple[Any, ...], data: object, said: Mapping[str, Any], origin: Origin, path: KeyPath
) -> tuple[Any, ...]:
    """`items` are the arguments of a tuple's type: one and an ellipsis, or one for each."""
    fixed = None if items[-1] is Ellipsis else len(items)
    wrong_size = (said["some"] and not data) or (
        fixed is not None and isinstance(data, list | tuple) and len(data) != fixed
    )
    if not isinstance(data, list | tuple) or wrong_size:
        raise origin.wrong(path, data, _list_name(items[0], fixed, said), said["help"])
    return tuple(_value(items[0], item, said, origin, (*path, number)) for number, item in enumerate(data))


def _list_name(item: Any, fixed: int | None, said: Mapping[str, Any]) -> str:
    some = "at least one of " if said["some"] else ""
    if isinstance(item, type) and issubclass(item, StrEnum):
        return f"a list of {some}{_listed(tuple(item), 'and' if not some else 'or')}"
    if is_dataclass(item):
        return "a list of mappings, at least one" if some else "a list of mappings"
    if fixed is None:
        return "a list of texts" if item is str else "a list of numbers"
    return f"a list of {fixed} numbers, each{said['bounds']}"


def _texts_by_name(data: object, said: Mapping[str, Any], origin: Origin, path: KeyPath) -> Mapping[str, str]:
    if not isinstance(data, Mapping):
        raise origin.wrong(path, data, "a mapping to texts", said["help"])
    for name, text in data.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise origin.wrong((*path, str(name)), text, "text", said["help"])
    return data


def _listed(words: Sequence[str], last: str) -> str:
    return str(words[0]) if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
