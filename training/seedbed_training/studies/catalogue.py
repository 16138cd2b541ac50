"""Every study by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seedbed_training.studies import coverage, mixing, phases, releases, seeds
from seedbed_training.studies.study import Study

STUDIES: Mapping[str, Study[Any]] = {
    study.name: study for study in (releases.STUDY, coverage.STUDY, phases.STUDY, mixing.STUDY, seeds.STUDY)
}
