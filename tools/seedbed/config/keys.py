"""How a key of `seedbed.toml` is declared: its default, its meaning and what it may be, in a field's metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, field
from typing import Any, get_args, get_origin, get_type_hints

TYPE_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts",
}


def key(
    default: Any,
    help: str,
    *,
    choices: tuple[str, ...] = (),
    minimum: int | None = None,
    maximum: int | None = None,
) -> Any:
    """A key with a plain value: `minimum` and `maximum` of a number, `choices` of a text."""
    metadata = {"help": help, "choices": choices, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata=metadata)


def value(default: Any, help: str, *, read: Callable[[str, object, str], Any], shape: str) -> Any:
    """A key that may be given in more than one form; `read` makes its value of (name, value, source)."""
    return field(default=default, metadata={"help": help, "read": read, "shape": shape})


def table(help: str, *, read: Callable[[str, object, str], Any], shape: str) -> Any:
    """A key whose value is a table or a list of tables; `read` makes it of (name, value, source)."""
    return field(default=(), metadata={"help": help, "read": read, "shape": shape})


def inner(kind: type[Any], help: str) -> Any:
    """A key that is a section of its own, written as `[outer.inner]`; `kind` describes it."""
    return field(default_factory=kind, metadata={"help": help, "inner": kind})


def type_of(kind: type[Any], item: Field[Any]) -> type[Any]:
    """`str`, `int`, `float`, `bool` or `tuple`: the declared type of a field without its `| None`."""
    hint: type[Any] = get_type_hints(kind)[item.name]
    if get_origin(hint) is not tuple:
        plain = [argument for argument in get_args(hint) if argument is not type(None)]
        hint = plain[0] if plain else hint
    return tuple if get_origin(hint) is tuple else hint
