"""What a repository decided about its rules: severities, ratchets, ignores. Pure."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from seedbed.checking.finding import Finding, Severity, Status
from seedbed.config import CheckSettings, IgnoredFindings
from seedbed.errors import ConfigurationError

OFF = "off"


@dataclass(frozen=True, slots=True)
class Policy:
    """The `[check]` section, its codes known to exist."""

    settings: CheckSettings = field(default_factory=CheckSettings)
    severities: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({})
    )  # code → severity or off
    ratcheted: frozenset[str] = frozenset()

    def weighed(self, finding: Finding) -> Finding | None:
        """The finding with the severity that it has in this repository; None where its rule is off."""
        severity = self.severities.get(finding.code)
        if severity is None:
            return finding
        return None if severity == OFF else replace(finding, severity=Severity(severity))

    def ignored_by(self, finding: Finding) -> IgnoredFindings | None:
        """The first ignore that covers the finding."""
        for ignore in self.settings.ignore:
            if finding.code in ignore.rules and any(
                fnmatch.fnmatchcase(finding.path, pattern) for pattern in ignore.paths
            ):
                return ignore
        return None

    def tightened(self, finding: Finding, *, compared: bool) -> Finding:
        """A finding of a ratcheted rule: an error where the change introduces it, at most a warning where it stood.

        When nothing was `compared`, everything counts as having stood.
        """
        if finding.code not in self.ratcheted:
            return finding
        if compared and finding.status is Status.INTRODUCED:
            return replace(finding, severity=Severity.ERROR)
        return replace(finding, severity=Severity.WARNING) if finding.severity is Severity.ERROR else finding


def policy_of(settings: CheckSettings, codes: Collection[str], *, fixed: Collection[str] = ()) -> Policy:
    """The policy that `settings` state, where `codes` are all rules and those in `fixed` cannot be weakened.

    Raises ConfigurationError for a code that no rule has, and for a fixed rule that is ignored or made less.
    """
    for rule in settings.severity:
        _known("severity", rule.code, codes)
        if rule.code in fixed and rule.severity != Severity.ERROR:
            raise _weakened("severity", rule.code)
    for ratcheted in settings.ratchet:
        _known("ratchet", ratcheted.code, codes)
        if ratcheted.code in fixed:
            raise _weakened("ratchet", ratcheted.code)
    for ignore in settings.ignore:
        for code in ignore.rules:
            _known("ignore", code, codes)
            if code in fixed:
                raise _weakened("ignore", code)
    severities = MappingProxyType({rule.code: rule.severity for rule in settings.severity})
    return Policy(settings, severities, frozenset(rule.code for rule in settings.ratchet))


def _known(key: str, code: str, codes: Collection[str]) -> None:
    if code in codes:
        return
    near = difflib.get_close_matches(code.upper(), sorted(codes), n=1, cutoff=0.6)
    guess = f"; did you mean {near[0]}?" if near else ""
    raise ConfigurationError(
        f"seedbed.toml: check.{key} names {code}, and there is no such rule{guess}",
        hint="`seedbed explain` lists all rules",
    )


def _weakened(key: str, code: str) -> ConfigurationError:
    return ConfigurationError(
        f"seedbed.toml: check.{key} weakens {code}; a leaf that breaks it cannot be read at all, or is not safe to",
        hint="mend the leaf, or remove it",
    )
