"""Fixing: only the places of findings change, again and again changes nothing, and writing is careful."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.leaves_under_check import BESIDE, PATH, knowledge, skill
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.checking.finding import Finding, Fix, Severity
from seedbed.checking.fix import FixReport, Texts, mend, plan_fixes, write_fixes
from seedbed.checking.fix_edits import apply_fixes
from seedbed.checking.fix_upgrade import upgrade
from seedbed.checking.fix_write import replace_file
from seedbed.config import Settings
from seedbed.errors import UsageError
from seedbed.taxonomy.leaf import Span
from seedbed.taxonomy.places import Places
from seedbed.taxonomy.read_leaf import read_leaf
from seedbed.taxonomy.repository import Repository

MESSY = (
    SKILL.replace("answer: Paris", "answer: no   # a comment stays  ")
    .replace("answer: Oslo", 'answer: "Oslo"')
    .replace("answer: Tokyo", "answer: 1.0")
    .removesuffix("\n")
)


def fixed(
    folder: Path, text: str, *, unsafe: bool = False, upgrade_versions: bool = False
) -> tuple[str, FixReport]:
    """The leaf after `fix`, written to disk and read again."""
    builder = RepositoryBuilder(folder)
    builder.write(PATH, text.encode())
    builder.write(BESIDE, ATTRIBUTION)
    repository = Repository.open(folder)
    report = plan_fixes(
        repository, Settings(), base=None, paths=(PATH,), unsafe=unsafe, upgrade_versions=upgrade_versions
    )
    list(write_fixes(repository, report))
    return (folder / PATH).read_bytes().decode(), report


def test_only_the_places_of_fixes_change(tmp_path: Path) -> None:
    after, report = fixed(tmp_path, MESSY)
    assert "answer: 'no'   # a comment stays\n" in after and "answer: '1.0'\n" in after
    assert 'answer: "Oslo"' in after and after.endswith("Lima\n")
    changed = [line for line in difflib.ndiff(MESSY.split("\n"), after.split("\n")) if line[:1] == "+"]
    assert len(changed) == 3  # two answers, and the line break at the end
    (file,) = report.files
    assert dict(file.codes) == {"SB107": 2, "SB601": 1, "SB602": 1}


def test_fixing_tells_how_far_it_is(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    for name in ("one", "two", "three"):
        builder.write_leaf(f"taxonomy/compositional_skills/{name}", MESSY)
    seen: list[tuple[int, int]] = []
    plan_fixes(
        Repository.open(tmp_path),
        Settings(),
        base=None,
        paths=(),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(0, 3), (1, 3), (2, 3)] * 2  # once to find, once to mend


def test_line_ends_stay(tmp_path: Path) -> None:
    after, _ = fixed(tmp_path, MESSY.replace("\n", "\r\n"))
    assert after.count("\r\n") == after.count("\n") == MESSY.count("\n") + 1
    mixed = "\r\n".join(MESSY.split("\n", 2))
    after, _ = fixed(tmp_path / "mixed", mixed)
    assert after.count("\r\n") == 2 and after.endswith("Lima\n")


def test_unsafe_fixes_are_asked_for(tmp_path: Path) -> None:
    text = skill("answer: Oslo", "answer: null")
    after, report = fixed(tmp_path / "safe", text)
    assert after == text and not report.files and dict(report.unsafe_left) == {PATH: 1}
    after, _ = fixed(tmp_path / "unsafe", text, unsafe=True)
    assert "answer: 'null'" in after


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe" + SKILL.encode("utf-16-le"), b"version: 3\n  x: [\n", b"", b"\x00"]
)
def test_what_cannot_be_read_is_left_alone(tmp_path: Path, raw: bytes) -> None:
    RepositoryBuilder(tmp_path).commit_files({PATH: raw})
    report = plan_fixes(Repository.open(tmp_path), Settings(), base=None, paths=(), unsafe=True)
    assert report.files == () and report.leaves == 1


_LINES = st.sampled_from(
    [
        "  - question: Which one?",
        "    answer: no",
        "    answer: yes  ",
        "    answer: 12:30 # when",
        "    answer: ~",
        "    answer: |",
        "      kept   ",
        "      kept\t",
        "    Answer: x",
        "    anwser: 2024-01-31",
        "    context: \u200bhidden\u200b words",
        "    # a comment  ",
        "",
        "   ",
        "\ufeff",
        "tasks_description: x",
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(_LINES, max_size=14), ending=st.sampled_from(["\n", "\r\n"]), unsafe=st.booleans())
def test_fixing_twice_is_fixing_once_and_safe_fixes_keep_the_meaning(
    tmp_path: Path, lines: list[str], ending: str, unsafe: bool
) -> None:
    text = ending.join([*SKILL.splitlines(), *lines])
    once, _ = fixed(tmp_path, text, unsafe=unsafe)
    repository = Repository.open(tmp_path)
    again = plan_fixes(repository, Settings(), base=None, paths=(PATH,), unsafe=unsafe)
    assert again.files == ()
    before, after = (read_leaf(x.encode(), path=PATH, name="n", blob="") for x in (text, once))
    if before.data is not None:
        assert after.data is not None
        if not unsafe:
            assert _without_spaces(before.data) == _without_spaces(after.data)


def _without_spaces(data: object) -> str:
    """Values in order; a safe fix may rename a misspelt key and remove what is invisible."""
    if isinstance(data, dict) or hasattr(data, "items"):
        return ";".join(_without_spaces(value) for value in data.values())  # type: ignore[union-attr]
    if isinstance(data, list):
        return ",".join(map(_without_spaces, data))
    return str(data).replace("\u200b", "")


def _finding(text: str, start: int, end: int, new: str, *, code: str = "SB999", safe: bool = True) -> Finding:
    span = Places(text).span(start, end)
    return Finding(code, Severity.HINT, PATH, span, "x", value=f"{start}{new}", fix=Fix(span, new, safe))


@given(
    text=st.text("ab\n\r東", max_size=30),
    edits=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.text("xy\n", max_size=3)), max_size=6),
)
def test_edits_never_overlap_and_nothing_else_changes(text: str, edits: list[tuple[int, int, str]]) -> None:
    spans = [(min(at, len(text)), min(at + size, len(text)), new) for at, size, new in edits]
    after, made = apply_fixes(text, [_finding(text, *span) for span in spans])
    outside = list(text)
    ranges = [Places(text).offsets(finding.fix.span) for finding in made if finding.fix]
    for first, second in pairwise(ranges):
        assert first[1] <= second[0] and first != second
    for start, end in ranges:
        outside[start:end] = [""] * (end - start)
    rest = iter(after)
    assert all(character in rest for character in "".join(outside))  # in the same order
    if not made:
        assert after == text


def _rule(*pairs: tuple[str, str]) -> Callable[[Texts], list[Finding]]:
    """A rule that asks for each first word to become the second."""

    def judge(texts: Texts) -> list[Finding]:
        text = texts[PATH]
        return [
            _finding(text, text.index(old), text.index(old) + len(old), new, code=f"SB9{number:02}")
            for number, (old, new) in enumerate(pairs)
            if old in text
        ]

    return judge


def test_overlapping_fixes_take_turns() -> None:
    mended = mend({PATH: "a: one two\n"}, _rule(("one two", "one 2"), ("two", "2")), PATH, unsafe=False)
    assert mended.texts[PATH] == "a: one 2\n"
    mended = mend({PATH: "a: one two\n"}, _rule(("one t", "1 t"), ("two", "2")), PATH, unsafe=False)
    assert mended.texts[PATH] == "a: 1 2\n" and sum(mended.made[PATH].values()) == 2


@pytest.mark.parametrize("text", ["a: one\n", "a: two\n"])
def test_fixes_that_undo_each_other_are_not_made(text: str) -> None:
    mended = mend({PATH: text}, _rule(("one", "two"), ("two", "one")), PATH, unsafe=False)
    assert mended.texts == {PATH: text} and not mended.made


def test_a_fix_that_would_break_the_leaf_is_not_made_and_the_others_are() -> None:
    mended = mend({PATH: "a: one two\n"}, _rule(("one", "["), ("two", "2")), PATH, unsafe=False)
    assert mended.texts[PATH] == "a: one 2\n"
    assert [finding.code for finding in mended.left] == ["SB900"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("head", ["", "version: 1\n", "version: 2 # old\n", "# first\n---\n"])
def test_a_skill_is_upgraded(tmp_path: Path, head: str, ending: str) -> None:
    text = (head + SKILL.removeprefix("version: 3\n")).replace("\n", ending)
    after, _ = fixed(tmp_path, text, upgrade_versions=True)
    leaf = read_leaf(after.encode(), path=PATH, name="compositional_skills/a", blob="").leaf
    assert leaf is not None and leaf.version == 3
    assert (
        after.replace("version: 3" + ending, "", 1) == text.replace("version: 1" + ending, "", 1)
        or "# old" in after
    )
    assert fixed(tmp_path / "again", after, upgrade_versions=True)[1].files == ()


def test_what_cannot_be_carried_over_is_said(tmp_path: Path) -> None:
    few = "\n".join(SKILL.splitlines()[1:6]) + "\n"
    after, report = fixed(tmp_path / "few", few, upgrade_versions=True)
    ((path, reason),) = report.not_upgraded
    assert (after, path) == (few, PATH) and "stays version 1" in reason and "seed" in reason
    old = knowledge("patterns:\n  - a.md").split("seed_examples:")[0]
    old = old.replace("version: 3", "version: 2").replace("document_outline", "task_description")
    pairs = "".join(f"  - question: Which {n}?\n    answer: It is {n}\n" for n in range(6))
    name = "knowledge/a"
    result = upgrade(read_leaf(f"{old}seed_examples:\n{pairs}".encode(), path=PATH, name=name, blob=""))
    assert result is not None and result.text is None
    assert "6 questions without passages" in result.reasons[0] and "write 9 more" in result.reasons[0]
    assert "with --unsafe it is written so" in result.reasons[0]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "qna.yaml").write_text("mine")
    root = tmp_path / "root"
    root.mkdir()
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "qna.yaml")
    for path in ("folder/qna.yaml", "file", "../outside/qna.yaml", ".git/config"):
        with pytest.raises(UsageError):
            replace_file(root, path, before=b"mine", after=b"yours")
    assert (outside / "qna.yaml").read_text() == "mine" and len(list(outside.iterdir())) == 1


def test_a_file_that_changed_meanwhile_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "qna.yaml"
    file.write_bytes(b"newer")
    with pytest.raises(UsageError, match="meanwhile"):
        replace_file(tmp_path, "qna.yaml", before=b"older", after=b"fixed")
    assert file.read_bytes() == b"newer" and list(tmp_path.iterdir()) == [file]


def test_the_mode_stays_and_no_temporary_file_is_left(tmp_path: Path) -> None:
    file = tmp_path / "qna.yaml"
    file.write_bytes(b"a")
    file.chmod(0o755)
    replace_file(tmp_path, "qna.yaml", before=b"a", after=b"bb")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"bb", 0o755)
    assert list(tmp_path.iterdir()) == [file]


def test_a_place_counts_characters_not_bytes() -> None:
    text = "東: 東京  \n"
    span = Span(1, 6, 1, 8)
    after, _ = apply_fixes(text, [Finding("SB601", Severity.HINT, PATH, span, "x", fix=Fix(span, "", True))])
    assert after == "東: 東京\n"
