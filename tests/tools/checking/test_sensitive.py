"""Secrets and personal data: each known form is found, look-alikes are not, and no report repeats a value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.leaves_under_check import BESIDE, PATH, check_files, check_leaf, skill
from support.repositories import ATTRIBUTION

from seedbed.reports.json_report import findings_json
from seedbed.reports.text import findings_text

DIGITS = "9f3Kq7ZtW2mXc5Vb8NyL4pRd6HsJ1gTe"

# Put together here so that no scanner takes this file for a leak.
SECRETS = (
    "AKIA" + "QX7MZP4TKW2BVN5C",
    "gh" + "p_" + DIGITS + "aB3d5",
    "github_" + "pat_" + DIGITS + DIGITS,
    "gl" + "pat-" + DIGITS[:20],
    "xo" + "xb-" + "29384756102-" + DIGITS[:24],
    "sk" + "-ant-" + DIGITS + "_" + DIGITS,
    "AI" + "za" + DIGITS + "Qw7",
    "hf" + "_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi",
    "sk_" + "live_" + DIGITS[:24],
    "npm" + "_" + DIGITS + "aB3d",
    "eyJ" + "hbGciOiJI" + DIGITS[:4] + ".eyJ" + DIGITS[:16] + "." + DIGITS,
    "-----BEGIN RSA " + "PRIVATE KEY-----",
)
HARMLESS = (
    "AKIAIOSFODNN7EXAMPLE",
    "password: correct horse battery staple",
    "token = your_own_token_goes_here_1",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "the commit 0123456789abcdef0123456789abcdef01234567 is pinned",
    "secret: internationalization",
)
PERSONAL = (
    "robin.tidewaiter@velm-harbour.com",
    "DE89 3704 0044 0532 0130 00",
    "4929 1234 5678 9015",
)
NOBODYS = (
    "robin@example.org",
    "git@github.com:velm/tides.git"[:4] + "tides.test",
    "DE89 3704 0044 0532 0130 01",
    "4929 1234 5678 9016",
    "1111 1111 1111 1111",
    "version 3.14.15 of 2026-11-20",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_and_never_repeated(tmp_path: Path, secret: str) -> None:
    report = check_files(
        tmp_path, {PATH: skill("answer: Paris", f"answer: Use {secret} now"), BESIDE: ATTRIBUTION}
    )
    (finding,) = report.findings
    assert (finding.code, finding.span.column, finding.span.end_column) == ("SB315", 17, 17 + len(secret))
    shown = findings_text(report, colour=False) + findings_json(report) + json.dumps(dict(report.sources))
    assert secret not in shown and secret[8:] not in shown


def test_a_secret_in_the_attribution_is_found(tmp_path: Path) -> None:
    found = check_leaf(tmp_path, skill(), attribution=ATTRIBUTION + f"Note: {SECRETS[1]}\n")
    assert [(finding.code, finding.path) for finding in found] == [("SB315", BESIDE)]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_not_told(tmp_path: Path, text: str) -> None:
    assert check_leaf(tmp_path, skill("answer: Paris", f"answer: '{text}'")) == []


@pytest.mark.parametrize("data", PERSONAL)
def test_personal_data_is_found_and_never_repeated(tmp_path: Path, data: str) -> None:
    report = check_files(
        tmp_path, {PATH: skill("answer: Paris", f"answer: Use {data} now"), BESIDE: ATTRIBUTION}
    )
    (finding,) = report.findings
    assert (finding.code, finding.span.column, finding.span.end_column) == ("SB316", 17, 17 + len(data))
    assert data not in findings_text(report, colour=False) + findings_json(report)


@pytest.mark.parametrize("text", NOBODYS)
def test_what_is_nobodys_is_not_told(tmp_path: Path, text: str) -> None:
    assert check_leaf(tmp_path, skill("answer: Paris", f"answer: '{text}'")) == []


def test_a_person_who_writes_their_address_in_the_attribution_may(tmp_path: Path) -> None:
    assert check_leaf(tmp_path, skill(), attribution=ATTRIBUTION + f"Contact: {PERSONAL[0]}\n") == []
