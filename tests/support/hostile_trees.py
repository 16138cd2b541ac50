"""Trees that git itself would not write, and the promise that every one of them is held to."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pygit2
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.checking.check import check
from seedbed.checking.finding import Finding, Severity
from seedbed.checking.report import CheckReport
from seedbed.checking.rules import RULES
from seedbed.config import Settings
from seedbed.taxonomy.repository import Repository

FILE, EXECUTABLE, LINK, SUBMODULE, FOLDER = 0o100644, 0o100755, 0o120000, 0o160000, 0o040000
SECONDS = 2.0
"""Of processor time, so that a busy machine changes no verdict."""
MEBIBYTES = 200
"""Of memory on top of what the process held before; a bare one holds less than 100, so that both stay below 300."""
OTHER = "taxonomy/compositional_skills/zebras/qna.yaml"
"""The leaf beside each hostile one. It has one fault of its own, SB107, that must always be told."""
GOOD_LEAF, GOOD_ATTRIBUTION = SKILL.encode(), ATTRIBUTION.encode()
OTHER_LEAF = SKILL.replace("capital of", "zebra of").replace("answer: Oslo", "answer: no").encode()

_STATUS = Path("/proc/self/status")

Entry = bytes | tuple[int, bytes] | Mapping[bytes, "Entry"] | pygit2.Oid
"""A file's bytes; a mode and bytes; a folder; or an object that is there already (a folder's)."""


def write_tree(builder: RepositoryBuilder, folder: Mapping[bytes, Entry]) -> pygit2.Oid:
    """A tree with these names, whatever they are, in git's order."""
    entries = []
    for name, entry in folder.items():
        if isinstance(entry, Mapping):
            entries.append((FOLDER, name, write_tree(builder, entry)))
        elif isinstance(entry, pygit2.Oid):
            entries.append((FOLDER, name, entry))
        else:
            mode, content = entry if isinstance(entry, tuple) else (FILE, entry)
            oid = pygit2.Oid(hex="1" * 40) if mode == SUBMODULE else builder.blob(content)
            entries.append((mode, name, oid))
    entries.sort(key=lambda item: item[1] + (b"/" if item[0] == FOLDER else b""))
    return builder.raw_tree(entries)


def leaf(
    content: bytes | tuple[int, bytes] = GOOD_LEAF,
    attribution: Entry = GOOD_ATTRIBUTION,
) -> dict[bytes, Entry]:
    """The folder of a leaf."""
    return {b"qna.yaml": content, b"attribution.txt": attribution}


def at(path: bytes, entry: Entry) -> dict[bytes, Entry]:
    """`entry` below the folders of `path`, whose names are between slashes."""
    for name in reversed(path.split(b"/")):
        entry = {name: entry}
    assert isinstance(entry, dict)
    return entry


def taxonomy(skills: Mapping[bytes, Entry]) -> dict[bytes, Entry]:
    """A repository whose skills branch holds `skills` and the other leaf."""
    return {b"taxonomy": {b"compositional_skills": {**skills, b"zebras": leaf(OTHER_LEAF)}}}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a hostile tree came to."""

    report: CheckReport
    seconds: float
    mebibytes: float  # the peak of memory above what was held before; 0 where the system does not tell
    opened: tuple[str, ...]

    @property
    def codes(self) -> list[str]:
        """The codes of all findings but the other leaf's."""
        return sorted(finding.code for finding in self.findings)

    @property
    def findings(self) -> list[Finding]:
        return [finding for finding in self.report.findings if finding.path != OTHER]


def check_tree(builder: RepositoryBuilder, root: Mapping[bytes, Entry]) -> Checked:
    """Check everything in a commit of this tree, watched."""
    commit = builder.commit_tree(write_tree(builder, root), reference=f"refs/hostile/{time.monotonic_ns()}")
    held = _forget_peak()
    with watched() as opened:
        began = time.process_time()
        report = check(Repository.open(builder.path), Settings(), base=None, head=commit)
        seconds = time.process_time() - began
    return Checked(report, seconds, _kibibytes("VmHWM") / 1024 - held, tuple(opened))


