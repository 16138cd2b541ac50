"""Every study by name."""

from __future__ import annotations

from collections.abc import Mapping

from seedbed_training.studies import coverage, mixing, phases, releases
from seedbed_training.studies.study import Study

STUDIES: Mapping[str, Study] = {
    study.name: study for study in (releases.STUDY, coverage.STUDY, phases.STUDY, mixing.STUDY)
}
