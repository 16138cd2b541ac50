"""Every form that findings can be shown in, by name. A form's module is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import cast

from seedbed.checking.report import CheckReport


@dataclass(frozen=True, slots=True)
class FindingsReport:
    """One form. Call it with a report to get the text; `data` when the text is for programs and nothing else may
    stand on the same stream."""

    name: str
    module: str
    function: str
    data: bool
    help: str

    def __call__(self, report: CheckReport, *, documentation_url: str | None = None) -> str:
        """The findings as text that ends in a line break, or is empty.

        `documentation_url` is the address to which a rule's code is appended to link to its manual page.
        """
        render = getattr(import_module(f"seedbed.reports.{self.module}"), self.function)
        return cast(str, render(report, documentation_url=documentation_url))


_TABLE = (
    FindingsReport("text", "text", "findings_text", False, "for people, with the source and carets"),
    FindingsReport("concise", "concise", "findings_concise", False, "one line each, path:line:column first"),
    FindingsReport("markdown", "markdown", "findings_markdown", False, "a comment or a job summary"),
    FindingsReport("github", "github", "github_annotations", False, "annotations of a GitHub workflow run"),
    FindingsReport("json", "json_report", "findings_json", True, "one document, version 1"),
    FindingsReport("jsonl", "jsonl", "findings_jsonl", True, "one JSON object a line"),
    FindingsReport("sarif", "sarif", "findings_sarif", True, "SARIF 2.1.0, with fixes"),
    FindingsReport("gitlab", "gitlab", "findings_gitlab", True, "GitLab's code quality report"),
    FindingsReport("junit", "junit", "findings_junit", True, "JUnit XML: a suite for each leaf"),
    FindingsReport("rdjson", "rdjson", "findings_rdjson", True, "reviewdog's format, with suggestions"),
)

REPORTS: Mapping[str, FindingsReport] = MappingProxyType({form.name: form for form in _TABLE})
"""Format name → `function(report, documentation_url=…) -> str`."""