def _forget_peak() -> float:
    """Let the system's peak of this process's memory begin anew; the mebibytes that it holds now."""
    if _STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _kibibytes("VmRSS") / 1024


def _kibibytes(name: str) -> int:
    if not _STATUS.exists():
        return 0
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def assert_contained(checked: Checked, folder: Path) -> None:
    """Quick, in little memory, the other leaf told of, every finding placed and short, nothing opened outside, nothing written but the
    question index, which Seedbed keeps in a folder of its own below `.git`."""
    assert checked.seconds < SECONDS
    assert checked.mebibytes < MEBIBYTES
    others = [finding.code for finding in checked.report.findings if finding.path == OTHER]
    assert others == ["SB107"]
    for finding in checked.findings:
        assert len(finding.message) < 6_000 and len(finding.value) < 6_000
        assert finding.span.line >= 1 and finding.span.column >= 1
        assert (finding.span.line, finding.span.column) <= (finding.span.end_line, finding.span.end_column)
    cache = folder.resolve() / ".git" / "seedbed"
    outside = [
        seen
        for seen in checked.opened
        if not Path(seen).resolve().is_relative_to(folder.resolve()) and not _keeps_the_index(seen, cache)
    ]
    assert outside == []


def _keeps_the_index(seen: str, cache: Path) -> bool:
    what, _, path = seen.partition(" ")
    return what in _KEEPING and Path(path).resolve().is_relative_to(cache)


def assert_told(checked: Checked, codes: tuple[str, ...]) -> None:
    """Every one of `codes` is told, and no other error: one fault is not told by several.

    Other warnings and hints may stand beside them, since a hostile text can be untidy too.
    """
    severities = {rule.code: rule.severity for rule in RULES}
    expected = sorted(code for code in codes if severities[code] is Severity.ERROR)
    errors = sorted(f.code for f in checked.findings if f.severity is Severity.ERROR)
    words = "\n".join(f"{finding.code} {finding.message[:200]}" for finding in checked.findings)
    assert errors == expected, words
    assert set(codes) <= set(checked.codes), words


_SEEN: list[str] | None = None
_HOOKED = False
_KEEPING = ("/written", "/os.mkdir", "/os.rename", "/os.remove")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = frozenset(
    "os.mkdir os.remove os.rename os.rmdir os.link os.symlink os.truncate os.chmod os.chown shutil.rmtree "
    "shutil.copyfile shutil.move subprocess.Popen os.system os.exec os.posix_spawn socket.connect "
    "socket.getaddrinfo os.putenv".split()
)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _SEEN is None:
        return
    if event in _CHANGING:
        paths = [os.fsdecode(part) for part in arguments if isinstance(part, (str, bytes))]
        _SEEN.extend(f"/{event} {path}" for path in paths or [repr(arguments)])
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.fsdecode(arguments[0])
        flags = arguments[2] if isinstance(arguments[2], int) else 0
        if flags & _WRITING:
            _SEEN.append(f"/written {path}")
        elif not _is_of_python(path):
            _SEEN.append(path)


def _is_of_python(path: str) -> bool:
    """Modules that are imported on the way, and Seedbed's own schemas."""
    places = {*sys.path, sys.prefix, sys.base_prefix, str(Path(__file__).parents[2] / "schema")}
    return any(place and path.startswith(str(Path(place).resolve())) for place in places)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Every file that is opened meanwhile, apart from Python's own, and everything that changes or runs something."""
    global _SEEN, _HOOKED
    if not _HOOKED:  # an audit hook stays for the life of the process
        sys.addaudithook(_hook)
        _HOOKED = True
    _SEEN = []
    try:
        yield _SEEN
    finally:
        _SEEN = None
