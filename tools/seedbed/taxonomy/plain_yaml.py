"""YAML that the project's own people write (recipes): plain YAML 1.2, with a clear error when it is not."""

from __future__ import annotations

from typing import Any

from seedbed.errors import ConfigurationError


def read_plain_yaml(text: str, *, source: str) -> Any:
    """The value of one YAML 1.2 document: dicts, lists, strings, numbers, booleans and None.

    `source` names the file in messages. Raises ConfigurationError, with line and column, when the text is not one
    YAML document or a mapping has the same key twice.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark is not None else source
        problem = (error.problem or error.context or "not readable").split("\n", 1)[0]
        raise ConfigurationError(
            f"{place} is not YAML: {problem}",
            hint="mend the line; values with `: ` or `#` in them need quotes",
        ) from error
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ConfigurationError(
            f"{source} is not YAML ({type(error).__name__})", hint="mend the file"
        ) from error
