from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.taxonomy.attribution import Attribution, read_attribution, spdx_identifier


def test_usual_form() -> None:
    found = read_attribution(
        "Title of work: Phoenix (constellation)\n"
        "Link to work: https://en.wikipedia.org/wiki/Phoenix_(constellation)\n"
        "Revision: https://en.wikipedia.org/w/index.php?oldid=1237187773\n"
        "License of the work: CC-BY-SA-4.0\n"
        "Creator names: Wikipedia Authors, Robin Test\n"
    )
    assert found.title == "Phoenix (constellation)"
    assert found.link == "https://en.wikipedia.org/wiki/Phoenix_(constellation)"
    assert found.licence == found.licence_text == "CC-BY-SA-4.0"
    assert found.authors == ("Wikipedia Authors", "Robin Test")
    assert (
        found.fields["revision"] == found.revision == "https://en.wikipedia.org/w/index.php?oldid=1237187773"
    )


def test_forms_found_in_the_wild() -> None:
    windows = read_attribution(
        "\ufeff- Title of Work : A\r\n- License of the work:\r\n    Apache License 2.0\r\n\r\nCreator names:\r\n"
    )
    assert (windows.title, windows.licence, windows.authors) == ("A", "Apache-2.0", ())
    bare_link = read_attribution("Link to work:\nhttps://example.org/a: b\nCreator names: Ann and Ben; Cy")
    assert bare_link.link == "https://example.org/a: b"
    assert bare_link.authors == ("Ann", "Ben", "Cy")


def test_several_works_keep_all_authors() -> None:
    text = "Title of work: A\nLicense of the work: MIT\nCreator names: Ann\n\nTitle of work: B\nCreator names: Ben, Ann\n"
    found = read_attribution(text)
    assert (found.title, found.licence, found.authors) == ("A", "MIT", ("Ann", "Ben"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("MIT", "MIT"), ("mit license", "MIT"), ("Apache 2.0", "Apache-2.0"), ("CC0-1.0", "CC0-1.0"),
        ("CC BY-SA 4.0", "CC-BY-SA-4.0"), ("GPL-2.0+", "GPL-2.0+"), ("LicenseRef-Public-Domain", "LicenseRef-Public-Domain"),
        ("self-authored work, free to use", None), ("self-authored", None), ("Apache License Version 2.0.", "Apache-2.0"),
        ("Creative Commons Attribution 4.0 International (CC BY 4.0)", "CC-BY-4.0"), ("", None), ("N/A", None), ("unknown", None), ("TODO", None),
    ],
)  # fmt: skip
def test_spdx_identifier(written: str, expected: str | None) -> None:
    assert spdx_identifier(written) == expected


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(read_attribution(text), Attribution)
