"""Every naughty string in every place that a report shows, in every form. Rows W1 and W2 of the threat model."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.hostile_trees import Checked, Entry, assert_contained, check_tree, leaf, taxonomy
from support.naughty_strings import NAUGHTY
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder
from support.sample_reports import everything
from support.shown_safely import assert_shown_safely

from seedbed.checking.finding import Finding, Fix, Related, Severity, Status
from seedbed.checking.report import CheckedLeaf, CheckReport
from seedbed.checking.verdict import Verdict
from seedbed.reports.findings import REPORTS
from seedbed.taxonomy.leaf import Span

FORMS = sorted(REPORTS)


def full_of(text: str) -> CheckReport:
    """A report in which every text that a stranger can have written is `text`."""
    columns = max(1, len(text.split("\n")[0]))
    here, there = Span(1, 1, 1, columns + 1), Span(1, 1, 2, 1)
    finding = Finding(
        "SB107",
        Severity.ERROR,
        text,
        here,
        text,
        (text, 1),
        text,
        text,
        Fix(here, text, True),
        (Related(text, there, text), Related(f"{text}/other", there, text)),
    )
    old = replace(finding, severity=Severity.WARNING, status=Status.ALREADY_THERE, value=f"{text} old")
    hint = replace(finding, severity=Severity.HINT, fix=None, value=f"{text} hint")
    healed = replace(finding, status=Status.HEALED)
    checked = CheckedLeaf(text, text, "a" * 40, "renamed", Verdict.FAIL, text)
    sources = {text: text, f"{text}/other": f"\n{text}"}
    findings = (finding, old, hint, healed)
    return CheckReport(f"merge base with {text}", "1" * 40, "2" * 40, findings, (checked,), sources)


@pytest.mark.parametrize("form", FORMS)
def test_no_string_gets_out_of_its_place(form: str) -> None:
    assert len(NAUGHTY) >= 150
    for text in NAUGHTY:
        assert_shown_safely(form, REPORTS[form](full_of(text)))


@pytest.mark.parametrize("form", FORMS)
def test_all_strings_together(form: str) -> None:
    report = everything()
    findings = tuple(finding for text in NAUGHTY for finding in full_of(text).findings)
    sources = {path: source for text in NAUGHTY for path, source in full_of(text).sources.items()}
    assert_shown_safely(form, REPORTS[form](replace(report, findings=findings, sources=sources)))


def test_data_keeps_every_string() -> None:
    """What programs read says exactly what was there, escaped or not."""
    for text in NAUGHTY:
        (first, *_) = json.loads(REPORTS["json"](full_of(text)))["findings"]
        assert first["message"] == first["path"] == first["help"] == first["fix"]["text"] == text
        lines = REPORTS["jsonl"](full_of(text)).split("\n")
        assert json.loads(lines[2])["message"] == text
        run = json.loads(REPORTS["sarif"](full_of(text)))["runs"][0]
        assert run["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0].get(
            "insertedContent", {"text": ""}
        ) == {"text": text}


def skill(number: int) -> str:
    """A good leaf that asks what no other does, so that only what is naughty is told."""

    def question(match: re.Match[str]) -> str:
        digest = hashlib.sha256(f"{number} {match[1]}".encode()).hexdigest()
        return f"question: What is {' '.join(digest[at : at + 6] for at in range(0, 48, 6))}?"

    return re.sub("question: (.*)", question, SKILL)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)


def in_texts(text: str, number: int) -> dict[bytes, Entry]:
    seeds = skill(number).replace("Paris", quoted(text))
    seeds = re.sub("question: .*", lambda _: f"question: {quoted(text)}", seeds, count=1)
    seeds = seeds.replace("robin", quoted(text)).replace("Name the capital of a country.", quoted(text))
    return leaf(
        seeds.replace("    answer: Tokyo", f"    answer: Tokyo\n    context: {quoted(text)}").encode()
    )


def in_a_key(text: str, number: int) -> dict[bytes, Entry]:
    return leaf(f"{skill(number)}{quoted(text)}: x\n".encode())


def as_it_is(text: str, number: int) -> dict[bytes, Entry]:
    return leaf(skill(number).replace("Paris", text).encode("utf-8", "surrogatepass"))


def in_the_attribution(text: str, number: int) -> dict[bytes, Entry]:
    changed = ATTRIBUTION.replace("CC0-1.0", text).replace("Robin Test", text)
    return leaf(skill(number).encode(), changed.encode("utf-8", "surrogatepass"))


def in_a_file_name(text: str, number: int) -> dict[bytes, Entry]:
    return {
        **leaf(skill(number).encode()),
        _name(text) + b".yaml": skill(number + 5_000).encode(),
        _name(text) + b".txt": b"x",
    }


def _name(text: str) -> bytes:
    """`text` as git can hold it: no NUL, no slash, something."""
    raw = text.encode("utf-8", "surrogatepass").replace(b"\0", b"0").replace(b"/", b"|")
    return raw[:4_000] or b"empty"


SLOTS: dict[str, Callable[[str, int], dict[bytes, Entry]]] = {
    "texts": in_texts,
    "key": in_a_key,
    "raw": as_it_is,
    "attribution": in_the_attribution,
    "file name": in_a_file_name,
}


def assert_all_forms(checked: Checked) -> None:
    for form in FORMS:
        assert_shown_safely(form, REPORTS[form](checked.report))


@pytest.mark.parametrize("slot", SLOTS)
def test_a_taxonomy_full_of_them(tmp_path_factory: pytest.TempPathFactory, slot: str) -> None:
    """From git to the report: one leaf for each string."""
    builder = RepositoryBuilder(tmp_path_factory.mktemp("naughty"))
    skills: dict[bytes, Entry] = {
        b"l%03d" % number: SLOTS[slot](text, number) for number, text in enumerate(NAUGHTY)
    }
    checked = check_tree(builder, taxonomy(skills))
    assert len(checked.report.leaves) >= len(NAUGHTY) + 1
    assert_contained(replace(checked, seconds=checked.seconds / len(NAUGHTY)), builder.path)
    assert_all_forms(checked)


def test_folders_named_by_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    builder = RepositoryBuilder(tmp_path_factory.mktemp("naughty"))
    skills: dict[bytes, Entry] = {
        _name(text): leaf(skill(number).encode()) for number, text in enumerate(NAUGHTY)
    }
    checked = check_tree(builder, taxonomy(skills))
    assert_contained(replace(checked, seconds=checked.seconds / len(NAUGHTY)), builder.path)
    assert_all_forms(checked)
