"""`seedbed doctor`: each thing that can be amiss is seen, and only what stops a check fails."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest
from support.leaves_under_check import BESIDE, PATH
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.cli.diagnosis import Diagnosis, State
from seedbed.cli.doctor import diagnose
from seedbed.config import Settings, TeacherSettings
from seedbed.errors import install_command


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RepositoryBuilder:
    made = RepositoryBuilder(tmp_path / "repository")
    made.commit_files({PATH: SKILL, BESIDE: ATTRIBUTION})
    monkeypatch.chdir(made.path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return made


def found(subject: str, config: str | None = None) -> Diagnosis:
    return next(diagnosis for diagnosis in diagnose(config) if diagnosis.subject == subject)


def test_all_in_order(builder: RepositoryBuilder) -> None:
    builder.write(PATH, f"# yaml-language-server: $schema=x\n{SKILL}")
    states = {diagnosis.subject: diagnosis.state for diagnosis in diagnose(None)}
    assert {subject for subject, state in states.items() if state is not State.OK} == {"hooks"}
    assert builder.head[:12] in found("base").found


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert found("git").state is State.BLOCKED and "git init" in (found("git").advice or "")


def test_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RepositoryBuilder(tmp_path, branch="work").commit_files({PATH: SKILL})
    monkeypatch.chdir(tmp_path)
    assert found("base").state is State.BLOCKED and "--base REV" in (found("base").advice or "")


def test_broken_settings(builder: RepositoryBuilder) -> None:
    builder.write("seedbed.toml", "[teacher]\nmodle = 1\n")
    assert found("settings").state is State.BLOCKED and "did you mean model" in found("settings").found


def test_a_shallow_clone(builder: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    shallow = builder.path / ".git" / "shallow"
    shallow.write_text(builder.head + "\n")
    assert found("git").state is State.ATTENTION and "--unshallow" in (found("git").advice or "")


def test_a_leaf_without_a_schema_line(builder: RepositoryBuilder) -> None:
    assert found("editor").state is State.ATTENTION and PATH in found("editor").found
    assert "schema_address" in (found("editor").advice or "")
    builder.write("seedbed.toml", '[taxonomy]\nschema_address = "https://example.org/schema"\n')
    assert "yaml-language-server" in (found("editor").advice or "")


def test_branches_at_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RepositoryBuilder(tmp_path).commit_files({PATH.removeprefix("taxonomy/"): SKILL})
    monkeypatch.chdir(tmp_path)
    assert 'root = "."' in (found("taxonomy").advice or "")


def test_hooks(builder: RepositoryBuilder) -> None:
    builder.write(".pre-commit-config.yaml", "- id: seedbed-check\n")
    assert found("hooks").advice == "pre-commit install"
    builder.write(".git/hooks/pre-commit", "#!/bin/sh\n")
    assert found("hooks").state is State.OK


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('backend = "openai"\nmodel = "m"\n', "without an address"),
        (
            'backend = "openai"\nurl = "http://x/v1"\nmodel = "m"\napi_key_variable = "NO_KEY_HERE"\n',
            "is not set",
        ),
    ],
)
def test_a_teacher_that_cannot_be_asked(builder: RepositoryBuilder, section: str, said: str) -> None:
    builder.write("seedbed.toml", f"[teacher]\n{section}")
    assert found("teacher").state is State.ATTENTION and said in found("teacher").found


def test_a_missing_extra(builder: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seedbed.cli.doctor.find_spec", lambda name: None if name == "pyarrow" else name)
    extra = found("extra")
    assert extra.state is State.ATTENTION and extra.advice == install_command("generate")


def test_a_bare_mirror(builder: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = tmp_path / "mirror.git"
    pygit2.clone_repository(str(builder.path), str(mirror), bare=True)
    monkeypatch.chdir(mirror)
    assert not [one for one in diagnose(None) if one.state is State.BLOCKED]
    assert "1 leaves" not in found("taxonomy").found


def test_every_back_end_names_its_extra() -> None:
    from seedbed.cli.doctor import BACKEND_EXTRAS, EXTRAS

    assert set(BACKEND_EXTRAS.values()) <= set(EXTRAS)
    assert Settings().teacher.backend in BACKEND_EXTRAS and TeacherSettings().backend in BACKEND_EXTRAS


def test_the_libraries_of_an_extra_are_those_it_installs() -> None:
    import tomllib
    from pathlib import Path

    from packaging.requirements import Requirement

    from seedbed.cli.doctor import EXTRAS

    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    declared: dict[str, set[str]] = {}
    for extra, lines in project["project"]["optional-dependencies"].items():
        requirements = [Requirement(line) for line in lines]
        declared[extra] = {one.name for one in requirements}
        for within in (other for one in requirements if one.name == "seedbed" for other in one.extras):
            declared[extra] |= declared[within]
    for extra, libraries in EXTRAS.items():
        assert set(libraries) <= declared[extra], extra
