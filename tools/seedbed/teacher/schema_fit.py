"""Whether a value, such as a model's answer, fits a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping


def misfit(value: object, schema: Mapping[str, object]) -> str | None:
    """Where `value` does not fit `schema` (draft 2020-12); None when it does.

    The answer names the place and the keyword alone: what jsonschema says would repeat input of any length.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(dict(schema)).iter_errors(value))
    if error is None:
        return None
    place = "/".join(map(str, error.absolute_path))[:80] or "the whole"
    return f"{place} fails `{error.validator}`"
