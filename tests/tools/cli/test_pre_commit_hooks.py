"""The hooks that other repositories can use: real commands, and the files that they mean."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from seedbed.cli.main import COMMANDS

HOOKS = YAML(typ="safe").load(Path(__file__).parents[3] / ".pre-commit-hooks.yaml")


def test_the_hooks_run_commands_that_exist() -> None:
    assert {hook["id"] for hook in HOOKS} == {"seedbed-check", "seedbed-fix"}
    for hook in HOOKS:
        program, command = hook["entry"].split()
        assert program == "seedbed" and command in COMMANDS and hook["id"] == f"seedbed-{command}"


def test_the_hooks_see_leaves_and_nothing_else() -> None:
    for hook in HOOKS:
        for path in ("qna.yaml", "taxonomy/knowledge/a/qna.yaml", "a/attribution.txt", "a/qna.yml"):
            assert re.search(hook["files"], path)
        for path in ("a/notqna.yaml", "a/qna.yaml.bak", "README.md"):
            assert not re.search(hook["files"], path)
