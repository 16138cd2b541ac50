"""Prompt templates: Jinja in a sandbox, where text from a leaf or a model is only ever a variable."""

from __future__ import annotations

from collections.abc import Mapping
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
            from jinja2.sandbox import ImmutableSandboxedEnvironment
        except ImportError as error:
            raise MissingExtraError("generation", "generate", "jinja2") from error
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        self._templates: dict[str, Template] = {}
        for name, text in prompts.items():
            try:
                self._templates[name] = environment.from_string(text)
            except TemplateSyntaxError as error:
                raise ConfigurationError(f"template {name}, line {error.lineno}: {error.message}") from error

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """The text of a prompt. Raises ConfigurationError when the template asks for what no prompt has."""
        from jinja2 import TemplateError

        try:
            return self._templates[name].render(variables)
        except TemplateError as error:
            raise ConfigurationError(
                f"template {name}: {error.message}", hint=f"it may use {', '.join(sorted(variables))}"
            ) from error
