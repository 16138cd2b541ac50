"""The report between the check and the publisher: what was written is read, and a stranger's is refused in our words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.pull_requests import CLEAR, FAILING, many_leaves, moved_and_removed

from seedbed.bundled_files import bundled_file
from seedbed.errors import UsageError
from seedbed.forge.report_file import (
    LONGEST_TEXT,
    MAXIMUM_BYTES,
    MOST_FINDINGS,
    MOST_LEAVES,
    read_report_file,
    write_report,
)

SCHEMA = json.loads(bundled_file("schema/check-report.v1.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "report", [FAILING, CLEAR, moved_and_removed(), many_leaves(), replace(CLEAR, base=None)]
)
def test_what_was_written_is_read(report: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(write_report(report), encoding="utf-8")
    assert read_report_file(file) == report


def test_writer_and_schema_have_the_same_bounds() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["findings"]["maxItems"] == MOST_FINDINGS
    assert SCHEMA["properties"]["leaves"]["maxItems"] == MOST_LEAVES
    assert SCHEMA["$defs"]["text"]["maxLength"] == SCHEMA["$defs"]["path"]["maxLength"] == LONGEST_TEXT


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(write_report(FAILING)), **fields}).encode()


LEAF, FINDING = (json.loads(write_report(FAILING))[name][0] for name in ("leaves", "findings"))
HOSTILE = {
    "empty": b"",
    "not JSON": b"\xff\xfe",
    "deep": b"[" * 200_000,
    "a number": b"1",
    "too large": b" " * (MAXIMUM_BYTES + 1),
    "another version": changed(version=2),
    "a truth for a number": changed(version=True),
    "a branch for a commit": changed(checked="--upload-pack=x"),
    "a commit and a line": changed(checked="a" * 40 + "\n; touch evil"),
    "a command for a version": changed(seedbed="`x`"),
    "an unknown key": changed(number=1),
    "too many leaves": changed(leaves=[LEAF] * (MOST_LEAVES + 1)),
    "too many findings": changed(findings=[FINDING] * (MOST_FINDINGS + 1)),
    "a long text": changed(findings=[{**FINDING, "message": "x" * (LONGEST_TEXT + 1)}]),
    "a code that links": changed(findings=[{**FINDING, "code": "[x](y)"}]),
    "a severity of its own": changed(findings=[{**FINDING, "severity": "none"}]),
    "a line below nothing": changed(findings=[{**FINDING, "line": -1}]),
    "a list for a name": changed(leaves=[{**LEAF, "name": ["x"]}]),
    "a fraction": changed(more_leaves=0.5),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_stranger_s_report_is_refused_in_our_words(name: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(HOSTILE[name])
    with pytest.raises(UsageError, match=r"^the report (is|cannot) [\w .-]+$"):
        read_report_file(file)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text(write_report(CLEAR), encoding="utf-8")
    (tmp_path / "report.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(UsageError, match="link"):
        read_report_file(tmp_path / "report.json")
