"""The use case `check`: which leaves are looked at, what every rule says of each, and what of it is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from seedbed.checking.benchmark_lists import read_benchmark_texts
from seedbed.checking.finding import Finding, Status
from seedbed.checking.governing import Governing, governing
from seedbed.checking.many_leaves import Place, findings_of_many
from seedbed.checking.masking import masked
from seedbed.checking.occasion import Occasion, rule_codes, unweakened_codes
from seedbed.checking.policy import Policy, policy_of
from seedbed.checking.report import CheckedLeaf, CheckReport
from seedbed.checking.rules.outside_branches import beside_the_taxonomy
from seedbed.checking.rules.stray_link import strays
from seedbed.checking.rules.unused_ignore import unused
from seedbed.checking.surroundings import SMALLEST_WINDOW
from seedbed.checking.taxonomy_place import require_taxonomy
from seedbed.checking.tree import ATTRIBUTION, Tree
from seedbed.checking.verdict import Verdict, compare, verdict_of
from seedbed.config import FILE_NAME, CheckSettings, Settings
from seedbed.errors import UsageError
from seedbed.taxonomy.changes import Base, ChangeKind, LeafChange, changed_leaves, leaf_name
from seedbed.taxonomy.leaf import BRANCHES
from seedbed.taxonomy.leaf_files import plain_root
from seedbed.taxonomy.repository import Difference, Repository

Progress = Callable[[int, int], None]
"""Called with how many leaves are done and how many there are."""


def check(
    repository: Repository,
    settings: Settings,
    *,
    base: Base | None,
    head: str | None = None,
    paths: tuple[str, ...] = (),
    progress: Progress | None = None,
    author: str | None = None,
    policy_from_base: bool = True,
) -> CheckReport:
    """Check the leaves that differ between `base` and head; with `paths`, those at or under them, changed or not.

    Without a `base` every leaf (under `paths`) is checked for its own sake and every error fails. `head` is a commit,
    else `base.head`, else the working tree. `paths` are posix paths from the repository's root. `author` is the login
    of who proposes the change, where the forge says (`author_of_change`).

    With a `base` its `seedbed.toml` counts, not `settings`, unless `policy_from_base` is false because the person who
    runs the check named a file of settings. Raises UsageError when a path holds no leaf, ConfigurationError for a
    policy that names no rule or a taxonomy that is not where the settings say.
    """
    commit = head if base is None else base.head
    rules = Governing(settings)
    if base is not None and policy_from_base:
        rules = governing(repository, settings, base=base.base, head=commit)
    settings = rules.settings
    policy = policy_of(settings.check, rule_codes(), fixed=unweakened_codes())
    root = settings.taxonomy.root
    require_taxonomy(repository, root, (commit,) if base is None else (commit, base.base))
    after = Tree(repository, commit, root)
    changed: Iterable[LeafChange] = ()
    if base is not None:
        changed = changed_leaves(repository, base=base.base, head=commit, taxonomy_root=root)
    selected = tuple(changed) if base is not None and not paths else _selected(changed, after, paths, root)
    occasion = Occasion(
        policy,
        window=settings.teacher.max_model_len or SMALLEST_WINDOW,
        author=author,
        benchmarks=read_benchmark_texts(repository, settings, None if base is None else base.base),
    )
    place = Place(repository.root, commit, root)
    found = findings_of_many(occasion, after, place, _at_head(selected), progress)
    ignored = Counter(occasion.used)
    earlier: dict[str, list[Finding]] = {}
    if base is not None:
        earlier = occasion.findings(Tree(repository, base.base, root), _at_base(selected))
    judged = _judged(found, earlier, selected, policy, after, compared=base is not None)
    general = list(rules.findings)
    text = rules.text
    if base is not None:
        differing = repository.differing(base.base, commit, plain_root(root))
        for misplaced in beside_the_taxonomy(_beside(repository, base.base, commit, root), root):
            general += occasion.weighed(misplaced)
    else:
        every = after.files_below(plain_root(root))
        differing = tuple(
            (None, file) for file in every if any(_covers(at, file.path) for at in paths or ".")
        )
    occasion.used = ignored
    for stray in strays(differing, after.belongs_to_a_leaf):
        general += occasion.weighed(stray)
    if base is None and not paths:
        text = _policy_text(repository, commit)
        general += unused(settings.check.ignore, ignored, text)
    general = [weighed for finding in general if (weighed := policy.weighed(finding)) is not None]
    ordered = tuple(sorted((*judged, *general), key=lambda finding: (finding.order, finding.status)))
    leaves = _checked(selected, found, judged)
    rung = "every leaf, compared with nothing" if base is None else base.rung
    sources = _sources(after, ordered, {FILE_NAME: text} if text else {})
    before = None if base is None else base.base
    told = tuple((ignore, ignored[ignore]) for ignore in settings.check.ignore if ignored[ignore])
    return CheckReport(rung, before, commit, ordered, leaves, sources, settings.check.documentation_url, told)


def _selected(
    changed: Iterable[LeafChange], after: Tree, paths: tuple[str, ...], root: str
) -> tuple[LeafChange, ...]:
    """Every leaf at or under one of `paths`, with its change where it has one; removed ones too."""
    by_path = {change.path: change for change in changed}
    for path, file in after.leaves.items():
        unchanged = LeafChange(leaf_name(path, root), ChangeKind.UNCHANGED, path, file.blob, path, file.blob)
        by_path.setdefault(path, unchanged)
    chosen: dict[str, LeafChange] = {}
    for wanted in paths or (".",):
        here = {path: change for path, change in by_path.items() if _covers(wanted, path)}
        if not here and paths:
            raise UsageError(
                f"there is no leaf at or under {wanted}",
                hint="name a leaf's folder, its qna.yaml, or a folder above it; `seedbed check --all` checks all",
            )
        chosen.update(here)
    return tuple(chosen[path] for path in sorted(chosen))


def _covers(wanted: str, path: str) -> bool:
    """Whether `path` is `wanted`, lies under it, or belongs to the same leaf (such as its attribution)."""
    folder = str(PurePosixPath(path).parent)
    beside = wanted.startswith(f"{folder}/") and "." in PurePosixPath(wanted).name
    return wanted == "." or path == wanted or path.startswith(f"{wanted}/") or beside


def _at_head(selected: Iterable[LeafChange]) -> dict[str, bool]:
    """Paths of the leaves to check, and whether the change adds each."""
    kept = [change for change in selected if change.kind is not ChangeKind.REMOVED]
    return {change.path: change.kind is ChangeKind.ADDED for change in kept}


def _at_base(selected: Iterable[LeafChange]) -> dict[str, bool]:
    return {change.old_path: False for change in selected if change.old_path is not None}


def _beside(repository: Repository, base: str, head: str | None, root: str) -> Iterator[Difference]:
    """What differs in folders with the names of branches, where these are not the taxonomy's own."""
    if plain_root(root).partition("/")[0] not in ("", *BRANCHES):
        for branch in BRANCHES:
            yield from repository.differing(base, head, branch)


