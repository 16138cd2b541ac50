"""`seedbed new`: a leaf to fill in. Its placeholders are findings, so that none can be merged by mistake."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from pathlib import Path, PurePosixPath

import click

from seedbed.checking.texts import is_placeholder
from seedbed.cli.options import open_repository, write_out
from seedbed.config import Settings
from seedbed.errors import UsageError
from seedbed.reports.escape import terminal_text
from seedbed.taxonomy.leaf import BRANCHES, Kind
from seedbed.taxonomy.leaf_files import is_qna
from seedbed.taxonomy.nearest_leaves import NearLeaf, nearest_leaves
from seedbed.taxonomy.new_leaf import new_leaf_files

_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

_KINDS = """\
What should the model gain?
  1  know something that a document says
  2  do a task in words
  3  do a task with a text that it is given"""


@click.command(short_help="Write a leaf to fill in.")
@click.argument("kind", type=click.Choice(("skill", "knowledge")), required=False)
@click.argument("path", required=False)
@click.option(
    "--grounded", is_flag=True, help="A skill that works on a text it is given: each seed has a context."
)
@click.option("--author", metavar="NAME", help="Your GitHub user name.")
@click.option(
    "--task", metavar="TEXT", help="What a skill teaches, or what the document tells, in a sentence."
)
def new(kind: str | None, path: str | None, grounded: bool, author: str | None, task: str | None) -> None:
    """Write a leaf to fill in at PATH, such as compositional_skills/writing/haiku.

    PATH counts from the taxonomy's root; without a branch, a skill goes to compositional_skills. On a terminal, what is
    left out is asked for. Existing leaves that come near are shown first.
    """
    if grounded and kind == "knowledge":
        raise UsageError(
            "--grounded is for skills: a knowledge leaf always has contexts", hint="leave it out"
        )
    repository, settings = open_repository()
    if repository.is_bare:
        raise UsageError(
            f"{repository.root} is a bare repository, without files", hint="run it in a checkout"
        )
    asking = sys.stdin.isatty() and (kind is None or path is None)
    if kind is None and asking:
        kind, grounded = _ask_kind()
    if path is None and asking:
        path = _ask_path(kind or "skill", settings)
    if kind is None or path is None:
        raise UsageError(
            f"the {'kind of leaf' if kind is None else 'path of the leaf'} is missing",
            hint="seedbed new skill writing/haiku, or on a terminal: seedbed new",
        )
    name = _leaf_name(kind, path, settings)
    folder = repository.root / settings.taxonomy.root / name
    _refuse_taken(repository.root, folder)
    if asking and task is None:
        question = (
            "What does its document tell" if kind == "knowledge" else "What should the model learn to do"
        )
        task = click.prompt(f"{question}? (Enter: later)", default="", show_default=False)
    near = nearest_leaves(
        repository, taxonomy_root=settings.taxonomy.root, words=f"{name.partition('/')[2]} {task or ''}"
    )
    write_out(_nearest(near))
    if asking and near and not click.confirm("Add a new leaf all the same?", default=True):
        click.echo("nothing was written")
        return
    if asking and author is None:
        author = click.prompt("Your GitHub user name? (Enter: later)", default="", show_default=False)
    folder.mkdir(parents=True, exist_ok=True)
    what = Kind.KNOWLEDGE if kind == "knowledge" else Kind.GROUNDED if grounded else Kind.FREEFORM
    schema = _schema_reference(settings, repository.root, folder, kind)
    for file, content in new_leaf_files(what, schema=schema, author=author, task=task).items():
        (folder / file).write_text(content, encoding="utf-8")
        click.echo(f"wrote {terminal_text(os.path.relpath(folder / file))}")
    if schema is None:
        click.echo("(no schema for editors: [taxonomy] schema_address in seedbed.toml names one)")
    click.echo("Fill in every TODO, then run: seedbed check")


def _ask_kind() -> tuple[str, bool]:
    click.echo(_KINDS)
    answer = click.prompt("1, 2 or 3", type=click.Choice(("1", "2", "3")), show_choices=False)
    return ("knowledge" if answer == "1" else "skill"), answer == "3"


def _ask_path(kind: str, settings: Settings) -> str:
    """A path that can be used; one that cannot is asked for again, with the reason."""
    if kind == "knowledge":
        click.echo("Where does it belong? Folders by topic, such as transport/oster_ferry")
    else:
        click.echo("Where does it belong? Folders by topic, such as writing/haiku")
        click.echo("(reasoning, mathematics, programming: foundational_skills/…)")
    while True:
        path = str(click.prompt("Path"))
        try:
            _leaf_name(kind, path, settings)
        except UsageError as error:
            click.echo(f"{terminal_text(error.message)}; {terminal_text(error.hint or '')}")
        else:
            return path


def _nearest(leaves: tuple[NearLeaf, ...]) -> str:
    """What is there already: each leaf's name, its task and the nearest of its questions, within 80 columns."""
    if not leaves:
        return ""
    lines = ["Near to it, already there:"]
    for leaf in leaves:
        lines.append(f"  {terminal_text(leaf.name)}")
        asked = None if is_placeholder(leaf.question or "") else leaf.question
        task = None if is_placeholder(leaf.task) else leaf.task
        for text in filter(None, (task, asked and f"asks: {asked}")):
            lines.append(
                "    " + textwrap.shorten(terminal_text(" ".join(text.split())), 74, placeholder=" …")
            )
    return "\n".join(lines) + "\nIf one of them covers it, add your seeds there instead.\n\n"


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
    inside = _leaf_below(folder)
    if inside is not None:
        raise UsageError(
            f"{os.path.relpath(folder)} holds a leaf deeper down, {os.path.relpath(inside)}; a leaf cannot lie inside another",
            hint=f"choose a folder of its own, such as {os.path.relpath(folder)}/general",
        )
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


def _leaf_below(folder: Path) -> Path | None:
    """A leaf in or below a folder that exists; links are not followed."""
    for above, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            if is_qna(file):
                return Path(above) / file
    return None


def _schema_reference(settings: Settings, root: Path, folder: Path, kind: str) -> str | None:
    """How an editor finds the schema: at the address in the settings, else in this repository where it has a copy."""
    name = f"leaf.v3.{kind}.schema.json"
    if settings.taxonomy.schema_address is not None:
        return f"{settings.taxonomy.schema_address.rstrip('/')}/{name}"
    copy = root / "schema" / name
    return Path(os.path.relpath(copy, folder)).as_posix() if copy.exists() else None
