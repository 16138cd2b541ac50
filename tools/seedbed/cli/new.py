"""`seedbed new`: a leaf to fill in. Its placeholders are findings, so that none can be merged by mistake."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

import click

from seedbed.cli.options import open_repository
from seedbed.config import Settings
from seedbed.errors import UsageError
from seedbed.reports.escape import terminal_text
from seedbed.taxonomy.leaf import BRANCHES

_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SCHEMA_ADDRESS = "https://raw.githubusercontent.com/seedbed/seedbed/main/schema/"

ATTRIBUTION = """\
Title of work: TODO: the title of what you drew on, or of your own work
Link to work: TODO: its address, or "written for this taxonomy"
Revision: 1
License of the work: TODO: an SPDX identifier such as CC-BY-4.0
Creator names: TODO: who wrote it
"""


@click.command(short_help="Write a leaf to fill in.")
@click.argument("kind", type=click.Choice(("skill", "knowledge")))
@click.argument("path")
@click.option(
    "--grounded", is_flag=True, help="A skill that works on a text it is given: each seed has a context."
)
def new(kind: str, path: str, grounded: bool) -> None:
    """Write a leaf to fill in at PATH, such as compositional_skills/writing/haiku.

    PATH counts from the taxonomy's root; without a branch, a skill goes to compositional_skills.
    """
    if grounded and kind == "knowledge":
        raise UsageError(
            "--grounded is for skills: a knowledge leaf always has contexts", hint="leave it out"
        )
    repository, settings = open_repository()
    name = _leaf_name(kind, path, settings)
    folder = repository.root / settings.taxonomy.root / name
    _refuse_taken(repository.root, folder)
    folder.mkdir(parents=True, exist_ok=True)
    schema = _schema_reference(repository.root, folder, kind)
    text = _knowledge(schema) if kind == "knowledge" else _skill(schema, grounded)
    for file, content in (("qna.yaml", text), ("attribution.txt", ATTRIBUTION)):
        (folder / file).write_text(content, encoding="utf-8")
        click.echo(f"wrote {terminal_text(os.path.relpath(folder / file))}")
    click.echo("Fill in every TODO, then run: seedbed check")


def _leaf_name(kind: str, path: str, settings: Settings) -> str:
    """The leaf's name from what was typed; the taxonomy's root before it and `qna.yaml` after it are accepted."""
    root = settings.taxonomy.root.strip("/")
    typed = PurePosixPath(path.replace(os.sep, "/")).as_posix().removeprefix("./").strip("/")
    typed = typed.removeprefix(f"{root}/").removesuffix("/qna.yaml")
    parts = typed.split("/")
    if parts[0] not in BRANCHES:
        parts.insert(0, "knowledge" if kind == "knowledge" else "compositional_skills")
    if (kind == "knowledge") != (parts[0] == "knowledge"):
        raise UsageError(
            f"a {kind} leaf cannot lie under {parts[0]}",
            hint=f"seedbed new {'skill' if kind == 'knowledge' else 'knowledge'} {path}",
        )
    odd = [part for part in parts[1:] if not _FOLDER.fullmatch(part)]
    if odd or len(parts) < 2:
        wrong = f"{odd[0]!r} is no folder name for a leaf" if odd else "the leaf needs a folder of its own"
        raise UsageError(wrong, hint="use lower-case letters, digits, `_` and `-`, such as writing/haiku")
    return "/".join(parts)


def _refuse_taken(root: Path, folder: Path) -> None:
    """Nothing is ever overwritten, and nothing is written through a link."""
    for file in ("qna.yaml", "attribution.txt"):
        if (folder / file).exists() or (folder / file).is_symlink():
            raise UsageError(f"{os.path.relpath(folder / file)} exists already", hint="choose another folder")
    if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root)):
        raise UsageError(
            f"{folder} leads outside of the repository through a link", hint="choose another folder"
        )
    for above in folder.parents:
        if above == root:
            return
        if (above / "qna.yaml").exists():
            raise UsageError(
                f"{os.path.relpath(above)} is a leaf itself; a leaf cannot lie inside another",
                hint="choose a folder beside it",
            )


def _schema_reference(root: Path, folder: Path, kind: str) -> str:
    """How an editor finds the schema: from this repository where it has a copy, else from Seedbed's own."""
    name = f"leaf.v3.{kind}.schema.json"
    copy = root / "schema" / name
    return Path(os.path.relpath(copy, folder)).as_posix() if copy.exists() else _SCHEMA_ADDRESS + name


def _skill(schema: str, grounded: bool) -> str:
    lines = [
        f"# yaml-language-server: $schema={schema}",
        "version: 3",
        'created_by: "TODO: your GitHub user name"',
        'task_description: "TODO: what the model should learn to do, in a sentence or two"',
        "seed_examples:",
    ]
    for number in range(1, 6):
        if grounded:
            lines.append(f'  - context: "TODO: text {number} that the question is about"')
        lines.append(
            f'  {" " if grounded else "-"} question: "TODO: question {number}, as a user would ask it"'
        )
        lines.append(f'    answer: "TODO: answer {number}, as the model should give it"')
    return "\n".join(lines) + "\n"


def _knowledge(schema: str) -> str:
    lines = [
        f"# yaml-language-server: $schema={schema}",
        "version: 3",
        'created_by: "TODO: your GitHub user name"',
        'domain: "TODO: the field, such as seamanship"',
        'document_outline: "TODO: what the document tells, in a sentence"',
        "document:",
        "  # Markdown files beside this one. For documents of another repository, add `repo` (https) and `commit` (40 hex).",
        "  patterns:",
        '    - "TODO: the name of the Markdown file"',
        "seed_examples:",
    ]
    for number in range(1, 6):
        lines.append(f'  - context: "TODO: passage {number}, copied from the document"')
        lines.append("    questions_and_answers:")
        for question in range(1, 4):
            lines.append(f'      - question: "TODO: question {number}.{question}, which the passage answers"')
            lines.append(f'        answer: "TODO: answer {number}.{question}"')
    return "\n".join(lines) + "\n"
