"""`seedbed check` from the outside: output, exit codes, and what a newcomer gets wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pygit2
import pytest
from support.command_line import seedbed
from support.leaves_under_check import BESIDE, PATH, skill
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.reports.findings import REPORTS

BAD = skill("answer: Oslo", "answer: no")


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    """A repository whose default branch holds one good leaf."""
    made = RepositoryBuilder(tmp_path / "repository")
    made.commit_files({PATH: SKILL, BESIDE: ATTRIBUTION})
    return made


def test_nothing_changed(builder: RepositoryBuilder) -> None:
    done = seedbed("check", folder=builder.path)
    assert done.returncode == 0
    assert builder.head in done.stdout and "nothing to check" in done.stdout
    assert seedbed("check", "--fail-on-empty", folder=builder.path).returncode == 3


def test_a_change_in_the_working_tree(builder: RepositoryBuilder) -> None:
    builder.write(PATH, BAD)
    done = seedbed("check", folder=builder.path)
    assert done.returncode == 1
    assert "SB107 error" in done.stdout and f"{PATH}:8:13" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_commit_is_read_without_a_checkout(builder: RepositoryBuilder) -> None:
    builder.branch("change")
    head = builder.commit_files({PATH: BAD})
    builder.checkout("main")
    done = seedbed("check", "--head", "change", "--format", "json", folder=builder.path)
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert (document["base"], document["head"]) == (builder.head, head)
    assert [leaf["verdict"] for leaf in document["leaves"]] == ["fail"]
    assert builder.head in done.stderr


def test_paths_count_from_the_current_folder(builder: RepositoryBuilder) -> None:
    folder = builder.path / "taxonomy/compositional_skills"
    assert "1 leaf checked" in seedbed("check", "places", folder=folder).stdout
    done = seedbed("check", "../../..", folder=folder)
    assert done.returncode == 2 and "outside of the repository" in done.stderr


def test_in_github_actions_the_log_has_both_forms(builder: RepositoryBuilder) -> None:
    builder.write(PATH, BAD)
    done = seedbed("check", folder=builder.path, environment={"GITHUB_ACTIONS": "true"})
    assert done.returncode == 1
    assert "::error title=seedbed SB107,file=" in done.stdout and "8 |     answer: no" in done.stdout
    assert f"seedbed check --base {builder.head}" in done.stdout


def test_all_fails_on_every_error(builder: RepositoryBuilder) -> None:
    builder.commit_files({PATH: BAD})
    assert seedbed("check", folder=builder.path).returncode == 0
    assert seedbed("check", "--all", folder=builder.path).returncode == 1


def test_an_encoding_that_cannot_say_it_all(builder: RepositoryBuilder) -> None:
    builder.write(PATH, skill("answer: Paris", "answer: 東京").replace("answer: Oslo", "answer: no"))
    done = seedbed("check", folder=builder.path, environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1 and done.stdout.isascii()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "--base", "nowhere"), "no commit 'nowhere'"),
        (("check", "--head", "nowhere"), "no commit 'nowhere'"),
        (("check", "--all", "--base", "main"), "--all compares with nothing"),
        (("check", "taxonomy/knowledge"), "no leaf at or under taxonomy/knowledge"),
        (("check", "--format", "xml"), "xml"),
        (("chekc",), "Did you mean 'check'"),
    ],
)
def test_wrong_input(builder: RepositoryBuilder, arguments: tuple[str, ...], said: str) -> None:
    done = seedbed(*arguments, folder=builder.path)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_no_repository(tmp_path: Path) -> None:
    done = seedbed("check", folder=tmp_path)
    assert done.returncode == 2
    assert "not inside a git repository" in done.stderr and "git init" in done.stderr


def test_no_base(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path, branch="work")
    builder.commit_files({PATH: SKILL, BESIDE: ATTRIBUTION})
    done = seedbed("check", folder=tmp_path)
    assert done.returncode == 2
    assert "nothing to compare with" in done.stderr and "--base REV" in done.stderr


def test_a_broken_configuration(builder: RepositoryBuilder) -> None:
    builder.write("seedbed.toml", "[check]\nlicenses = []\n")
    done = seedbed("check", folder=builder.path)
    assert done.returncode == 2 and "licences" in done.stderr


def test_checking_loads_no_model_library(builder: RepositoryBuilder) -> None:
    builder.write(PATH, BAD)
    program = (
        "import sys\n"
        "from seedbed.cli.main import exit_code_of, seedbed\n"
        "code = exit_code_of(lambda: seedbed.main(['check'], standalone_mode=False))\n"
        "heavy = {'torch', 'transformers', 'vllm', 'pyarrow', 'aiohttp', 'jinja2', 'matplotlib', 'numpy'}\n"
        "print(code, sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=builder.path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "1 []"


@pytest.mark.parametrize("form", [name for name, shown in REPORTS.items() if shown.data])
def test_data_stands_alone_on_standard_output(builder: RepositoryBuilder, form: str) -> None:
    builder.write(PATH, BAD)
    done = seedbed("check", "--format", form, folder=builder.path)
    assert done.returncode == 1 and builder.head in done.stderr
    if form == "junit":
        ElementTree.fromstring(done.stdout)
    else:
        for document in done.stdout.splitlines() if form == "jsonl" else [done.stdout]:
            json.loads(document)


def test_fixing_first(builder: RepositoryBuilder) -> None:
    path = builder.write(PATH, BAD)
    done = seedbed("check", "--fix", folder=builder.path)
    assert done.returncode == 0 and "no findings" in done.stdout
    assert f"fixed {PATH}: SB107" in done.stderr and "answer: 'no'" in path.read_text()
    done = seedbed("check", "--fix", "--head", "main", folder=builder.path)
    assert done.returncode == 2 and "--fix writes to files" in done.stderr


def test_a_bare_mirror_of_another_taxonomy(builder: RepositoryBuilder, tmp_path: Path) -> None:
    """Branches at the root, no working tree, settings from outside."""
    own = RepositoryBuilder(tmp_path / "own")
    inside = PATH.removeprefix("taxonomy/")
    base = own.commit_files({inside: SKILL, BESIDE.removeprefix("taxonomy/"): ATTRIBUTION})
    own.branch("pull")
    head = own.commit_files({inside: BAD})
    mirror = tmp_path / "mirror.git"
    pygit2.clone_repository(str(own.path), str(mirror), bare=True)
    settings = tmp_path / "settings.toml"
    settings.write_text('[taxonomy]\nroot = "."\n')
    arguments = ("check", "--config", str(settings), "--base", base, "--head", head, "--format", "json")
    done = seedbed(*arguments, folder=mirror)
    assert done.returncode == 1, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["code"], finding["path"], finding["line"]) == ("SB107", inside, 8)
    bare = seedbed("check", "--config", str(settings), "--base", base, folder=mirror)
    assert bare.returncode == 2 and "name a commit: --head REV" in bare.stderr
    missing = seedbed("check", "--config", "nowhere.toml", folder=mirror)
    assert missing.returncode == 2 and "--config nowhere.toml cannot be read" in missing.stderr


@pytest.mark.parametrize(
    "form", [form for form in REPORTS if form != "concise"]
)  # that is one line and a code
def test_every_format_names_the_manual_page_where_the_base_says_it_stands(form: str, tmp_path: Path) -> None:
    """A change that names another place, such as one from a fork, does not lead its reviewers there."""
    builder = RepositoryBuilder(tmp_path)
    policy = '[check]\ndocumentation_url = "https://{}.example/rules/"\n'
    builder.commit_files({"seedbed.toml": policy.format("ours")})
    base = builder.head
    builder.write_leaf("taxonomy/compositional_skills/capitals", SKILL.replace("Paris", "Paris  "))
    builder.commit_files({"seedbed.toml": policy.format("theirs")})
    done = seedbed("check", "--base", base, "--format", form, folder=tmp_path)
    assert "theirs.example/rules/SB" not in done.stdout
    assert "https://ours.example/rules/SB601" in done.stdout.replace("\\/", "/").replace("%3A", ":")


def test_what_is_ignored_is_counted_with_its_reason(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    ignore = '[[check.ignore]]\nrules = ["SB601"]\npaths = ["taxonomy/*"]\nreason = "older than the rule"\n'
    builder.commit_files({"seedbed.toml": ignore})
    for word in ("capital", "river"):
        trailing = SKILL.replace("capital", word).replace("Paris", "Paris  ")
        builder.write_leaf(f"taxonomy/compositional_skills/{word}", trailing)
    builder.commit()

    def shown(form: str) -> str:
        done = seedbed("check", "--all", "--format", form, folder=tmp_path)
        assert done.returncode == 0
        return done.stdout

    line = "ignored 2: SB601 in taxonomy/* (older than the rule)"
    for form in ("text", "markdown"):
        assert "2 ignored, with reasons" in shown(form)
    assert line in shown("text")
    document = json.loads(shown("json"))
    assert document["findings"] == []
    assert document["ignored"] == [
        {"rules": ["SB601"], "paths": ["taxonomy/*"], "reason": "older than the rule", "count": 2}
    ]
