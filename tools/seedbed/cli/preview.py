"""`seedbed preview`: what would be made of the changed leaves, before anything is merged."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from seedbed.bundled_files import bundled_file
from seedbed.cli.options import write_file, write_out
from seedbed.config import Settings
from seedbed.documents.fetch import FetchPolicy
from seedbed.errors import NothingToDoError, SeedbedError, TeacherError
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.preview import LEAVES_AT_ONCE, LeafPreview, Preview, compared, preview_leaves
from seedbed.generation.preview_differences import read_earlier
from seedbed.generation.project import (
    Project,
    journaled,
    open_project,
    recipe_at,
    settings_at,
    teacher_settings,
)
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import GenerationRecipe
from seedbed.reports.preview_html import preview_html
from seedbed.reports.preview_json import preview_json
from seedbed.reports.preview_markdown import preview_markdown
from seedbed.reports.preview_text import preview_text
from seedbed.taxonomy.changes import Base, ChangeKind, all_leaves, changed_leaves, find_base, leaf_name
from seedbed.teacher import event_loop
from seedbed.teacher.open_teacher import open_teacher, parse_teacher
from seedbed.teacher.teacher import Teacher

FORMATS: Mapping[str, Callable[[Preview], str]] = {
    "text": preview_text,
    "markdown": preview_markdown,
    "html": preview_html,
    "json": preview_json,
}
_SANDBOX = "sandbox"


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every leaf, not only the changed ones.")
@click.option("--base", metavar="REV", help="The commit to compare with; found by itself unless given.")
@click.option(
    "--head", metavar="REV", help="Preview this commit, from the object store; the working tree unless given."
)
@click.option(
    "--samples", type=click.IntRange(1, 100), default=8, show_default=True, help="Samples per leaf."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=LEAVES_AT_ONCE,
    show_default=True,
    help="Leaves at most; the others are named.",
)
@click.option("--recipe", metavar="NAME|PATH", help="Generation recipe, in place of the one in seedbed.toml.")
@click.option(
    "--teacher",
    metavar="TEACHER",
    help="sandbox, transformers:PATH, vllm:PATH, ray:PATH#ENGINES or openai:URL[,URL…]#MODEL.",
)
@click.option(
    "--student",
    metavar="PATH",
    help="sandbox, or a folder or hub name: whose own answers are shown, in place of the one in seedbed.toml.",
)
@click.option("--seed", type=click.IntRange(0), help="Seed of every random choice.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option(
    "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE instead of printing."
)
@click.option(
    "--previous",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The JSON of an earlier preview: say which samples are new and which are gone.",
)
@click.option("--fail-on-empty", is_flag=True, help="Exit 3 when no leaf changed.")
def preview(
    paths: Sequence[str],
    everything: bool,
    base: str | None,
    head: str | None,
    samples: int,
    limit: int,
    recipe: str | None,
    teacher: str | None,
    student: str | None,
    seed: int | None,
    form: str,
    output: Path | None,
    previous: Path | None,
    fail_on_empty: bool,
) -> None:
    """A few samples of each changed leaf (or of the leaves under PATHS), and what the student knows already.

    Advisory: it exits with 0 whatever it finds, unless it could not run. With --head, settings and recipe are those of
    the base, so that a change under review cannot choose them.
    """
    start = time.monotonic()
    earlier = read_earlier(previous) if previous is not None else None
    project = open_project(Path.cwd())
    found = _base(project, base, head, everything)
    settings = settings_at(project.repository, found.base) if found.head is not None else project.settings
    project = replace(project, settings=settings)
    plan = _recipe(project, found, recipe)
    changes = _changes(project, found, paths, everything)
    present = sorted(name for name, change in changes.items() if change != ChangeKind.REMOVED)
    left_out = tuple(present[limit:])
    sources = _sources(project, found, {name: changes[name] for name in present[:limit]})
    removed = tuple(sorted(name for name, change in changes.items() if change == ChangeKind.REMOVED))
    if fail_on_empty and not sources:
        raise NothingToDoError("no leaf changed")
    run_seed = settings.generation.seed if seed is None else seed
    empty = Preview(found.base, found.head, found.rung, "", None, plan.name, (), removed, left_out)
    shown = _run(project, empty, sources, plan, teacher, student, samples, run_seed) if sources else empty
    if earlier is not None:
        shown = compared(shown, earlier)
    report = FORMATS[form](replace(shown, seconds=time.monotonic() - start))
    if output is None:
        write_out(report)
    else:
        write_file(output, report)


def _base(project: Project, base: str | None, head: str | None, everything: bool) -> Base:
    if everything and base is None and head is None:
        return Base("--all", project.repository.head(), None)
    return find_base(
        project.repository,
        base=base,
        head=head,
        environment=os.environ,
        default_branch=project.settings.taxonomy.default_branch,
    )


def _recipe(project: Project, found: Base, flag: str | None) -> GenerationRecipe:
    if flag is not None:  # whoever types the command names a file of their own machine
        return load_recipe(flag)
    if found.head is not None:
        return recipe_at(project.repository, found.base, project.settings.generation.recipe)
    return project.recipe(None, None)


def _changes(project: Project, found: Base, paths: Sequence[str], everything: bool) -> dict[str, str]:
    """Leaf names with what became of them; paths narrow (and, for unchanged leaves, widen) the choice."""
    root = project.settings.taxonomy.root
    repository = project.repository
    changed = {
        change.name: str(change.kind)
        for change in changed_leaves(repository, base=found.base, head=found.head, taxonomy_root=root)
    }
    if not (everything or paths):
        return changed
    every = {
        leaf_name(file.path, root): file.path
        for file in all_leaves(repository, revision=found.head, taxonomy_root=root)
    }
    folders = [_from_root(project, path) for path in paths]
    picked = {
        name: path for name, path in every.items() if everything or any(_under(path, one) for one in folders)
    }
    return {name: changed.get(name, str(ChangeKind.UNCHANGED)) for name in picked}


def _from_root(project: Project, path: str) -> str:
    """A path as typed, seen from the repository's root."""
    here = Path(os.path.normpath(Path.cwd() / path))
    root = project.repository.root.resolve()
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else path


