"""Knowledge leaves of version 1 and 2 as drafts of version 3: all that they say is kept, what they lack is a placeholder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.leaves_under_check import KNOWLEDGE_PATH, check_files
from support.repositories import ATTRIBUTION

from seedbed.checking.fix_draft import missing
from seedbed.checking.fix_upgrade import upgrade
from seedbed.taxonomy.leaf import Leaf, LeafFile, QuestionAnswer
from seedbed.taxonomy.read_leaf import read_leaf

NAME = "knowledge/harbours/velm"
HEAD = "version: 2\ncreated_by: robin\ndomain: harbours\ntask_description: Berths of Velm  # in short\n"
DOCUMENT = "document:\n  repo: https://example.org/velm.git\n  commit: {}\n  patterns: ['*.md']\n".format(
    "a" * 40
)


def seeds(count: int, form: str) -> str:
    return "".join(form.format(number) for number in range(count))


FORMS = {
    "indented": "  - question: Which {0}?\n    answer: It is {0}\n",
    "not indented": "- question: Which {0}?\n  answer: It is {0}\n",
    "answer first": "  - answer: It is {0}\n    question: Which {0}?\n",
    "texts of several lines": "  - question: |\n      Which\n        {0}?\n\n    answer: >-\n      It is\n      {0}\n\n",
    "a text that says its indentation": "- question: |2\n     Which {0}?\n  answer: It is {0}\n",
    "lines of a plain text": "  -   question: Which\n        {0}?\n      answer:\n        It is\n        {0}\n",
    "comments": "  # the next\n  - question: Which {0}?  # why\n    # so\n    answer: It is {0}\n",
}


def read(text: str) -> LeafFile:
    return read_leaf(text.encode(), path=KNOWLEDGE_PATH, name=NAME, blob="")


def pairs(leaf: Leaf) -> list[QuestionAnswer]:
    return [pair for seed in leaf.seed_examples for pair in seed.questions_and_answers]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("document_last", [True, False])
def test_everything_is_kept_in_its_order(form: str, ending: str, document_last: bool) -> None:
    listed = f"seed_examples:\n{seeds(7, form)}"
    text = f"{HEAD}{listed}\n# where it stands\n{DOCUMENT}" if document_last else f"{HEAD}{DOCUMENT}{listed}"
    old = read(text.replace("\n", ending)).leaf
    assert old is not None
    result = upgrade(read(text.replace("\n", ending)), drafts=True)
    assert result is not None and result.text is not None, result
    assert result.reasons == (
        "becomes version 3 as a draft: copy 5 passages and write 8 more questions in place of each TODO",
    )
    new = read(result.text).leaf
    assert new is not None and new.version == 3
    assert (new.document_outline, new.domain, new.document) == ("Berths of Velm", "harbours", old.document)
    assert [pair for pair in pairs(new) if "TODO" not in pair.question] == pairs(old)
    assert [len(seed.questions_and_answers) for seed in new.seed_examples] == [3] * 5
    assert result.text.count("TODO") == 5 + 2 * 8 and result.text.count("#") == text.count("#")
    assert (result.text.count("\r\n") == result.text.count("\n")) == (ending == "\r\n")


@pytest.mark.parametrize(
    ("questions", "passages", "more"),
    [(1, 5, 14), (5, 5, 10), (14, 5, 1), (15, 5, 0), (17, 5, 0), (20, 6, 0)],
)
def test_the_fewest_passages_that_hold_all_questions(questions: int, passages: int, more: int) -> None:
    lacks = missing(questions)
    assert (lacks.passages, lacks.questions) == (passages, more)
    text = f"{HEAD}{DOCUMENT}seed_examples:\n{seeds(questions, FORMS['indented'])}"
    text = text.replace("version: 2\n", "") if questions < 5 else text  # version 1 asks for one
    result = upgrade(read(text), drafts=True)
    new = read(result.text or "").leaf if result else None
    assert new is not None and len(new.seed_examples) == passages
    assert result is not None and result.text is not None and result.text.count("TODO") == passages + 2 * more


def test_a_draft_fails_until_it_is_filled_in_and_says_so_once(tmp_path: Path) -> None:
    long = FORMS["indented"].replace(
        "It is",
        "Harbour masters register every incoming vessel, measure its tonnage and collect anchorage fees at",
    )
    result = upgrade(read(f"{HEAD}{DOCUMENT}seed_examples:\n{seeds(5, long)}"), drafts=True)
    assert result is not None and result.text is not None
    beside = str(Path(KNOWLEDGE_PATH).with_name("attribution.txt"))
    report = check_files(tmp_path, {KNOWLEDGE_PATH: result.text, beside: ATTRIBUTION})
    assert report.failed and [finding.code for finding in report.findings] == ["SB301"]
    again = upgrade(read(result.text), drafts=True)
    assert again is None


@pytest.mark.parametrize(
    "listed",
    [
        "seed_examples: [" + ", ".join(f"{{question: 'Which {n}?', answer: It is {n}}}" for n in range(5)) + "]\n",
        "seed_examples:\n" + "".join(f"  -\n    question: Which {n}?\n    answer: It is {n}\n" for n in range(5)),
        "seed_examples:\n" + seeds(5, "  - {{question: 'Which {0}?', answer: It is {0}}}\n").replace("}\n", "} \n", 1),
    ],
    ids=["a list on one line", "a dash by itself", "a mapping on one line"],
)  # fmt: skip
def test_a_form_that_cannot_be_moved_line_by_line_is_left_or_kept_whole(listed: str) -> None:
    text = f"{HEAD}{DOCUMENT}{listed}"
    old = read(text).leaf
    assert old is not None
    result = upgrade(read(text), drafts=True)
    assert result is not None
    if result.text is None:
        assert "its seeds stand in a form that cannot be moved" in result.reasons[0]
    else:
        new = read(result.text).leaf
        assert new is not None and [one for one in pairs(new) if "TODO" not in one.question] == pairs(old)