def _judged(
    found: Mapping[str, list[Finding]],
    earlier: Mapping[str, list[Finding]],
    selected: Iterable[LeafChange],
    policy: Policy,
    after: Tree,
    *,
    compared: bool,
) -> list[Finding]:
    """All findings with their status.

    What a removed leaf had is gone with it and not told as healed; nor is what a leaf had that cannot be read now.
    """
    renamed: dict[str, str] = {}
    removed: set[str] = set()
    for change in selected:
        renamed |= _renamed(change)
        if change.kind is ChangeKind.REMOVED:
            removed |= {finding.path for finding in earlier.get(change.path, ())}
    head = [finding for findings in found.values() for finding in findings]
    base = [finding for findings in earlier.values() for finding in findings]
    judged = compare(dict.fromkeys(head), dict.fromkeys(base), renamed=renamed)
    return [
        policy.tightened(finding, compared=compared)
        for finding in judged
        if finding.status is not Status.HEALED
        or not (finding.path in removed or (finding.path in found and _is_unread(after, finding.path)))
    ]


def _is_unread(tree: Tree, path: str) -> bool:
    """Whether nothing of the leaf at `path` could be read as keys and values: most rules then see no fault in it."""
    return tree.leaf_file(path).data is None


def _renamed(change: LeafChange) -> dict[str, str]:
    """Where findings of the leaf's own files at the base stand at head."""
    if change.old_path is None or change.old_path == change.path:
        return {}
    old, new = PurePosixPath(change.old_path), PurePosixPath(change.path)
    return {str(old): str(new), str(old.with_name(ATTRIBUTION)): str(new.with_name(ATTRIBUTION))}


def _checked(
    selected: Iterable[LeafChange], found: Mapping[str, list[Finding]], judged: Iterable[Finding]
) -> tuple[CheckedLeaf, ...]:
    """The verdict on each leaf, from the findings in its own files."""
    by_path: dict[str, list[Finding]] = {}
    for finding in judged:
        by_path.setdefault(finding.path, []).append(finding)
    leaves = []
    for change in selected:
        own = {change.path, *(finding.path for finding in found.get(change.path, ()))}
        removed = change.kind is ChangeKind.REMOVED
        of_leaf = (finding for path in own for finding in by_path.get(path, ()))
        verdict = Verdict.REMOVED if removed else verdict_of(of_leaf)
        old_path = change.old_path if change.kind is ChangeKind.RENAMED else None
        leaves.append(
            CheckedLeaf(change.path, change.name, change.blob, change.kind.value, verdict, old_path)
        )
    return tuple(leaves)


def _sources(tree: Tree, findings: Iterable[Finding], known: Mapping[str, str]) -> Mapping[str, str]:
    """The text of each file that a finding which is still there points into, secrets covered."""
    told = [finding for finding in findings if finding.status is not Status.HEALED]
    paths = {finding.path for finding in told} | {
        related.path for finding in told for related in finding.related
    }
    texts = {path: known.get(path) or tree.text(path) for path in sorted(paths)}
    return MappingProxyType(masked({path: text for path, text in texts.items() if text is not None}, told))


_POLICY_LIMIT = 64 * 1024 * 1024  # bytes of seedbed.toml


def _policy_text(repository: Repository, commit: str | None) -> str:
    raw = repository.read_path(commit, FILE_NAME, _POLICY_LIMIT)
    return (raw or b"").decode("utf-8", "replace")


def apply_rules(tree: Tree, path: str, licences: tuple[str, ...]) -> list[Finding]:
    """Every finding of every rule on the leaf at `path` alone, in the order of the rules."""
    return Occasion(Policy(CheckSettings(licences=licences))).findings(tree, {path: False})[path]
