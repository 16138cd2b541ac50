"""The expressions between `${{` and `}}`, as docs.github.com/actions/reference/evaluate-expressions describes them.

What a workflow here does not use (numbers in exponents, `hashFiles`, `case`) is refused, so that nothing is guessed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Contexts = Mapping[str, Any]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<sign>==|!=|<=|>=|&&|\|\||[<>!.,*()\[\]])
    )""",
    re.VERBOSE,
)
_INSERTED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STATUS = re.compile(r"\b(success|failure|always|cancelled)\s*\(")
_WORDS = {"true": True, "false": False, "null": None}


class ExpressionError(Exception):
    """An expression that the forge would refuse, or that this evaluator does not know."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the steps or needed jobs before went, for `success()` and its kin."""

    failed: bool = False
    cancelled: bool = False


def render(value: Any, contexts: Contexts, status: Status = Status()) -> Any:
    """A value of a workflow with its expressions evaluated: alone they keep their type, inside of text they become text."""
    if isinstance(value, Mapping):
        return {key: render(one, contexts, status) for key, one in value.items()}
    if isinstance(value, list):
        return [render(one, contexts, status) for one in value]
    if not isinstance(value, str):
        return value
    whole = _INSERTED.fullmatch(value.strip())
    if whole:
        return evaluate(whole[1], contexts, status)
    return _INSERTED.sub(lambda found: as_text(evaluate(found[1], contexts, status)), value)


def holds(condition: object, contexts: Contexts, status: Status) -> bool:
    """Whether an `if:` lets its job or step run; one that asks for no status asks for success."""
    text = "" if condition is None else str(condition).strip()
    whole = _INSERTED.fullmatch(text)
    inner = (whole[1] if whole else text).strip()
    allowed = bool(_STATUS.search(inner)) or not (status.failed or status.cancelled)
    return allowed and (not inner or truth(evaluate(inner, contexts, status)))


def evaluate(text: str, contexts: Contexts, status: Status = Status()) -> Any:
    """The value of one expression."""
    reader = _Reader(_tokens(text), contexts, status)
    value = reader.either()
    if reader.rest:
        raise ExpressionError(f"{text!r}: {reader.rest[0]} was not expected")
    return value


def truth(value: Any) -> bool:
    """What counts as true: all but false, 0, the empty text and null."""
    return value not in (None, False, 0, "") or isinstance(value, (list, dict))


def as_text(value: Any) -> str:
    """A value inside of a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        raise ExpressionError("a list or an object inside of a text")
    return str(value)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise ExpressionError(f"{text!r}: cannot be read from {text[at:]!r} on")
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


class _Reader:
    """Recursive descent; `||` and `&&` give one of their values, as the forge's do."""

    def __init__(self, tokens: Sequence[tuple[str, str]], contexts: Contexts, status: Status) -> None:
        self.rest = list(tokens)
        self._contexts = contexts
        self._status = status

    def _take(self, *signs: str) -> str | None:
        if self.rest and self.rest[0][0] == "sign" and self.rest[0][1] in signs:
            return self.rest.pop(0)[1]
        return None

    def either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value if truth(value) else other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = other if truth(value) else value
        return value

    def _compared(self) -> Any:
        value = self._single()
        while sign := self._take("==", "!="):
            same = _equal(value, self._single())
            value = same if sign == "==" else not same
        return value

    def _single(self) -> Any:
        if self._take("!"):
            return not truth(self._single())
        if self._take("("):
            value = self.either()
            self._expect(")")
            return self._path(value)
        if not self.rest:
            raise ExpressionError("the expression ends too soon")
        kind, text = self.rest.pop(0)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind != "name":
            raise ExpressionError(f"{text} was not expected")
        if text in _WORDS:
            return _WORDS[text]
        if self._take("("):
            return self._path(self._called(text))
        if text not in self._contexts:
            raise ExpressionError(f"there is no context {text}")
        return self._path(self._contexts[text])

    def _called(self, name: str) -> Any:
        given = []
        while not self._take(")"):
            given.append(self.either())
            if not self._take(","):
                self._expect(")")
                break
        statuses: dict[str, Callable[[], bool]] = {
            "always": lambda: True,
            "cancelled": lambda: self._status.cancelled,
            "failure": lambda: self._status.failed and not self._status.cancelled,
            "success": lambda: not self._status.failed and not self._status.cancelled,
        }
        if name in statuses:
            return statuses[name]()
        if name not in _FUNCTIONS:
            raise ExpressionError(f"there is no function {name}")
        return _FUNCTIONS[name](*given)

    def _path(self, value: Any) -> Any:
        while sign := self._take(".", "["):
            if sign == "[":
                key: Any = self.either()
                self._expect("]")
                value = _member(value, key)
            elif self._take("*"):
                value = _Every(_items(value))
            else:
                kind, name = self.rest.pop(0)
                if kind != "name":
                    raise ExpressionError(f"{name} was not expected after a full stop")
                value = (
                    _Every([_member(one, name) for one in value])
                    if isinstance(value, _Every)
                    else _member(value, name)
                )
        return list(value) if isinstance(value, _Every) else value

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ExpressionError(f"{sign} was expected")


class _Every(list[Any]):
    """What `.*` gives: the members of a list, whose own members the next step asks for."""


def _items(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else list(value or ())


def _member(value: Any, key: Any) -> Any:
    """A member, or null: the forge is silent about names that are not there."""
    if isinstance(value, Mapping):
        lowered = {str(name).casefold(): one for name, one in value.items()}
        return lowered.get(str(key).casefold())
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return None


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if type(one) is type(other) or isinstance(one, (list, dict)) or isinstance(other, (list, dict)):
        return bool(one == other)
    return _number(one) == _number(other)


def _number(value: Any) -> float:
    if value is None:
        return 0.0
    try:
        return float(value) if value != "" else 0.0
    except ValueError:
        return float("nan")


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(_equal(one, what) for one in where)
    return as_text(what).casefold() in as_text(where).casefold()


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "contains": _contains,
    "startsWith": lambda text, start: as_text(text).casefold().startswith(as_text(start).casefold()),
    "endsWith": lambda text, end: as_text(text).casefold().endswith(as_text(end).casefold()),
    "format": lambda text, *values: re.sub(r"\{(\d+)\}", lambda at: as_text(values[int(at[1])]), text),
    "join": lambda values, sign=",": sign.join(map(as_text, values)),
    "fromJSON": json.loads,
    "toJSON": lambda value: json.dumps(value, indent=2),
}
