from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.golden import assert_golden
from support.repositories import SKILL

from seedbed.taxonomy.leaf import BRANCHES, Kind, LeafFile, Span
from seedbed.taxonomy.places import Places
from seedbed.taxonomy.read_leaf import FAULT_KINDS, MAXIMUM_BYTES, read_leaf

LEAVES = Path(__file__).parents[2] / "leaves"
GOLDEN = LEAVES / "bad" / "expected.txt"
SYMBOLS = ("compositional_skills/geography/capitals", "knowledge/harbours/velm")


def read(raw: bytes | str, name: str = SYMBOLS[0]) -> LeafFile:
    data = raw.encode() if isinstance(raw, str) else raw
    return read_leaf(data, path=f"taxonomy/{name}/qna.yaml", name=name, blob="0" * 40)


def read_file(path: Path) -> LeafFile:
    raw = path.read_bytes()
    return read(raw, SYMBOLS[1] if b"\ndomain:" in raw else SYMBOLS[0])


def sliced(leaf: LeafFile, span: Span) -> str:
    start, end = Places(leaf.text).offsets(span)
    return leaf.text[start:end]


def kinds(leaf: LeafFile) -> list[str]:
    return [fault.kind for fault in leaf.faults]


@pytest.mark.parametrize("path", sorted((LEAVES / "good").glob("*.yaml")), ids=lambda path: path.stem)
def test_good_leaf_has_no_fault(path: Path) -> None:
    leaf = read_file(path)
    assert leaf.faults == ()
    assert leaf.leaf is not None
    expected = "knowledge" if path.stem.startswith("knowledge") else path.stem.split("_")[1]
    assert leaf.leaf.kind == (expected if expected in tuple(Kind) else Kind.FREEFORM)


def bad_report() -> str:
    lines = []
    for path in sorted((LEAVES / "bad").rglob("*.yaml")):
        leaf = read_file(path)
        lines.append(f"# {path.parent.name}/{path.stem}")
        for fault in leaf.faults:
            span = fault.span
            place = f"{span.line}:{span.column}-{span.end_line}:{span.end_column}"
            lines.append(f"{place} {fault.kind}: {fault.message}")
            lines.append(f"    help: {fault.help}")
            if fault.replacement is not None:
                lines.append(f"    {'safe' if fault.safe else 'unsafe'} fix: {fault.replacement!r}")
    return "\n".join(lines) + "\n"


def test_bad_leaves_say_what_the_golden_file_says() -> None:
    """Every message as its reader sees it."""
    assert_golden(GOLDEN, bad_report())


