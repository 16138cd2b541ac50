"""Prompt templates: Jinja in a sandbox, where text from a leaf or a model is only ever a variable."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from seedbed.errors import ConfigurationError, MissingExtraError

if TYPE_CHECKING:
    from jinja2 import Template


class Templates:
    """The templates of one recipe, compiled once. A final newline of a template's file is not part of its text."""

    def __init__(self, prompts: Mapping[str, str]) -> None:
        """Raises ConfigurationError when a template is not one."""
        try:
            from jinja2 import StrictUndefined, TemplateSyntaxError
            from jinja2.meta import find_undeclared_variables
            from jinja2.sandbox import ImmutableSandboxedEnvironment
        except ImportError as error:
            raise MissingExtraError("generation", "generate", "jinja2") from error
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        self._templates: dict[str, Template] = {}
        self._variables: dict[str, frozenset[str]] = {}
        for name, text in prompts.items():
            try:
                self._templates[name] = environment.from_string(text)
                self._variables[name] = frozenset(find_undeclared_variables(environment.parse(text)))
            except TemplateSyntaxError as error:
                raise ConfigurationError(f"template {name}, line {error.lineno}: {error.message}") from error

    def require(self, name: str, known: Collection[str]) -> None:
        """Raise ConfigurationError when a template asks for what its prompt will not have."""
        for missing in sorted(self._variables[name] - {*known}):
            close = get_close_matches(missing, known, 1)
            guess = f"did you mean `{close[0]}`? " if close else ""
            raise ConfigurationError(
                f"template {name} asks for `{missing}`, which this prompt does not have",
                hint=f"{guess}it may use {', '.join(sorted(known))}",
            )

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """The text of a prompt. Raises ConfigurationError when the template asks for what no prompt has."""
        from jinja2 import TemplateError

        try:
            return self._templates[name].render(variables)
        except TemplateError as error:
            raise ConfigurationError(
                f"template {name}: {error.message}", hint=f"it may use {', '.join(sorted(variables))}"
            ) from error
