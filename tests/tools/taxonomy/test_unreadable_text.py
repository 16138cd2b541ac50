"""Bytes that are no text, text in other encodings, and escapes that stand for nothing: each is called what it is."""

from __future__ import annotations

import pytest
from support.repositories import SKILL

from seedbed.taxonomy.escape_faults import escape_trouble
from seedbed.taxonomy.leaf import Fault, Span
from seedbed.taxonomy.read_leaf import read_leaf

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0"
ZIP = b"PK\x03\x04\x14\0\0\0\x08\0qna.yaml"


def only_fault(raw: bytes) -> tuple[Fault, str]:
    leaf = read_leaf(raw, path="taxonomy/knowledge/x/qna.yaml", name="knowledge/x", blob="0" * 40)
    (fault,) = leaf.faults
    return fault, leaf.text


@pytest.mark.parametrize("raw", [PNG, ZIP, bytes(range(256)) * 4, b"\x7fELF\x02\x01\x01" + bytes(9)])
def test_what_is_no_text_is_called_so_and_no_line_of_it_is_shown(raw: bytes) -> None:
    fault, text = only_fault(raw)
    assert (fault.kind, text) == ("encoding", "")
    assert fault.message.startswith("this is not a text file")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_named(encoding: str) -> None:
    fault, text = only_fault(SKILL.replace("Paris", "Rouen").encode(encoding))
    assert fault.message == f"the file is in {encoding[:6].upper()}, not UTF-8"
    assert text == ""


def test_a_slip_within_a_text_is_shown_at_its_place() -> None:
    fault, text = only_fault(SKILL.replace("Paris", "Pa\0ris").encode())
    assert (fault.kind, fault.value, fault.span) == ("control_character", "U+0000", Span(6, 15, 6, 16))
    assert "Pa\0ris" in text
    fault, _ = only_fault(SKILL.replace("Paris", "Besançon").encode("cp1252"))
    assert "Windows-1252" in fault.message


@pytest.mark.parametrize(
    ("written", "said", "mended"),
    [
        (r"\ud800", "a lone surrogate", None),
        (r"\udc00", "a lone surrogate", None),
        (r"\ud83dA", "a lone surrogate", None),
        (r"\ud83d\ude00", "a surrogate pair", r"\U0001F600"),
        (r"\U00110000", "no character: the last one is U+10FFFF", None),
        (r"\u12", "takes 4 hexadecimal digits", None),
        (r"\xZ", "takes 2 hexadecimal digits", None),
        (r"\d", "is not an escape that YAML knows", None),
    ],
)
def test_an_escape_is_named_whole(written: str, said: str, mended: str | None) -> None:
    fault, _ = only_fault(SKILL.replace("answer: Paris", f'answer: "so {written}"').encode())
    assert fault.kind == "syntax"
    assert said in fault.message
    assert fault.replacement == mended
    assert (fault.span.line, fault.span.column) == (6, len('    answer: "so ') + 1)


def test_the_mended_pair_is_the_character_that_was_meant() -> None:
    fault, _ = only_fault(SKILL.replace("Paris", r'"\ud83d\ude00"').encode())
    mended = SKILL.replace("Paris", f'"{fault.replacement}"').encode()
    leaf = read_leaf(mended, path="x/qna.yaml", name="compositional_skills/x", blob="0" * 40)
    assert leaf.leaf is not None
    assert leaf.leaf.seed_examples[0].questions_and_answers[0].answer == "\U0001f600"


def test_an_escape_at_the_end_of_the_text() -> None:
    assert escape_trouble('"\\', 1).end == 2