@pytest.mark.parametrize(
    "path", sorted((LEAVES / "bad").rglob("*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_bad_leaf_has_the_fault_that_its_folder_names_and_a_place_for_it(path: Path) -> None:
    leaf = read_file(path)
    assert path.parent.name in kinds(leaf)
    assert set(kinds(leaf)) <= set(FAULT_KINDS)
    first_line_is_right = {
        "encoding",
        "empty",
        "not_a_mapping",
        "version",
        "missing_key",
        "directive",
        "syntax",
        "alias",
    }
    for fault in leaf.faults:
        if (fault.span.line, fault.span.column) == (1, 1):
            assert path.parent.name in first_line_is_right


@pytest.mark.parametrize(
    "path", sorted((LEAVES / "bad").rglob("*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_safe_fix_removes_the_fault(path: Path) -> None:
    leaf = read_file(path)
    for fault in leaf.faults:
        if fault.safe:
            assert fault.replacement is not None
            start, end = Places(leaf.text).offsets(fault.span)
            mended = read(leaf.text[:start] + fault.replacement + leaf.text[end:], leaf.name)
            assert len(mended.faults) == len(leaf.faults) - 1


def test_leaf_holds_what_the_file_says() -> None:
    leaf = read_file(LEAVES / "good" / "knowledge_remote_documents.yaml").leaf
    assert leaf is not None and leaf.document is not None
    assert leaf.branch == "knowledge"
    assert leaf.document.repo == "https://github.com/example/velm"
    assert leaf.document.patterns == ("rules.md",)
    assert leaf.task_description == leaf.document_outline == "The rules of Velm harbour."
    assert [len(seed.questions_and_answers) for seed in leaf.seed_examples] == [3] * 5
    assert leaf.seed_examples[0].context == "Rule 1. Boats under oars keep to the east side.\n"
    assert leaf.seed_examples[0].questions_and_answers[2].answer == "To the east side.\n"


def test_old_leaf_is_read_as_it_is() -> None:
    leaf = read_file(LEAVES / "good" / "skill_v1.yaml").leaf
    assert leaf is not None
    assert (leaf.version, leaf.task_description) == (1, "")
    assert leaf.seed_examples[0].questions_and_answers[0].answer == "A carpunter.\n"


@pytest.mark.parametrize("branch", BRANCHES[1:])
def test_both_skill_branches_take_the_same_shape(branch: str) -> None:
    leaf = read(SKILL, f"{branch}/geography/capitals").leaf
    assert leaf is not None and leaf.branch == branch


def test_skill_under_knowledge_is_one_fault() -> None:
    assert kinds(read(SKILL, "knowledge/geography/capitals")) == ["wrong_branch"]


def test_knowledge_under_skills_is_one_fault() -> None:
    raw = (LEAVES / "good" / "knowledge_own_documents.yaml").read_bytes()
    assert kinds(read(raw, "compositional_skills/velm")) == ["wrong_branch"]


def test_leaf_outside_the_branches_is_judged_by_its_shape() -> None:
    assert read(SKILL, "poems/haiku").faults == ()
    assert read((LEAVES / "good" / "knowledge_own_documents.yaml").read_bytes(), "harbours/velm").faults == ()


def test_carriage_returns_change_no_text() -> None:
    plain, windows = read(SKILL), read(SKILL.replace("\n", "\r\n"))
    assert plain.leaf == windows.leaf
    assert plain.data == windows.data
    assert plain.value_spans == windows.value_spans


WORDS = (
    "no No NO yes on off true False y n null ~ 1 017 0o17 0x1F 1_000 1.0 1e3 .5 .inf -.INF .nan 2024-01-31 12:30 1:2:3 "
    "= 2001-12-14t21:59:43.10-05:00 Paris 1.2.3 v1 +1 10% 24/7 no-one nothing 3rd"
)


@pytest.mark.parametrize("word", WORDS.split())
def test_scalars_stay_text_whatever_they_look_like(word: str) -> None:
    leaf = read(SKILL.replace("Paris", word))
    assert leaf.data is not None
    assert leaf.data["seed_examples"][0]["answer"] == word  # type: ignore[index]
    quoted = read(SKILL.replace("Paris", f"'{word}'"))
    assert quoted.faults == ()


@pytest.mark.filterwarnings("ignore")  # ruamel's own remarks on 1.1 floats
def test_unquoted_word_is_reported_just_where_a_yaml_1_1_reader_changes_it() -> None:
    """Differential: a word is a fault exactly when the ordinary reader in 1.1 or 1.2 mode gives something else."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import ConstructorError

    for word in WORDS.split():
        changed = False
        for version in ((1, 1), (1, 2)):
            reader = YAML(typ="safe", pure=True)
            reader.version = version
            try:
                changed = changed or reader.load(f"a: {word}\n")["a"] != word
            except ConstructorError:  # `=` alone is a tag that no constructor knows
                changed = True
        assert ("plain_value" in kinds(read(SKILL.replace("Paris", word)))) == changed, word


def test_unquoted_number_leaves_a_leaf_and_null_does_not() -> None:
    assert read(SKILL.replace("Paris", "42")).leaf is not None
    assert read(SKILL.replace("Paris", "null")).leaf is None


def test_size_is_judged_before_anything_else() -> None:
    filling = "#" + "x" * 126 + "\n"
    padded = SKILL.encode() + filling.encode() * ((MAXIMUM_BYTES - len(SKILL)) // 128)
    padded += b"#" * (MAXIMUM_BYTES - len(padded))
    assert len(padded) == MAXIMUM_BYTES
    assert read(padded).leaf is not None
    too_large = read(padded + b"x")
    assert kinds(too_large) == ["size"]
    assert too_large.text == ""


HOSTILE = {
    "alias bomb of 40 levels": "a0: &a0 [x, x]\n"
    + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 41)),
    "alias of itself": "a: &a [*a]\n",
    "alias as key": "*a : b\n",
    "500 levels of brackets": "[" * 500 + "]" * 500,
    "100,000 levels of brackets": "[" * 100_000,
    "100,000 levels of braces": "{" * 100_000,
    "100,000 levels of braces with keys": "{a: " * 50_000,
    "100,000 levels of dashes": "- " * 100_000,
    "100,000 levels of question marks": "? " * 100_000,
    "120,000 items": "a: [" + "x," * 120_000 + "]",
    "60,000 keys": "".join(f"k{i}:\n" for i in range(30_000)),
    "one long scalar": "a: " + "x" * 250_000,
    "one long quoted scalar": 'a: "' + "\\x41" * 60_000 + '"',
    "250,000 quotes": "'" * 250_000,
    "250,000 ampersands": "&" * 250_000,
    "250,000 exclamation marks": "!" * 250_000,
    "250,000 percent signs": "%" * 250_000,
    "250,000 line breaks": "a: |\n" + "\n" * 250_000,
    "250,000 colons": ":" * 250_000,
    "125,000 keys of one": "a: " * 80_000,
    "5,000 digits": "version: " + "9" * 5_000,
    "60,000 keys without a space": "a:b\n" * 60_000 + "c: d: e",
    "100,000 line breaks inside a text": "a: |\n  x\n" + "\n" * 100_000 + "  y\nb: c: d\n",
    "a value of spaces": "a: b" + " " * 200_000 + "c: d\n",
    "tabs": "a: b\n" + "\t" * 100_000 + "c: d\n",
    "60,000 lines after a block": "a: |\n  x\n" + " y\n" * 60_000 + "b: c: d\n",
    "30,000 anchors": "".join(f"a{i}: &a\n" for i in range(19_000)),
    "unfinished block": "a:\n" + "".join(" " * (i + 1) + "b:\n" for i in range(600)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused_quickly(name: str) -> None:
    begin = time.process_time()
    leaf = read(HOSTILE[name])
    seconds = time.process_time() - begin
    assert leaf.leaf is None
    assert 1 <= len(leaf.faults) <= 60
    assert all(len(fault.message) < 400 and len(fault.value) <= 80 for fault in leaf.faults)
    assert seconds < 2


def test_no_alias_is_ever_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = read(HOSTILE["alias bomb of 40 levels"])
    assert leaf.data is None
    assert set(kinds(leaf)) <= {"alias", "anchor"}


def test_tags_construct_nothing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for tag in (
        "!!python/object/apply:os.system",
        "!!python/name:os.system",
        "!!set",
        "!!omap",
        "!!str",
        "!x",
        "!",
    ):
        assert "tag" in kinds(read(SKILL.replace("Paris", f"{tag} ['touch {canary}']")))
    assert not canary.exists()


@pytest.mark.parametrize(
    "code", [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xFFFE, 0x1FFFF]
)
def test_control_characters_are_refused_raw_and_escaped(code: int) -> None:
    assert kinds(read(SKILL.replace("Paris", f"Pa{chr(code)}ris"))) == ["control_character"]
    if code <= 0xFFFF:
        assert "control_character" in kinds(read(SKILL.replace("Paris", f'"Pa\\u{code:04x}ris"')))


def test_faults_of_one_file_are_few() -> None:
    many = SKILL + "".join(f"k{i}: &a{i} x\n" for i in range(200))
    assert len(read(many).faults) <= 60


@given(st.binary(max_size=400))
def test_any_bytes_give_an_answer(raw: bytes) -> None:
    leaf = read(raw)
    assert (leaf.leaf is None) == any(
        not (fault.kind == "plain_value" and fault.safe) for fault in leaf.faults
    )


YAML_PIECES = st.sampled_from(
    ["seed_examples", "question", "answer", "context", "version", ":", ": ", "- ", "\n", "\n  ", "\n    ", " ", "|", ">", "'",
     '"', "[", "]", "{", "}", ",", "#", "&a", "*a", "!t", "---", "...", "%", "?", "\t", "\r\n", "é", "🗼", "no", "3", "\\", "<<"]
)  # fmt: skip


@given(st.lists(YAML_PIECES, max_size=60).map("".join), st.sampled_from(SYMBOLS))
@example('"\\', SYMBOLS[0])
@example("'", SYMBOLS[0])
def test_anything_like_yaml_gives_faults_inside_the_text(text: str, name: str) -> None:
    leaf = read(text, name)
    lines = text.split("\n")
    for span in [
        *leaf.key_spans.values(),
        *leaf.value_spans.values(),
        *(fault.span for fault in leaf.faults),
    ]:
        assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
        assert span.end_line <= len(lines)
        assert span.end_column <= len(lines[span.end_line - 1]) + 1


@given(st.integers(0, len(SKILL)), YAML_PIECES)
def test_a_leaf_with_one_piece_too_many_is_read_or_refused(at: int, piece: str) -> None:
    leaf = read(SKILL[:at] + piece + SKILL[at:])
    assert leaf.leaf is not None or leaf.faults


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), min_size=1, max_size=60
)


@given(
    st.lists(st.tuples(TEXTS, TEXTS), min_size=5, max_size=7), st.sampled_from(["single", "double", "block"])
)
def test_spans_slice_the_text_they_claim_and_values_come_back(
    pairs: list[tuple[str, str]], style: str
) -> None:
    def written(text: str) -> str:
        if style == "single":
            return "'" + text.replace("'", "''") + "'"
        if style == "double":
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return "|2-\n      " + text

    seeds = "".join(f"  - question: {written(q)}\n    answer: {written(a)}\n" for q, a in pairs)
    leaf = read(f"version: 3\ncreated_by: robin\ntask_description: t\nseed_examples:\n{seeds}")
    if leaf.leaf is None:  # a byte order mark inside, or a text that is only blanks in a block
        assert leaf.faults
        return
    for index, (question, answer) in enumerate(pairs):
        pair = leaf.leaf.seed_examples[index].questions_and_answers[0]
        assert (pair.question, pair.answer) == (question, answer)
        for key, text in (("question", question), ("answer", answer)):
            path = ("seed_examples", index, key)
            assert sliced(leaf, leaf.key_spans[path]) == key
            assert sliced(leaf, leaf.value_spans[path]).strip() == written(text).strip()


def test_spans_of_containers_reach_from_first_to_last_character() -> None:
    leaf = read(SKILL)
    assert sliced(leaf, leaf.span(())) == SKILL.rstrip("\n")
    third = sliced(leaf, leaf.span(("seed_examples", 2)))
    assert third == "question: What is the capital of Japan?\n    answer: Tokyo"
    assert sliced(leaf, leaf.key_span(("seed_examples", 4, "answer"))) == "answer"


def test_ordinary_leaf_takes_a_few_milliseconds() -> None:
    block = "".join(f"  - question: Question {i}?\n    answer: |\n      {'words ' * 40}\n" for i in range(10))
    raw = f"version: 3\ncreated_by: robin\ntask_description: t\nseed_examples:\n{block}"
    read(raw)
    begin = time.perf_counter()
    for _ in range(5):
        read(raw)
    assert (time.perf_counter() - begin) / 5 < 0.05  # about 2 ms on an idle core


def test_messages_echo_little_of_the_input() -> None:
    leaf = read(SKILL.replace("created_by", "x" * 100_000))
    assert leaf.faults
    for fault in leaf.faults:
        assert len(fault.message) < 300
        assert len(fault.value) <= 80
        assert not re.search(r"[\x00-\x1f]", fault.message)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("an}wer: no", ["plain_value", "missing_key"]),
        ("answer: a\n    colour: no", ["unknown_key"]),
        ("answer: a\n    colour:", ["unknown_key"]),
        ("answer: a\n    <<: x", ["key_type"]),
    ],
)
def test_an_unquoted_value_does_not_hide_what_is_wrong_with_its_key(line: str, expected: list[str]) -> None:
    leaf = read(SKILL.replace("answer: Paris", line))
    assert leaf.leaf is None
    assert sorted(kinds(leaf)) == sorted(expected)


@pytest.mark.parametrize("value", ["no", "42", "2024-01-31"])
def test_an_unquoted_value_in_the_place_of_a_list_is_one_fault(value: str) -> None:
    leaf = read(f"version: 3\ncreated_by: robin\ntask_description: t\nseed_examples: {value}\n")
    assert leaf.leaf is None
    assert kinds(leaf) == ["wrong_type"]


SKILL_WORDS = re.findall(r"[\w ?]+|\W", SKILL)
ODD_WORDS = st.sampled_from(
    ["no", "null", "", "3", "answer", "seed_examples", "version", "[]", "{}", "[a]", "<<", '"\\r"', "~"]
)


@given(st.dictionaries(st.integers(0, len(SKILL_WORDS) - 1), ODD_WORDS, min_size=1, max_size=4))
def test_a_leaf_with_a_few_words_replaced_is_read_or_refused(replaced: dict[int, str]) -> None:
    leaf = read("".join(replaced.get(at, word) for at, word in enumerate(SKILL_WORDS)))
    assert leaf.leaf is not None or leaf.faults
