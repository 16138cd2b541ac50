"""The use case `fix`: the fixes of findings made in rounds, in memory, until none is left; then written, file by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from seedbed.checking.check import Progress, check
from seedbed.checking.finding import Finding, Status
from seedbed.checking.fix_edits import apply_fixes
from seedbed.checking.fix_upgrade import upgrade
from seedbed.checking.fix_write import replace_file
from seedbed.checking.occasion import Occasion, rule_codes, unweakened_codes
from seedbed.checking.policy import policy_of
from seedbed.checking.report import CheckedLeaf
from seedbed.checking.tree import ATTRIBUTION, Tree
from seedbed.checking.verdict import Verdict
from seedbed.config import Settings
from seedbed.taxonomy.changes import Base, leaf_name
from seedbed.taxonomy.leaf import LeafFile, Span
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository

MAXIMUM_ROUNDS = 100
"""Every round makes all fixes that do not touch each other, so that an honest leaf needs two or three."""

UPGRADED = "version 3"
"""What an upgrade counts as among the codes of fixes."""

Texts = Mapping[str, str]
Judge = Callable[[Texts], list[Finding]]
"""From the texts of a leaf's files by path to what the rules say of them."""


@dataclass(frozen=True, slots=True)
class FixedFile:
    """One file that fixes change. `codes` counts the fixes by rule."""

    path: str
    before: str
    after: str
    codes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FixReport:
    """What is fixed, what would be with `--unsafe`, and what could not be upgraded in full, as (path, reason)."""

    files: tuple[FixedFile, ...]
    leaves: int  # how many were looked at
    unsafe_left: Mapping[str, int]  # path → fixes that only --unsafe makes
    not_upgraded: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """The texts after the last round, the fixes made by path, and the findings that are left."""

    texts: Texts
    made: Mapping[str, Counter[str]]
    left: tuple[Finding, ...]


def plan_fixes(
    repository: Repository,
    settings: Settings,
    *,
    base: Base | None,
    paths: tuple[str, ...] = (),
    unsafe: bool = False,
    upgrade_versions: bool = False,
    progress: Progress | None = None,
) -> FixReport:
    """The fixes of the leaves in the working tree that `check` would look at; nothing is written.

    Arguments are those of `check`. Raises what it raises.
    """
    report = check(repository, settings, base=base, paths=paths, policy_from_base=False, progress=progress)
    occasion = Occasion(policy_of(settings.check, rule_codes(), fixed=unweakened_codes()))
    tree = _EditedTree(repository, None, settings.taxonomy.root)
    files: list[FixedFile] = []
    unsafe_left: Counter[str] = Counter()
    not_upgraded: list[tuple[str, str]] = []
    present = [leaf for leaf in report.leaves if leaf.verdict is not Verdict.REMOVED]
    for done, leaf in enumerate(present):
        if progress is not None:
            progress(done, len(present))
        before = _texts(repository, tree, leaf.path)
        if leaf.path in before:
            mended, reasons = _fix_leaf(tree, before, leaf, occasion, unsafe, upgrade_versions)
            files += _changed(before, mended)
            not_upgraded += [(leaf.path, reason) for reason in reasons]
            unsafe_left.update(finding.path for finding in mended.left if finding.fix and not unsafe)
    return FixReport(tuple(files), len(present), unsafe_left, tuple(not_upgraded))


def _fix_leaf(
    tree: _EditedTree,
    before: Texts,
    leaf: CheckedLeaf,
    occasion: Occasion,
    unsafe: bool,
    upgrade_versions: bool,
) -> tuple[Mended, tuple[str, ...]]:
    """The leaf with its fixes, and the reasons why it could not be upgraded in full."""
    path = leaf.path

    def judge(texts: Texts) -> list[Finding]:
        tree.edited.update(texts)
        return occasion.findings(tree, {path: False})[path]

    mended = mend(before, judge, path, unsafe=unsafe)
    result = None
    if upgrade_versions:
        read = read_leaf(mended.texts[path].encode("utf-8"), path=path, name=leaf.name, blob="")
        result = upgrade(read, drafts=unsafe)
    if result is None or result.text is None:
        return mended, () if result is None else result.reasons
    again = mend({**mended.texts, path: result.text}, judge, path, unsafe=unsafe)
    made = {
        where: Counter(mended.made.get(where, {})) + Counter(again.made.get(where, {})) for where in before
    }
    made[path][UPGRADED] += 1
    return Mended(again.texts, made, again.left), result.reasons


