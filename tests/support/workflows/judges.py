"""Programs that judge workflows, where they are installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner


def run_tool(name: str, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a linter of the dev extra, from this interpreter's folder first; skip where it is not installed."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return subprocess.run(
        [found, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False
    )


def judged_by_schema(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """check-jsonschema, in this process: it takes longer to load than to judge. Skip where it is not installed."""
    program = pytest.importorskip("check_jsonschema.cli")
    arguments = ["--builtin-schema", schema, *map(str, files)]
    ran = CliRunner().invoke(program.main, arguments)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return subprocess.CompletedProcess(arguments, ran.exit_code, ran.output)


def audit(*paths: Path, persona: str = "regular", minimum: str = "medium") -> set[str]:
    """Names of zizmor's audits that found something."""
    options = ["--offline", "--no-progress", "--no-config", "--format", "json-v1"]
    audited = run_tool("zizmor", *options, "--persona", persona, "--min-severity", minimum, *paths)
    assert audited.stdout, audited.stderr
    return {finding["ident"] for finding in json.loads(audited.stdout)}
