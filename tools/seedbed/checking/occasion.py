"""One run of the rules: over which leaves, under which policy, for whose change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.policy import Policy
from seedbed.checking.rules import RULES, placeholder
from seedbed.checking.surroundings import SMALLEST_WINDOW, Surroundings
from seedbed.checking.tree import Tree
from seedbed.config import IgnoredFindings
from seedbed.taxonomy.leaf import LeafFile, Span

UNSAFE = frozenset({"SB202", "SB204"})
"""Rules without which a leaf could reach outside of its folder."""


@dataclass(slots=True)
class Occasion:
    """What is the same for every leaf of one check; remembers which ignores were needed."""

    policy: Policy = field(default_factory=Policy)
    window: int = SMALLEST_WINDOW
    author: str | None = None
    benchmarks: tuple[tuple[str, str], ...] = ()
    used: Counter[IgnoredFindings] = field(default_factory=Counter)  # how many findings each ignore covered

    def findings(
        self,
        tree: Tree,
        leaves: Mapping[str, bool],
        progress: Callable[[int, int], None] | None = None,
        *,
        checked: Collection[str] | None = None,
    ) -> dict[str, list[Finding]]:
        """What the rules say of each of `leaves`: paths in `tree`, and whether the change adds the leaf.

        `checked` are all leaves of this check, where `leaves` is only a part of them.
        """
        together = leaves.keys() if checked is None else checked
        found: dict[str, list[Finding]] = {}
        for done, (path, newcomer) in enumerate(leaves.items()):
            if progress is not None:
                progress(done, len(leaves))
            around = Surroundings(
                tree.file(path),
                tree,
                self.policy.settings,
                self.window,
                together,
                newcomer,
                self.author,
                self.benchmarks,
            )
            found[path] = self._of_leaf(tree, around)
        return found

    def _of_leaf(self, tree: Tree, around: Surroundings) -> list[Finding]:
        leaf = tree.leaf_file(around.file.path)
        told: list[Finding] = []
        for rule in RULES:
            for finding in rule.check(leaf, around) if rule.check is not None else ():
                told += self.weighed(finding)
        return _without_echoes(leaf, told)

    def weighed(self, finding: Finding) -> list[Finding]:
        """The finding as this repository takes it; nothing where its rule is off or an ignore covers it."""
        weighed = self.policy.weighed(finding)
        if weighed is None:
            return []
        ignore = self.policy.ignored_by(weighed)
        if ignore is not None:
            self.used[ignore] += 1
            return []
        return [weighed]


def _without_echoes(leaf: LeafFile, told: list[Finding]) -> list[Finding]:
    """What is said of a leaf, but nothing more of a text that is a placeholder still: that is its one fault."""
    left = [finding for finding in told if finding.code == placeholder.CODE and finding.path == leaf.path]
    places = {finding.span for finding in left}.union(one.span for finding in left for one in finding.related)
    return [
        finding
        for finding in told
        if finding in left or not places or not places & {finding.span, _value_of(leaf, finding)}
    ]


def _value_of(leaf: LeafFile, finding: Finding) -> Span:
    return leaf.span(finding.yaml_path) if finding.path == leaf.path and finding.yaml_path else finding.span


def rule_codes() -> frozenset[str]:
    """The codes of all rules."""
    return frozenset(rule.code for rule in RULES)


def unweakened_codes() -> frozenset[str]:
    """Rules that a policy cannot weaken: what breaks them cannot be read, or reaches outside."""
    return UNSAFE | {rule.code for rule in RULES if rule.reads and rule.severity is Severity.ERROR}