def _changed(before: Texts, mended: Mended) -> list[FixedFile]:
    return [
        FixedFile(path, before[path], text, mended.made.get(path, Counter()))
        for path, text in mended.texts.items()
        if text != before[path]
    ]


def write_fixes(repository: Repository, report: FixReport) -> Iterator[FixedFile]:
    """Write each file and yield it. Raises UsageError at the first that cannot be; those before it are written."""
    for file in report.files:
        replace_file(
            repository.root, file.path, before=file.before.encode("utf-8"), after=file.after.encode("utf-8")
        )
        yield file


def mend(texts: Texts, judge: Judge, leaf_path: str, *, unsafe: bool) -> Mended:
    """Make fixes, look again, and so on, until no fix is left.

    A fix after which the leaf could no longer be read is never made. Fixes that undo each other are not made at all:
    the texts then are those before the first of them.
    """
    made: dict[str, Counter[str]] = {}
    seen: list[tuple[Texts, dict[str, Counter[str]]]] = []
    now: Texts = dict(texts)
    for _ in range(MAXIMUM_ROUNDS):
        earlier = next((state for state in seen if state[0] == now), None)
        if earlier is not None:
            return Mended(*earlier, tuple(judge(earlier[0])))
        seen.append((now, {path: Counter(codes) for path, codes in made.items()}))
        findings = judge(now)
        after, done = _round(now, [finding for finding in findings if _is_wanted(finding, unsafe)], leaf_path)
        if not done:
            return Mended(now, made, tuple(findings))
        for finding in done:
            made.setdefault(finding.path, Counter())[finding.code] += 1
        now = after
    return Mended(now, made, tuple(judge(now)))


def _round(texts: Texts, wanted: list[Finding], leaf_path: str) -> tuple[Texts, list[Finding]]:
    """The fixes that do not touch each other; where all of them together break the leaf, those that do not alone."""
    after, done = _apply(texts, wanted)
    if not _breaks(texts, after, leaf_path):
        return after, done
    kept: Texts = texts
    made: list[Finding] = []
    for finding in sorted(
        done, key=_place, reverse=True
    ):  # from the end, so that the places before stay true
        tried, one = _apply(kept, [finding])
        if not _breaks(kept, tried, leaf_path):
            kept, made = tried, [*made, *one]
    return kept, made


def _place(finding: Finding) -> tuple[str, Span]:
    assert finding.fix is not None
    return finding.path, finding.fix.span


def _apply(texts: Texts, findings: list[Finding]) -> tuple[Texts, list[Finding]]:
    after = dict(texts)
    done: list[Finding] = []
    for path, text in texts.items():
        after[path], made = apply_fixes(text, [finding for finding in findings if finding.path == path])
        done.extend(made)
    return after, done


def _breaks(before: Texts, after: Texts, leaf_path: str) -> bool:
    def readable(texts: Texts) -> bool:
        return read_leaf(texts[leaf_path].encode("utf-8"), path=leaf_path, name="", blob="").data is not None

    return readable(before) and not readable(after)


def _is_wanted(finding: Finding, unsafe: bool) -> bool:
    return finding.fix is not None and (finding.fix.safe or unsafe) and finding.status is not Status.HEALED


def _texts(repository: Repository, tree: Tree, path: str) -> dict[str, str]:
    """The leaf and its attribution as they are on disk; what is no plain UTF-8 file of a sane size is left alone."""
    found: dict[str, str] = {}
    for file in (tree.leaves[path], *tree.around(path)):
        if file.path not in (path, str(PurePosixPath(path).with_name(ATTRIBUTION))) or file.path in found:
            continue
        if file.is_regular and 0 <= file.size <= MAXIMUM_BYTES:
            raw = repository.read(file, commit=None, limit=MAXIMUM_BYTES)
            try:
                found[file.path] = raw.decode("utf-8")
            except UnicodeDecodeError:
                continue  # a rule of its own says so; no edit of a text can mend it
    return found


class _EditedTree(Tree):
    """The working tree with some files as they would be."""

    def __init__(self, repository: Repository, commit: str | None, taxonomy_root: str) -> None:
        super().__init__(repository, commit, taxonomy_root)
        self._taxonomy_root = taxonomy_root
        self.edited: dict[str, str] = {}

    def leaf_file(self, path: str) -> LeafFile:
        text = self.edited.get(path)
        if text is None:
            return super().leaf_file(path)
        name = leaf_name(path, self._taxonomy_root)
        return read_leaf(text.encode("utf-8"), path=path, name=name, blob=self.leaves[path].blob)

    def attribution(self, path: str) -> tuple[str, str | None]:
        where, text = super().attribution(path)
        return where, self.edited.get(where, text)
