"""An audit of a judge as it is kept, beside the samples, for people and for the card of a release.

In the store it is `audits/judge-<recipe>-<digest>.json`: `version` 1; `recipe`, its `recipe_digest` and
`judging_digest`; `teacher` (backend, model, revision); `commit`; `seed`; `leaves` (names); and `criteria`, each with
`criterion`, `good` {cases, kept}, `faults` {fault: {cases, caught}}, `unread`, and `precision`, `recall` and `good_kept`
as {share, low, high} or null where nothing was judged. `read_audits` reads them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seedbed.errors import StoreError
from seedbed.generation.planting import Fault
from seedbed.generation.proportion import wilson_interval
from seedbed.generation.store_files import StoreFiles
from seedbed.teacher.teacher import TeacherIdentity

FOLDER = "audits"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of some cases, with its 95 % interval (Wilson)."""

    share: float
    low: float
    high: float

    @classmethod
    def of(cls, count: int, cases: int) -> Share | None:
        return cls(count / cases, *wilson_interval(count, cases)) if cases else None


@dataclass(frozen=True, slots=True)
class CriterionAudit:
    """What one criterion did. Verdicts that could not be read are in none of the counts but `unread`."""

    criterion: str
    good: int
    good_kept: int
    faults: Mapping[Fault, tuple[int, int]]  # cases, and how many of them were caught
    unread: int

    @property
    def faulty(self) -> int:
        return sum(cases for cases, _ in self.faults.values())

    @property
    def caught(self) -> int:
        return sum(caught for _, caught in self.faults.values())

    @property
    def precision(self) -> Share | None:
        """Of what the judge turned down, the part that had a fault. It depends on how many good pairs were shown."""
        return Share.of(self.caught, self.caught + self.good - self.good_kept)

    @property
    def recall(self) -> Share | None:
        """Of the faults planted, the part that the judge turned down."""
        return Share.of(self.caught, self.faulty)

    @property
    def kept(self) -> Share | None:
        """Of the good pairs, the part that the judge let pass."""
        return Share.of(self.good_kept, self.good)


@dataclass(frozen=True, slots=True)
class JudgeAudit:
    """A whole audit, and what it was made with."""

    recipe: str
    recipe_digest: str
    judging_digest: str
    teacher: TeacherIdentity
    commit: str
    seed: int
    leaves: tuple[str, ...]
    criteria: tuple[CriterionAudit, ...]

    @property
    def file_name(self) -> str:
        """Where it is kept in a store; a new audit of the same judge takes the place of the old one."""
        teacher = [self.teacher.backend, self.teacher.model, self.teacher.revision]
        key = json.dumps([self.recipe, self.judging_digest, teacher])
        plain = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in self.recipe)
        return f"{FOLDER}/judge-{plain}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"

    def to_json(self) -> dict[str, Any]:
        """The form that the top of this file describes."""
        return {
            "version": 1,
            "recipe": self.recipe,
            "recipe_digest": self.recipe_digest,
            "judging_digest": self.judging_digest,
            "teacher": _fields(self.teacher),
            "commit": self.commit,
            "seed": self.seed,
            "leaves": list(self.leaves),
            "criteria": [_criterion_json(each) for each in self.criteria],
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> JudgeAudit:
        """Raises KeyError, TypeError or ValueError when `fields` is not what `to_json` writes."""
        if fields["version"] != 1:
            raise ValueError(f"version {fields['version']}")
        return cls(
            fields["recipe"],
            fields["recipe_digest"],
            fields["judging_digest"],
            TeacherIdentity(**fields["teacher"]),
            fields["commit"],
            fields["seed"],
            tuple(fields["leaves"]),
            tuple(
                CriterionAudit(
                    each["criterion"],
                    each["good"]["cases"],
                    each["good"]["kept"],
                    {
                        Fault(name): (found["cases"], found["caught"])
                        for name, found in each["faults"].items()
                    },
                    each["unread"],
                )
                for each in fields["criteria"]
            ),
        )


def write_audit(files: StoreFiles, audit: JudgeAudit) -> str:
    """Keep an audit, and say under which name. Raises StoreError."""
    files.write(audit.file_name, (json.dumps(audit.to_json(), indent=2, sort_keys=True) + "\n").encode())
    return audit.file_name


def read_audits(files: StoreFiles) -> tuple[JudgeAudit, ...]:
    """Every audit that a store keeps, by name. Raises StoreError for one that cannot be read."""
    found = []
    for name in sorted(files.names(FOLDER)):
        raw = files.read(f"{FOLDER}/{name}") if name.endswith(".json") else None
        if raw is None:
            continue
        try:
            found.append(JudgeAudit.from_json(json.loads(raw)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(
                f"{files.url}/{FOLDER}/{name} is not an audit of a judge: {error}",
                hint="delete it, and run `seedbed audit-judge` again: its answers are in the journal",
            ) from error
    return tuple(found)


def _criterion_json(each: CriterionAudit) -> dict[str, Any]:
    return {
        "criterion": each.criterion,
        "good": {"cases": each.good, "kept": each.good_kept},
        "faults": {
            str(fault): {"cases": cases, "caught": caught} for fault, (cases, caught) in each.faults.items()
        },
        "unread": each.unread,
        "precision": _fields(each.precision),
        "recall": _fields(each.recall),
        "good_kept": _fields(each.kept),
    }


def _fields(value: Share | TeacherIdentity | None) -> dict[str, Any] | None:
    if value is None:
        return None
    names = ("share", "low", "high") if isinstance(value, Share) else ("backend", "model", "revision")
    return {name: getattr(value, name) for name in names}
