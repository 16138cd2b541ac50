"""Does `seedbed check` give a sound verdict on every real leaf and pull request, and where does it differ from a peer?

    python benchmarks/corpus_agreement.py CORPUS_DIR [--peer-python PYTHON] [--findings]

CORPUS_DIR holds `index.jsonl` (one leaf per line: file, path, and the verdict of `instructlab-schema` where it was
recorded) and `pulls.jsonl` with `pulls/<n>/{base,head}/…`. A repository is built from it: one commit with all leaves
under their own paths, and a base and a head commit for each pull request. Leaves come without their `attribution.txt`,
so one is written beside each; pull requests keep what they had.

Exit 0 when every leaf and pull request has a verdict and no finding sits at 1:1 where a better place exists.
With --peer-python, `instructlab-schema` of that interpreter is run on every leaf and every head.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pygit2  # noqa: TID251 the repository under test has to come from somewhere

from seedbed.checking.check import check
from seedbed.checking.finding import Finding, Severity
from seedbed.checking.report import CheckReport
from seedbed.config import CheckSettings, Settings, TaxonomySettings
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.leaf import Span
from seedbed.taxonomy.repository import Repository

ATTRIBUTION = b"Title of work: from a public taxonomy\nLicense of the work: Apache-2.0\nCreator names: its contributors\n"
SETTINGS = Settings(taxonomy=TaxonomySettings(root="."), check=CheckSettings())
PEER = """
import json, logging, os, sys
logging.disable(logging.CRITICAL)
from instructlab.schema.taxonomy import TaxonomyParser
for line in sys.stdin:
    root, path = json.loads(line)
    os.chdir(root)
    out = os.dup(1); os.dup2(2, 1)
    try:
        found = TaxonomyParser(schema_version=0).parse(path)
        answer = [found.errors, found.warnings, None]
    except BaseException as error:
        answer = [None, None, type(error).__name__]
    sys.stdout.flush(); os.dup2(out, 1); os.close(out)
    print(json.dumps(answer), flush=True)
