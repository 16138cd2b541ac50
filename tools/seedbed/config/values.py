"""Values with a shape of their own: a text or several, and the tables of `[check]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from seedbed.config.unknown_name import unknown_name
from seedbed.errors import ConfigurationError

SEVERITIES = ("error", "warning", "hint", "off")
MEASURES = ("words", "exact", "f1", "likelihood", "judge")


@dataclass(frozen=True, slots=True)
class RuleSeverity:
    """How serious this repository takes a rule: `error`, `warning`, `hint`, or `off`."""

    code: str
    severity: str


@dataclass(frozen=True, slots=True)
class RatchetedRule:
    """A rule that is being tightened: what is new fails, what was there never does."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class IgnoredFindings:
    """Findings of some rules that are not reported in files whose path matches one of `paths`."""

    rules: tuple[str, ...]
    paths: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LeafMeasure:
    """How the leaves whose names match a pattern are scored: `words`, `exact`, `f1`, `likelihood` or `judge`."""

    leaves: str
    measure: str


def read_texts(name: str, value: object, source: str) -> str | tuple[str, ...]:
    """One text, or several."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise ConfigurationError(
            f"{source}: {name} is {value!r}; expected text, or a list of texts",
            hint=f'{name.split(".")[-1]} = "…"',
        )
    return value if isinstance(value, str) else tuple(texts)


def read_severities(name: str, value: object, source: str) -> tuple[RuleSeverity, ...]:
    """The table of rule codes and how serious each is."""
    pairs = _pairs(name, value, source, 'SB203 = "error"')
    for code, severity in pairs.items():
        if severity not in SEVERITIES:
            raise unknown_name(f"{name}.{code} = {severity!r}", severity, SEVERITIES, source, "choices")
    return tuple(RuleSeverity(code, severity) for code, severity in pairs.items())


def read_ratchet(name: str, value: object, source: str) -> tuple[RatchetedRule, ...]:
    """The table of rule codes and why each is being tightened."""
    pairs = _pairs(name, value, source, 'SB203 = "since 2026-11: names in lower case"')
    return tuple(RatchetedRule(code, reason) for code, reason in pairs.items())


def read_measures(name: str, value: object, source: str) -> tuple[LeafMeasure, ...]:
    """The table of patterns of leaves and how each is scored."""
    pairs = _pairs(name, value, source, '"compositional_skills/writing/*" = "judge"')
    for leaves, measure in pairs.items():
        if measure not in MEASURES:
            raise unknown_name(f'{name}."{leaves}" = {measure!r}', measure, MEASURES, source, "choices")
    return tuple(LeafMeasure(leaves, measure) for leaves, measure in pairs.items())


def read_ignores(name: str, value: object, source: str) -> tuple[IgnoredFindings, ...]:
    """The list of tables that say what is not reported, each with its reason."""
    example = 'write [[check.ignore]] with rules = ["SB203"], paths = ["taxonomy/old/*"] and reason = "…"'
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConfigurationError(f"{source}: {name} is {value!r}; expected a list of tables", hint=example)
    return tuple(_read_ignore(f"{name}[{n}]", item, source, example) for n, item in enumerate(value))


def _read_ignore(name: str, item: Mapping[str, object], source: str, example: str) -> IgnoredFindings:
    known = [wanted.name for wanted in fields(IgnoredFindings)]
    for key in item:
        if key not in known:
            raise unknown_name(f"{name}.{key}", key, known, source, "keys")
    rules, paths, reason = (item.get(key) for key in known)
    if not isinstance(reason, str) or not reason.strip():
        raise ConfigurationError(f"{source}: {name} gives no reason; each ignore needs one", hint=example)
    for key, texts in (("rules", rules), ("paths", paths)):
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise ConfigurationError(
                f"{source}: {name}.{key} is {texts!r}; expected a list of texts", hint=example
            )
    assert isinstance(rules, list) and isinstance(paths, list)
    return IgnoredFindings(tuple(rules), tuple(paths), reason)


def _pairs(name: str, value: object, source: str, example: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) and text for text in value.values()):
        raise ConfigurationError(
            f"{source}: {name} is {value!r}; expected a table of texts",
            hint=f"write [{name}] and below it {example}",
        )
    return value
