"""Which forge is spoken to, by the environment that its runners have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from seedbed.errors import ConfigurationError
from seedbed.forge.conversation import Forge
from seedbed.forge.github_api import GitHub
from seedbed.forge.gitlab_api import GitLab

GITHUB_LOGIN = "github-actions[bot]"


def open_forge(environment: Mapping[str, str], login: str | None) -> Forge:
    """GitLab where its variables are, else GitHub. `login` is whose comments are ours.

    GitHub: GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL. GitLab: SEEDBED_GITLAB_TOKEN (a token with the scope
    `api`), CI_PROJECT_ID and CI_API_V4_URL. Raises ConfigurationError when one is missing.
    """
    if on_gitlab(environment):
        project = _required(environment, "CI_PROJECT_ID", r"\d+")
        token = _required(environment, "SEEDBED_GITLAB_TOKEN", r"\S+")
        return GitLab(environment["CI_API_V4_URL"], project, token, login=login or "")
    return GitHub(
        environment.get("GITHUB_API_URL") or "https://api.github.com",
        _required(environment, "GITHUB_REPOSITORY", r"[\w.-]+/[\w.-]+"),
        _required(environment, "GITHUB_TOKEN", r"\S+"),
        login=login or GITHUB_LOGIN,
    )


def on_gitlab(environment: Mapping[str, str]) -> bool:
    """Whether this is a pipeline of GitLab."""
    return bool(environment.get("CI_API_V4_URL"))


def _required(environment: Mapping[str, str], name: str, form: str) -> str:
    value = environment.get(name, "")
    if not re.fullmatch(form, value, re.ASCII):
        raise ConfigurationError(
            f"the environment variable {name} is not set, or not as it should be",
            hint="export GITHUB_REPOSITORY=owner/name and GITHUB_TOKEN; the forge sets both for its runners"
            if name.startswith("GITHUB")
            else "add SEEDBED_GITLAB_TOKEN to the project's CI/CD variables; GitLab sets the others",
        )
    return value
