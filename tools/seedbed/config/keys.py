"""How a key of a file of ours is declared: its meaning, its unit and what it may be, in a dataclass field's metadata.

`seedbed.toml` and both kinds of recipe are declared so, once, and read by `strict_reading`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field
from typing import Any, get_args, get_origin, get_type_hints

TYPE_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number must keep to; None where there is no bound."""

    minimum: float | None = None
    above: float | None = None
    below: float | None = None
    maximum: float | None = None

    def hold(self, value: float) -> bool:
        """Whether `value` keeps to all of them."""
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (self.maximum is None or value <= self.maximum)
        )

    def __str__(self) -> str:
        """To be put after "a number": ` of at least 0 and below 1`; nothing without bounds."""
        named = (
            ("of at least", self.minimum),
            ("above", self.above),
            ("below", self.below),
            ("at most", self.maximum),
        )
        said = [f"{word} {bound:g}" for word, bound in named if bound is not None]
        return f" {' and '.join(said)}" if said else ""


def says(
    help: str,
    *,
    unit: str = "",
    source: str = "",
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    maximum: float | None = None,
    some: bool = False,
    pattern: str | None = None,
    trimmed: bool = False,
    blank: bool = False,
    contains: str | None = None,
    later: bool = False,
    **more: Any,
) -> Mapping[str, Any]:
    """Metadata of a field: what its key means, in which unit, where its default is from, and what its value may be.

    `choices` are those of a text. Bounds are of a number, or of each number in a list. `some`: a list must not be empty.
    `pattern` is a regular expression that the whole of a text must match. `trimmed`: blanks around a text do not count. `blank`: a
    text may be empty. `contains`: a text must hold this.
    `later`: recipes did not have the key at first; at its default it is no part of their digest, so that what older ones
    made keeps its keys.
    `more` is for whoever declares the key; the reader does not look at it.
    """
    return {
        "help": help,
        "unit": unit,
        "source": source,
        "choices": choices,
        "bounds": Bounds(minimum, above, below, maximum),
        "some": some,
        "pattern": pattern,
        "trimmed": trimmed,
        "blank": blank,
        "contains": contains,
        "later": later,
        **more,
    }


def key(
    default: Any,
    help: str,
    *,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A key with a plain value and a default: `minimum` and `maximum` of a number, `choices` of a text."""
    return field(default=default, metadata=says(help, choices=choices, minimum=minimum, maximum=maximum))


def value(default: Any, help: str, *, read: Callable[[str, object, str], Any], shape: str) -> Any:
    """A key that may be given in more than one form; `read` makes its value of (name, value, source)."""
    return field(default=default, metadata=says(help, read=read, shape=shape))


def table(help: str, *, read: Callable[[str, object, str], Any], shape: str) -> Any:
    """A key whose value is a table or a list of tables; `read` makes it of (name, value, source)."""
    return field(default=(), metadata=says(help, read=read, shape=shape))


def inner(kind: type[Any], help: str) -> Any:
    """A key that is a section of its own, written as `[outer.inner]`; `kind` describes it."""
    return field(default_factory=kind, metadata=says(help, inner=kind))


def type_of(kind: type[Any], item: Field[Any]) -> type[Any]:
    """`str`, `int`, `float`, `bool` or `tuple`: the declared type of a field without its `| None`."""
    hint: type[Any] = get_type_hints(kind)[item.name]
    if get_origin(hint) is not tuple:
        plain = [argument for argument in get_args(hint) if argument is not type(None)]
        hint = plain[0] if plain else hint
    return tuple if get_origin(hint) is tuple else hint