def _under(path: str, folder: str) -> bool:
    return folder == "." or path == folder or path.startswith(f"{folder.rstrip('/')}/")


def _sources(project: Project, found: Base, changes: Mapping[str, str]) -> list[tuple[LeafSource, str]]:
    sources = read_sources(
        project.repository,
        commit=found.head,
        taxonomy_root=project.settings.taxonomy.root,
        names=changes,
        policy=FetchPolicy(hosts=project.settings.documents.hosts),
    )
    return [(source, changes[source.name]) for source in sources]


def _run(
    project: Project,
    empty: Preview,
    sources: Sequence[tuple[LeafSource, str]],
    recipe: GenerationRecipe,
    teacher_flag: str | None,
    student_flag: str | None,
    samples: int,
    run_seed: int,
) -> Preview:
    # Its own journal: answers to leaves that nobody has reviewed never enter the one that generation reads.
    teacher = journaled(
        open_teacher(teacher_settings(project.settings, teacher_flag)),
        project.journal_folder / "preview.sqlite",
    )
    student, problem = _student(project.settings, student_flag)

    async def run() -> tuple[LeafPreview, ...]:
        try:
            return await preview_leaves(
                sources, recipe=recipe, teacher=teacher, student=student, samples=samples, run_seed=run_seed
            )
        finally:
            if student is not None:
                await student.close()
            await teacher.close()

    leaves = event_loop.run(run())
    return replace(
        empty,
        teacher=str(teacher.identity),
        student=str(student.identity) if student is not None else None,
        student_problem=problem,
        leaves=leaves,
    )


def _student(settings: Settings, flag: str | None) -> tuple[Teacher | None, str | None]:
    """The student through the same back end as a teacher. A missing one is said, not fatal, unless it was asked for."""
    name = flag or settings.preview.student or settings.student.model
    try:
        folder = str(bundled_file("training/sandbox/student")) if name == _SANDBOX else name
        if name == _SANDBOX and not Path(folder).is_dir():
            raise TeacherError("the sandbox's student was not built", hint="seedbed sandbox build")
        return open_teacher(parse_teacher(f"transformers:{folder}")), None
    except SeedbedError as error:
        if flag is not None:
            raise
        return None, error.message
