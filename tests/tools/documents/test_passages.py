from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seedbed.documents.passages import Passage, split_passages

HARBOUR = """\
# The harbour of Velm

Velm lies in the north.
It has two moles.

## Berths

Berths are numbered from the west.

| Berth | Length |
|-------|--------|
| 1     | 20 m   |
| 2     | 35 m   |

### Fees

A berth costs 4 marks a night.

## Signals

```
red   = stop

# not a heading
```

Two lights mean fog.
"""

lines = st.sampled_from(
    [
        "# One",
        "## Two words",
        "### Three",
        "###### Six ##",
        "#",
        "Title",
        "=====",
        "---",
        "",
        " ",
        "\t",
        "```",
        "~~~~",
        "```python",
    ]
) | st.text(alphabet="ab. \u00e9|#-`\r", max_size=30)
documents = st.lists(lines, max_size=25).map("\n".join) | st.text(max_size=200)


def slice_of(text: str, passage: Passage) -> str:
    """What the span covers, cut out by lines and columns alone."""
    rows = text.split("\n")[passage.span.line - 1 : passage.span.end_line]
    rows[-1] = rows[-1][: passage.span.end_column - 1]
    rows[0] = rows[0][passage.span.column - 1 :]
    return "\n".join(rows)


def test_a_document_is_cut_at_its_headings() -> None:
    found = split_passages(HARBOUR)
    assert [passage.heading for passage in found] == [
        ("The harbour of Velm",),
        ("The harbour of Velm", "Berths"),
        ("The harbour of Velm", "Signals"),
    ]
    assert found[0].body == "Velm lies in the north.\nIt has two moles."
    assert found[1].text.startswith("## Berths") and found[1].text.endswith("4 marks a night.")
    assert "# not a heading" in found[2].body
    assert (found[1].span.line, found[1].span.column, found[1].span.end_line) == (6, 1, 17)


def test_a_smaller_limit_cuts_at_deeper_headings_and_between_blocks() -> None:
    found = split_passages(HARBOUR, maximum_words=22)
    assert [passage.heading[-1] for passage in found] == [
        "The harbour of Velm",
        "Berths",
        "Berths",
        "Fees",
        "Signals",
    ]
    table = found[2]
    assert table.text == table.body
    assert table.body.startswith("| Berth | Length |") and table.body.endswith("| 2     | 35 m   |")


def test_headings_without_text_go_to_what_follows_them() -> None:
    [only] = split_passages("# Book\n\n## Chapter\n\n### Part\n\nText.\n")
    assert only.heading == ("Book", "Chapter", "Part")
    assert only.body == "Text."
    assert only.text.startswith("# Book")


@pytest.mark.parametrize("short", ["Version 2, March 2024", "By A. Keeper\n\nDraft"])
def test_a_title_with_hardly_a_text_goes_to_what_follows_it(short: str) -> None:
    text = f"# Rules of the yard\n\n{short}\n\n## Berths\n\nBerths are numbered.\n\n## Fees\n\nA berth costs a mark."
    found = split_passages(text)
    assert [passage.heading for passage in found] == [("Rules of the yard",)]  # the berths are short too
    text = text.replace("numbered.", "numbered from the west, and each has a plate.")
    first, last = split_passages(text)
    assert first.heading == ("Rules of the yard",) and first.body.startswith(short)
    assert first.body.endswith("each has a plate.") and "## Berths" in first.body
    assert last.heading == ("Rules of the yard", "Fees")


def test_a_short_section_is_left_alone_where_what_follows_is_no_part_of_it_or_does_not_fit() -> None:
    parts = "# One\n\n## End\n\nSo much for one.\n\n# Two\n\nTwo begins here."
    assert [passage.heading for passage in split_passages(parts)] == [("One", "End"), ("Two",)]
    text = "# T\n\nBy me.\n\n## A\n\n### B\n\none two three four five six"
    assert len(split_passages(text, maximum_words=13)) == 2
    [whole] = split_passages(text, maximum_words=14)
    assert whole.body.endswith("six") and whole.heading == ("T",)
    assert len(split_passages("# T\n\nBy me.\n\n## A\n\n### B\n")) == 2  # no heading ends a passage


def test_a_section_of_one_full_sentence_stands_alone() -> None:
    text = (
        "# Ferry\n\nThe ferry crosses from Oster to Lund daily.\n\n## Fares\n\nA seat costs two marks a day."
    )
    assert len(split_passages(text)) == 2


def test_a_heading_with_nothing_below_has_an_empty_body() -> None:
    found = split_passages("Text.\n\n# Last\n")
    assert [(passage.body, passage.heading) for passage in found] == [("Text.", ()), ("", ("Last",))]


def test_underlined_headings_count_and_rules_do_not() -> None:
    found = split_passages(
        "Velm\n====\n\nIt is a town far in the north.\n\nBerths\n------\n\nMore.\n\n---\n\nEnd.\n"
    )
    assert [passage.heading for passage in found] == [("Velm",), ("Velm", "Berths")]
    assert found[1].body == "More.\n\n---\n\nEnd."


def test_a_long_line_is_cut_between_sentences_then_between_words() -> None:
    text = 'One two three. "Four five." Six seven eight nine ten eleven.'
    found = [passage.text for passage in split_passages(text, maximum_words=4)]
    assert found == ["One two three.", '"Four five." Six seven', "eight nine ten eleven."]


def test_code_is_whole_where_it_fits_and_cut_between_lines_where_not() -> None:
    text = "```\na b\n\nc d\ne f\n```"
    assert [passage.text for passage in split_passages(text, maximum_words=8)] == [text]
    assert [passage.text for passage in split_passages(text, maximum_words=4)] == [
        "```\na b",
        "c d\ne f",
        "```",
    ]


def test_a_fence_that_is_never_closed_reaches_to_the_end() -> None:
    [only] = split_passages("```\n# no heading\n\ntext\n\n\n")
    assert only.text == "```\n# no heading\n\ntext"


@given(documents, st.integers(1, 12))
@example("a\r\n\r\n# b\r\nc\r\n", 300)
@example("#\n# \n## x #\n", 1)
@example("a. b? c\u2028d e\x0cf", 1)
def test_spans_cover_all_that_is_not_blank_without_overlap(text: str, maximum_words: int) -> None:
    found = split_passages(text, maximum_words=maximum_words)
    at = 0
    for passage in found:
        assert slice_of(text, passage) == passage.text
        start = text.index(passage.text, at)
        assert not text[at:start].strip()
        at = start + len(passage.text)
    assert not text[at:].strip()
    spans = [passage.span for passage in found]
    assert all((one.end_line, one.end_column) <= (next_.line, next_.column) for one, next_ in pairwise(spans))


@given(documents, st.integers(1, 12))
def test_no_passage_has_more_words_than_allowed_beside_its_headings(text: str, maximum_words: int) -> None:
    for passage in split_passages(text, maximum_words=maximum_words):
        assert passage.text.strip()
        assert len(passage.body.split()) <= maximum_words


def test_an_empty_document_has_no_passages() -> None:
    assert split_passages("") == split_passages(" \n\n\t") == ()


@pytest.mark.parametrize("maximum_words", [0, -1])
def test_a_limit_below_one_word_is_refused(maximum_words: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        split_passages("text", maximum_words=maximum_words)
