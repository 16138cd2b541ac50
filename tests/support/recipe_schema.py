"""The JSON Schema of a recipe, as editors use it, from the same declarations that the reader goes by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
_KEYWORDS = {
    "minimum": "minimum",
    "above": "exclusiveMinimum",
    "below": "exclusiveMaximum",
    "maximum": "maximum",
}


def recipe_schema(kind: type[Any], *, name: str, extensible: bool = False) -> dict[str, Any]:
    """The schema of `kind`, a recipe's dataclass; `extensible`: it may name another that gives what it leaves out."""
    parts: dict[str, Any] = {}
    whole = _object(kind, parts)
    required = whole.pop("required")
    if extensible:
        help = "Another recipe, by name or by its path from this one, that gives every key that is not given here."
        whole["properties"] = {"extends": {"description": help, "type": "string"}, **whole["properties"]}
        whole["anyOf"] = [{"required": ["extends"]}, {"required": required}]
    else:
        whole["required"] = required
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:seedbed:schema:{name}-recipe.v1",
        **whole,
        "title": f"{name.capitalize()} recipe, version 1",
        "$defs": parts,
    }


def _object(kind: type[Any], parts: dict[str, Any]) -> dict[str, Any]:
    written = [item for item in fields(kind) if not item.metadata.get("found")]
    types = get_type_hints(kind)
    return {
        "title": kind.__name__.removesuffix("Recipe"),
        "description": (kind.__doc__ or "").partition("\n\n")[0].replace("\n    ", " "),
        "type": "object",
        "required": [item.name for item in written if item.default is MISSING],
        "additionalProperties": False,
        "properties": {item.name: _property(item, types[item.name], parts) for item in written},
    }


def _property(item: Field[Any], wanted: Any, parts: dict[str, Any]) -> dict[str, Any]:
    said = item.metadata
    unit, source = said["unit"], said["source"]
    about = " ".join(
        [
            said["help"],
            *([f"Unit: {unit}."] if unit else []),
            *([f"Default from: {source}."] if source else []),
        ]
    )
    described = {"description": about, **_value(wanted, said, parts)}
    if item.default is not MISSING:
        described["default"] = list(item.default) if isinstance(item.default, tuple) else item.default
    if "examples" in said:
        described["examples"] = list(said["examples"])
    return described


def _value(wanted: Any, said: Mapping[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    if get_origin(wanted) in (Union, UnionType):
        [inner] = [option for option in get_args(wanted) if option is not type(None)]
        found = _value(inner, said, parts)
        return (
            {**found, "type": [found["type"], "null"]}
            if "type" in found
            else {"anyOf": [found, {"type": "null"}]}
        )
    if is_dataclass(wanted) and isinstance(wanted, type):
        name = wanted.__name__.removesuffix("Recipe").lower()
        if name not in parts:
            parts[name] = {}  # keeps its place before those that it holds
            parts[name] = _object(wanted, parts)
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(wanted) is tuple:
        item, *more = get_args(wanted)
        size = {} if more == [Ellipsis] else {"minItems": 1 + len(more), "maxItems": 1 + len(more)}
        some = {"minItems": 1} if said["some"] else {}
        return {"type": "array", "items": _value(item, said, parts), **size, **some}
    if issubclass(wanted, StrEnum) or said["choices"]:
        return {"enum": list(said["choices"] or wanted)}
    return {"type": _TYPES[wanted], **_limits(wanted, said)}


def _limits(wanted: type[Any], said: Mapping[str, Any]) -> dict[str, Any]:
    if wanted is not str:
        bounds = {word: getattr(said["bounds"], name) for name, word in _KEYWORDS.items()}
        return {word: bound for word, bound in bounds.items() if bound is not None}
    if said["pattern"]:
        return {"pattern": f"^{said['pattern']}$"}
    return {} if said["blank"] else {"pattern": re.escape(said["contains"]) if said["contains"] else r"\S"}
