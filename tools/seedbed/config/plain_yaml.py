"""YAML that the project's own people write (recipes): plain YAML 1.2, with a clear error when it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seedbed.config.strict_reading import KeyPath
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


def locate_in_yaml(text: str, *, source: str) -> Callable[[KeyPath], str]:
    """Where the value at a path of `text`, which `read_plain_yaml` has read, stands: `SOURCE:LINE`.

    Of a value that is not there it is the line of what would hold it. The text is parsed again for each question, since
    nobody asks before something is wrong.
    """

    def locate(path: KeyPath) -> str:
        from ruamel.yaml import YAML

        node = YAML(typ="safe").compose(text)
        line = node.start_mark.line if node is not None else 0
        for step in path:
            held = _held(node, step)
            if held is None:
                break
            name, node = held
            line = name.start_mark.line
        return f"{source}:{line + 1}"

    return locate


def _held(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """What a node holds under a key, or at a number: the node of its name, or its own, and its own."""
    if isinstance(node.value, str):
        return None
    if isinstance(step, int):
        return (node.value[step], node.value[step]) if step < len(node.value) else None
    named = [(name, held) for name, held in node.value if name.value == step]
    return named[0] if named else None