"""


@dataclass(frozen=True)
class Pull:
    """One pull request of the corpus, as two commits."""

    number: int
    base: str
    head: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class LeafTree:
    """Leaves that stood together in one repository, as one commit."""

    commit: str
    files: Mapping[str, bytes]  # path → bytes of each leaf
    peer_verdicts: Mapping[str, bool]  # path → passes, where the corpus says


@dataclass(frozen=True)
class Corpus:
    """The repository that was built, and what it holds."""

    folder: Path
    trees: tuple[LeafTree, ...]
    pulls: tuple[Pull, ...]


def build(corpus: Path, folder: Path) -> Corpus:
    """A bare repository in `folder` with every leaf and pull request of `corpus`."""
    git = pygit2.init_repository(str(folder), bare=True)
    index = _json_lines(corpus / "index.jsonl")
    trees = tuple(_leaf_tree(git, corpus, entries) for entries in _by_repository(index))
    pulls = []
    for entry in _json_lines(corpus / "pulls.jsonl"):
        sides = corpus / "pulls" / str(entry["pull"])
        base = _commit(git, _files(sides / "base"), [])
        head = _commit(git, _files(sides / "head"), [base])
        pulls.append(Pull(entry["pull"], base, head, tuple(leaf["path"] for leaf in entry["leaves"])))
    return Corpus(folder, trees, tuple(pulls))


def _leaf_tree(git: pygit2.Repository, corpus: Path, entries: Mapping[str, Mapping[str, Any]]) -> LeafTree:
    files = {path: (corpus / entry["file"]).read_bytes() for path, entry in entries.items()}
    told = {path: _passes(entry.get("instructlab_schema_verdict")) for path, entry in entries.items()}
    verdicts = {path: passes for path, passes in told.items() if passes is not None}
    return LeafTree(_commit(git, _with_attributions(files), []), files, verdicts)


def _by_repository(index: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Mapping[str, Any]]]:
    """Leaves as they stood together; a repository whose leaves share a path is split, so that none is lost."""
    trees: dict[tuple[str, int], dict[str, Mapping[str, Any]]] = {}
    for entry in index:
        layer = 0
        while entry["path"] in trees.get((entry["repository"], layer), {}):
            layer += 1
        trees.setdefault((entry["repository"], layer), {})[entry["path"]] = entry
    yield from trees.values()


def _passes(verdict: Mapping[str, Any] | None) -> bool | None:
    if verdict is None:
        return None
    return verdict["exception"] is None and verdict["errors"] == 0


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _files(folder: Path) -> dict[str, bytes]:
    if not folder.exists():
        return {}
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _with_attributions(leaves: Mapping[str, bytes]) -> dict[str, bytes]:
    beside = {str(PurePosixPath(path).with_name("attribution.txt")): ATTRIBUTION for path in leaves}
    return {**beside, **leaves}


def _commit(git: pygit2.Repository, files: Mapping[str, bytes], parents: list[str]) -> str:
    index = pygit2.Index()
    for path, data in files.items():
        index.add(pygit2.IndexEntry(path, git.create_blob(data), pygit2.enums.FileMode.BLOB))
    author = pygit2.Signature("corpus", "corpus@example.org", 1_700_000_000, 0)
    ids = [pygit2.Oid(hex=parent) for parent in parents]
    return str(git.create_commit(None, author, author, "corpus", index.write_tree(git), ids))


def misplaced(report: CheckReport) -> list[Finding]:
    """Findings at the very start of a file that has text, without any extent: nobody could see what they mean."""
    start = Span(1, 1, 1, 1)
    return [
        finding
        for finding in report.findings
        if finding.span == start and report.sources.get(finding.path, "").strip()
    ]


def peer_verdicts(python: str, roots: Iterable[tuple[Path, str]]) -> list[bool]:
    """Whether `instructlab-schema` passes each (folder, path of a leaf in it)."""
    lines = "".join(json.dumps([str(root), path]) + "\n" for root, path in roots)
    done = subprocess.run([python, "-c", PEER], input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [exception is None and errors == 0 for errors, _, exception in answers]


def _check_tree(corpus: Corpus, tree: LeafTree) -> CheckReport:
    repository = Repository.open(corpus.folder)
    return check(repository, SETTINGS, base=None, head=tree.commit)


def _check_pull(corpus: Corpus, pull: Pull) -> CheckReport:
    repository = Repository.open(corpus.folder)
    return check(repository, SETTINGS, base=Base("corpus", pull.base, pull.head), head=pull.head)


def _ours(report: CheckReport, path: str) -> tuple[bool, tuple[str, ...]]:
    """Whether we pass the leaf, and the rules that say no, or else the ones that have a remark."""
    folder = str(PurePosixPath(path).parent)
    of_leaf = [
        finding
        for finding in report.findings
        if finding.path == path or finding.path == f"{folder}/attribution.txt".removeprefix("./")
    ]
    errors = sorted({finding.code for finding in of_leaf if finding.severity is Severity.ERROR})
    return not errors, tuple(errors or sorted({finding.code for finding in of_leaf}))


def _print_agreement(title: str, rows: list[tuple[str, bool, bool, tuple[str, ...]]]) -> None:
    table = Counter((ours, theirs) for _, ours, theirs, _ in rows)
    print(f"\n{title}: {len(rows)} compared with instructlab-schema")
    print(f"  {'':>12}  they pass  they fail")
    for ours in (True, False):
        print(f"  {'we pass' if ours else 'we fail':>12}  {table[ours, True]:>9}  {table[ours, False]:>9}")
    for path, ours, theirs, codes in rows:
        if ours != theirs:
            print(f"  differs: {path}: {_difference(ours, codes)}")


def _difference(ours: bool, codes: tuple[str, ...]) -> str:
    if not ours:
        return f"they pass, we fail with {', '.join(codes)}"
    return f"they fail, we pass with {', '.join(codes) or 'no remark'}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--peer-python", help="interpreter in which instructlab-schema is installed")
    parser.add_argument("--findings", action="store_true", help="print every finding")
    options = parser.parse_args()
    if options.corpus is None or not (options.corpus / "index.jsonl").exists():
        print("skipped: no corpus given (benchmarks/corpus_agreement.py CORPUS_DIR)")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return run(build(options.corpus, Path(folder) / "corpus.git"), options.corpus, options)


def run(corpus: Corpus, source: Path, options: argparse.Namespace) -> int:
    """Check everything, print what was found, and give the exit code."""
    trees = [(tree, _check_tree(corpus, tree)) for tree in corpus.trees]
    pulls = [(pull, _check_pull(corpus, pull)) for pull in corpus.pulls]
    reports = [report for _, report in trees] + [report for _, report in pulls]
    if options.findings:
        _print_findings(reports)
    for code, count in sorted(
        Counter((f.code, f.severity.value) for r in reports for f in r.findings).items()
    ):
        print(f"{code[0]} {code[1]:<7} {count:>4}")
    _print_verdicts(trees, pulls)
    _compare(source, trees, pulls, options.peer_python)
    troubles = [*_without_verdict(trees, pulls), *_at_start(reports)]
    print("\n".join(troubles) or "every leaf and pull request has a verdict, and every finding a place")
    return 1 if troubles else 0


def _print_findings(reports: Iterable[CheckReport]) -> None:
    for report in reports:
        for finding in report.findings:
            at = f"{finding.path}:{finding.span.line}:{finding.span.column}"
            print(f"{finding.code} {finding.severity.value:<7} {at}: {finding.message}")


def _print_verdicts(trees: list[tuple[LeafTree, CheckReport]], pulls: list[tuple[Pull, CheckReport]]) -> None:
    verdicts = Counter(leaf.verdict.value for _, report in trees for leaf in report.leaves)
    total = sum(len(tree.files) for tree, _ in trees)
    print(f"leaves: {verdicts.total()} of {total}, {dict(sorted(verdicts.items()))}")
    print(f"pull requests: {len(pulls)}, {sum(report.failed for _, report in pulls)} fail")


def _without_verdict(
    trees: list[tuple[LeafTree, CheckReport]], pulls: list[tuple[Pull, CheckReport]]
) -> Iterator[str]:
    for tree, report in trees:
        for path in sorted(set(tree.files) - {leaf.path for leaf in report.leaves}):
            yield f"no verdict for the leaf {path}"
    for pull, report in pulls:
        if not report.leaves:
            yield f"no verdict for the pull request {pull.number}"


def _at_start(reports: Iterable[CheckReport]) -> Iterator[str]:
    for report in reports:
        for finding in misplaced(report):
            yield f"at 1:1: {finding.code} {finding.path}: {finding.message}"


def _compare(
    source: Path,
    trees: list[tuple[LeafTree, CheckReport]],
    pulls: list[tuple[Pull, CheckReport]],
    python: str | None,
) -> None:
    rows = []
    for tree, report in trees:
        theirs = tree.peer_verdicts if python is None else _peer_on_files(tree.files, python)
        rows += [(path, *_split(_ours(report, path), passes)) for path, passes in sorted(theirs.items())]
    _print_agreement("leaves", rows)
    if python is None:
        return
    named = []
    for pull, report in pulls:
        head = _files(source / "pulls" / str(pull.number) / "head")
        theirs = _peer_on_files(head, python, [path for path in pull.paths if path in head])
        named += [
            (f"{pull.number}: {path}", *_split(_ours(report, path), passes))
            for path, passes in theirs.items()
        ]
    _print_agreement("leaves of pull requests", named)


def _split(ours: tuple[bool, tuple[str, ...]], theirs: bool) -> tuple[bool, bool, tuple[str, ...]]:
    return ours[0], theirs, ours[1]


def _peer_on_files(
    files: Mapping[str, bytes], python: str, paths: list[str] | None = None
) -> dict[str, bool]:
    """The peer reads from disk, so the files are written out under their own paths (an attribution where none is)."""
    chosen = list(files) if paths is None else paths
    with tempfile.TemporaryDirectory() as folder:
        for path, data in (files if paths is not None else _with_attributions(files)).items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(data)
        return dict(
            zip(chosen, peer_verdicts(python, [(Path(folder), path) for path in chosen]), strict=True)
        )


if __name__ == "__main__":
    sys.exit(main())
