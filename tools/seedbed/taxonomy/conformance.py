"""A JSON Schema turned into one quick question: does this data certainly conform?

Most leaves are sound, and for those a full validator is nine tenths of the work of reading the form. Here the same
schema file becomes a function that says yes or "not certain"; only then is the validator asked what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Conforms = Callable[[object], bool]

_ANNOTATIONS = frozenset({"$schema", "$id", "title", "description", "examples", "deprecated"})
_UNDERSTOOD = frozenset(
    {
        *("type", "const", "minLength", "minItems", "uniqueItems", "items"),
        *("properties", "required", "additionalProperties", "dependentRequired"),
    }
)
_TYPES: Mapping[str, type] = MappingProxyType({"string": str, "integer": int, "array": list, "object": dict})


def conforms_to(schema: Mapping[str, Any]) -> Conforms:
    """A function that is true only for data that `schema` (draft 2020-12) allows; where in doubt it says False.

    A schema with a keyword that is not understood here conforms to nothing, so the validator decides.
    """
    type_ = _TYPES.get(str(schema.get("type")))
    if type_ is None or schema.keys() - _ANNOTATIONS - _UNDERSTOOD:
        return _never
    if type_ is dict:
        return _mapping(schema)
    if type_ is list:
        return _list(schema)
    least = schema.get("minLength", 0)
    constant, any_value = schema.get("const"), "const" not in schema
    return lambda value: (
        type(value) is type_ and (any_value or value == constant) and (least == 0 or len(value) >= least)  # type: ignore[arg-type]
    )


def _never(value: object) -> bool:
    return False


def _mapping(schema: Mapping[str, Any]) -> Conforms:
    known = {key: conforms_to(inner) for key, inner in schema.get("properties", {}).items()}
    required = frozenset(schema.get("required", ()))
    dependent = {key: frozenset(needed) for key, needed in schema.get("dependentRequired", {}).items()}
    if schema.get("additionalProperties") is not False or "const" in schema:
        return _never

    def conforms(value: object) -> bool:
        if type(value) is not dict or not required <= value.keys():
            return False
        if any(key in value and not needed <= value.keys() for key, needed in dependent.items()):
            return False
        return all(key in known and known[key](inner) for key, inner in value.items())

    return conforms


def _list(schema: Mapping[str, Any]) -> Conforms:
    least, unique = schema.get("minItems", 0), schema.get("uniqueItems", False)
    item = conforms_to(schema["items"]) if "items" in schema else _never
    if "const" in schema:
        return _never

    def conforms(value: object) -> bool:
        if type(value) is not list or len(value) < least or not all(map(item, value)):
            return False
        return not unique or (all(type(entry) is str for entry in value) and len(set(value)) == len(value))

    return conforms
