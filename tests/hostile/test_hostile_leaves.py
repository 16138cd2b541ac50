"""Files that were written to break their reader: each is one finding with its code, and the other leaves are checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hostile_trees import assert_contained, assert_told, check_tree, leaf, taxonomy
from support.repositories import SKILL, RepositoryBuilder

SIZE = 256 * 1024


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> RepositoryBuilder:
    return RepositoryBuilder(tmp_path_factory.mktemp("hostile"))


def with_answer(answer: str) -> bytes:
    """The good leaf with another YAML value where an answer stands."""
    return SKILL.replace("answer: Paris", f"answer: {answer}", 1).encode()


def bomb(levels: int) -> bytes:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


def filled(size: int) -> bytes:
    """A leaf of exactly `size` bytes: a comment fills it up."""
    return SKILL.encode() + b"# " + b"x" * (size - len(SKILL) - 3) + b"\n"


def cases() -> Iterator[tuple[str, bytes, tuple[str, ...]]]:
    """Name, bytes and the codes that must be told. Rows Y1 to Y16 of the threat model."""
    for levels in (4, 8, 20, 40):
        yield f"alias bomb of {levels} levels", bomb(levels), ("SB104",)  # the name says it for all its uses
    yield "alias of itself", b"a: &a [*a]\n", ("SB104",)
    yield "anchor alone", with_answer("&here Paris"), ("SB104",)
    for depth in (13, 500, 5_000, 100_000):
        yield f"flow lists {depth} deep", b"a: " + b"[" * depth + b"]" * depth + b"\n", ("SB103",)
    for depth in (13, 500, 5_000, 40_000):
        yield f"flow maps {depth} deep", b"a: " + b"{a: " * depth + b"}" * depth + b"\n", ("SB103",)
    for depth in (13, 500, 700):
        text = "".join(f"{' ' * level}a:\n" for level in range(depth))
        yield f"block maps {depth} deep", text[:SIZE].encode(), ("SB103",)
    yield "dashes in one line", b"a:\n " + b"- " * 5_000 + b"x\n", ("SB103",)
    yield "question marks in one line", b"? " * 5_000 + b"x\n", ("SB106",)
    yield "brackets never closed", b"[" * 100_000, ("SB103",)
    yield "braces never closed", b"{" * 100_000, ("SB106",)
    yield "at the cap", filled(SIZE), ()
    yield "below the cap", filled(SIZE - 1), ()
    yield "above the cap", filled(SIZE + 1), ("SB103",)
    yield "30 megabytes", b"a: " + b"x" * 30_000_000, ("SB103",)
    yield "many keys", b"".join(b"k%d: v\n" % n for n in range(21_000)), ("SB103",)
    yield "many seeds", b"seed_examples:\n" + b"- {}\n" * 20_001, ("SB103",)
    yield "one key twice", SKILL.encode() + b"version: 3\n", ("SB105",)
    yield "one key three times", SKILL.encode() + b"version: 3\nversion: 3\n", ("SB105", "SB105")
    yield (
        "a key composed and decomposed",
        SKILL.encode() + "caf\u00e9: x\ncafe\u0301: z\n".encode(),
        ("SB105", "SB112"),
    )
    for code in (
        0x00,
        0x01,
        0x07,
        0x08,
        0x0B,
        0x0C,
        0x0E,
        0x1B,
        0x1F,
        0x7F,
        0x80,
        0x85,
        0x9B,
        0xFFFE,
        0x2028,
    ):
        raw = SKILL.replace("Paris", f"Pa{chr(code)}ris", 1).encode()
        yield f"U+{code:04X} as it is", raw, ("SB102",)
    for code in (0xD800, 0xDBFF, 0xDFFF):
        yield f"U+{code:04X} escaped", with_answer(f'"Pa\\u{code:04x}ris"'), ("SB101",)
    for code in (0x00, 0x01, 0x07, 0x1B, 0x7F, 0x85, 0x9B, 0xFFFE):
        yield f"U+{code:04X} escaped", with_answer(f'"Pa\\u{code:04x}ris"'), ("SB102",)
    yield "escape sequence as a YAML escape", with_answer('"\\e[2J"'), ("SB102",)
    yield "overlong slash", SKILL.encode().replace(b"Paris", b"Pa\xc0\xafris"), ("SB102",)
    yield "half a sequence", SKILL.encode().replace(b"Paris", b"Pa\xe2\x82"), ("SB102",)
    yield "raw half surrogate", SKILL.encode().replace(b"Paris", b"Pa\xed\xa0\x80"), ("SB102",)
    yield "beyond Unicode", SKILL.encode().replace(b"Paris", b"Pa\xf4\x90\x80\x80"), ("SB102",)
    yield "Latin-1", SKILL.replace("Paris", "Orl\u00e9ans").encode("latin-1"), ("SB102",)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "utf-8-sig"):
        raw = SKILL.replace("Paris", "Paris\u00e9").encode(encoding)
        yield f"encoded as {encoding}", raw, () if encoding == "utf-7" else ("SB102",)
    yield "tab for indent", SKILL.encode().replace(b"    answer: Paris", b"\tanswer: Paris"), ("SB101",)
    yield "carriage returns", SKILL.replace("\n", "\r\n").encode(), ()
    yield "no final newline", SKILL.rstrip("\n").encode(), ("SB602",)
    for tag in (
        "!!python/object/apply:os.system [touch canary]",
        "!!python/name:os.system",
        "!!python/object/new:subprocess.Popen [[id]]",
        "!!binary aGVsbG8=",
        "!!set [a, b]",
        "!!str Paris",
        "!!int three",
        "!!omap [a: b]",
        "!x Paris",
        "!<tag:example.org,2000:x> Paris",
        "!!timestamp then",
        "! Paris",
    ):
        yield f"tag {tag.split(' ')[0]}", with_answer(tag), ("SB104",)
    yield "merge key with an alias", b"a: &a {b: c}\nd:\n  <<: *a\n", ("SB104",)
    yield "merge key without an alias", SKILL.encode() + b"more:\n  <<: {a: b}\n", ("SB106", "SB112")
    yield "merge key among the leaf's", SKILL.encode() + b"<<: {a: b}\n", ("SB106",)
    for directive in ("%YAML 1.1", "%YAML 1.2", "%TAG ! tag:x,2000:", "%FOO bar"):
        yield (
            f"directive {directive.split(' ')[0]} {directive[-1]}",
            f"{directive}\n---\n{SKILL}".encode(),
            ("SB104",),
        )
    for value in (
        "no", "yes", "on", "off", "true", "null", "~", "12", "1_000", "017", "0x1f", "1e3", ".inf", ".nan",
        "2024-01-31", "12:30:45", "1.10", "-0", "0o17", "0b11",
    ):  # fmt: skip
        yield f"plain {value}", with_answer(value), ("SB107",)
    yield "empty plain value", with_answer("").replace(b"answer: \n", b"answer:\n"), ("SB114",)
    for key in ("1", "true", "null", "~", "[a, b]", "{a: b}", "2024-01-31", '""'):
        yield f"key {key}", SKILL.encode() + f"? {key}\n: x\n".encode(), ("SB106",)
    yield "two documents", SKILL.encode() + b"---\n" + SKILL.encode(), ("SB104",)
    yield "a second, empty document", SKILL.encode() + b"---\n", ("SB104",)
    yield "document end", SKILL.encode() + b"...\n", ()
    for name, raw in (
        ("nothing", b""),
        ("a line break", b"\n"),
        ("a remark", b"# only this\n"),
        ("a list", b"[]\n"),
        ("a word", b"null\n"),
        ("a number", b"42\n"),
        ("spaces", b"    \n"),
        ("document marks", b"---\n...\n"),
    ):
        yield f"holds {name}", raw, ("SB108",)
    for version in ("3.0", "true", "1" + "0" * 30, "-3", "0", "99", '["3"]', "1e1000", "9" * 5_000, ".nan"):
        raw = SKILL.replace("version: 3", f"version: {version}").encode()
        yield f"version {version[:12]}", raw, ("SB117",)
    yield "version as text", SKILL.replace("version: 3", 'version: "3"').encode(), ("SB113",)
    for sign in ("\u202e", "\u2066", "\u200b", "\u2060", "\u202a", "\u2069"):
        yield f"U+{ord(sign):04X} in a text", with_answer(f"Pa{sign}ris"), ("SB309",)
    for token in ("<|im_start|>system", "<|endoftext|>", "<|assistant|>", "[INST]", "</s>", "<<SYS>>"):
        yield f"token {token}", with_answer(f'"{token} Paris"'), ("SB308",)
    yield "200 kilobytes in a wrong value", SKILL.encode() + b"extra: " + b"z" * 200_000 + b"\n", ("SB112",)
    yield "200 kilobytes of key", SKILL.encode() + b"z" * 200_000 + b": x\n", ("SB101",)
    yield "a key that is a command", SKILL.encode() + b'"x\\n::error::y": z\n', ("SB112",)
    yield "words without end", with_answer("word " * 10_000 + "end"), ("SB307",)
    yield "brackets in words", with_answer('"' + "(a+)+" * 10_000 + '!"'), ()
    yield (
        "a pointer of git-lfs",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
        ("SB108",),
    )
    yield "an archive", b"PK\x03\x04" + bytes(range(256)), ("SB102",)
    yield "noise", bytes((n * 7919 + 13) % 256 for n in range(4_000)), ("SB102",)


CASES = list(cases())


@pytest.mark.parametrize(("raw", "codes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_hostile_file(builder: RepositoryBuilder, raw: bytes, codes: tuple[str, ...]) -> None:
    checked = check_tree(builder, taxonomy({b"victim": leaf(raw)}))
    assert_contained(checked, builder.path)
    assert_told(checked, codes)


def test_a_line_break_of_another_system_is_no_other_leaf(builder: RepositoryBuilder) -> None:
    """Y7: the same content has the same fingerprints, whichever editor saved it."""
    bad = with_answer("no").decode()
    plain = check_tree(builder, taxonomy({b"victim": leaf(bad.encode())}))
    other = check_tree(builder, taxonomy({b"victim": leaf(bad.replace("\n", "\r\n").encode())}))
    assert [f.fingerprint for f in plain.findings] == [f.fingerprint for f in other.findings] != []


def test_no_tag_ever_ran(builder: RepositoryBuilder) -> None:
    assert not (builder.path / "canary").exists() and not Path("canary").exists()
