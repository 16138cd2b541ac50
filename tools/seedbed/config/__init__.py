"""`seedbed.toml`: what a repository decides once for everyone who runs Seedbed in it.

A key or section that is not declared in `sections` is refused.
"""

from seedbed.config.reading import FILE_NAME, load_settings, read_settings
from seedbed.config.sections import (
    DEFAULT_HOSTS,
    CheckSettings,
    DocumentsSettings,
    EvaluationSettings,
    GenerationSettings,
    PreviewSettings,
    PullRequestsSettings,
    ReleasesSettings,
    Settings,
    StoreSettings,
    StudentSettings,
    TaxonomySettings,
    TeacherSettings,
    TrainingSettings,
    VllmSettings,
)
from seedbed.config.values import IgnoredFindings, LeafMeasure, RatchetedRule, RuleSeverity

__all__ = [
    "DEFAULT_HOSTS",
    "FILE_NAME",
    "CheckSettings",
    "DocumentsSettings",
    "EvaluationSettings",
    "GenerationSettings",
    "IgnoredFindings",
    "LeafMeasure",
    "PreviewSettings",
    "PullRequestsSettings",
    "RatchetedRule",
    "ReleasesSettings",
    "RuleSeverity",
    "Settings",
    "StoreSettings",
    "StudentSettings",
    "TaxonomySettings",
    "TeacherSettings",
    "TrainingSettings",
    "VllmSettings",
    "load_settings",
    "read_settings",
]
