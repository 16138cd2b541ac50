"""`seedbed preview`: what would be made of the changed leaves, before anything is merged.

In CI three jobs share it, none of which holds a key, a stranger's text and a token that writes:

    seedbed preview --head COMMIT --prepare request.json         no key: what would be asked for, and what it costs
    seedbed preview --head COMMIT --request request.json \\
        --format json --output preview.json [--previous …]       the key or the GPU, nothing else
    seedbed publish --preview preview.json                       the token, and a file that it trusts nothing in

The second reads leaves from the object store and settings, recipe and prompts from the base, as the first did, and
carries nothing out that is not what the request says. `[preview]` in the base's seedbed.toml caps what it spends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from seedbed.bundled_files import bundled_file
from seedbed.cli.generate_progress import watch
from seedbed.cli.options import write_file, write_out
from seedbed.cli.preview_scope import Scope, scope_of
from seedbed.config import Settings
from seedbed.errors import NothingToDoError, SeedbedError, TeacherError, UsageError
from seedbed.generation.cost import Prices
from seedbed.generation.preview import LEAVES_AT_ONCE, LeafPreview, Preview, compared, preview_leaves
from seedbed.generation.preview_budget import CappedTeacher
from seedbed.generation.preview_differences import EarlierPreview, read_earlier
from seedbed.generation.preview_request import MOST_LEAVES, PreviewRequest, read_request, request_json
from seedbed.generation.project import journaled, teacher_settings
from seedbed.generation.unanswered import Troubles
from seedbed.reports.escape import terminal_text
from seedbed.reports.preview_html import preview_html
from seedbed.reports.preview_json import preview_json
from seedbed.reports.preview_markdown import preview_markdown
from seedbed.reports.preview_request import request_text
from seedbed.reports.preview_text import preview_text
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
@click.option(
    "--all", "everything", is_flag=True, help="Every leaf (under PATHS), not only the changed ones."
)
@click.option("--base", metavar="REV", help="The commit to compare with; found by itself unless given.")
@click.option(
    "--head", metavar="REV", help="Preview this commit, from the object store; the working tree unless given."
)
@click.option(
    "--samples", type=click.IntRange(1, 100), default=8, show_default=True, help="Samples per leaf."
)
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_LEAVES),
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
    help="The JSON of an earlier preview: say which samples are new and which are gone. With --request, one that cannot be "
    "read is left aside.",
)
@click.option(
    "--prepare",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Ask nothing: write to FILE what would be asked for, and say what it would cost.",
)
@click.option(
    "--request",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Show what --prepare wrote to FILE, and nothing else; leaves, samples, limit and seed are as it says.",
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
    prepare: Path | None,
    request: Path | None,
    fail_on_empty: bool,
) -> None:
    """A few samples of each changed leaf (or of the leaves under PATHS), and what the student knows already.

    Advisory: it exits with 0 whatever it finds, unless it could not run. With --head, settings and recipe are those of
    the base, so that a change under review cannot choose them.
    """
    start = time.monotonic()
    earlier = _earlier(previous, needed=request is None)
    if (prepare or request) and (paths or everything):
        raise UsageError(
            "a request is about the leaves that a commit changes",
            hint="leave out PATHS and --all, or the request",
        )
    asked = _asked(request, head) if request is not None else None
    scope = scope_of(
        paths,
        everything=everything,
        base=base,
        head=asked.head if asked else head,
        samples=asked.samples if asked else samples,
        limit=asked.limit if asked else limit,
        recipe=recipe,
        seed=asked.seed if asked else seed,
    )
    if asked is not None:
        _hold_to(asked, scope)
    if fail_on_empty and not scope.sources:
        raise NothingToDoError("no leaf changed")
    if prepare is not None:
        wanted = scope.request()
        write_file(prepare, request_json(wanted))
        write_out(request_text(wanted, Prices.of(scope.project.settings.teacher)))
        return
    shown = _run(scope, teacher, student)
    if earlier is not None:
        shown = compared(shown, earlier)
    report = FORMATS[form](replace(shown, seconds=time.monotonic() - start))
    if output is None:
        write_out(report)
    else:
        write_file(output, report)


def _earlier(file: Path | None, *, needed: bool) -> EarlierPreview | None:
    """What is compared with. In CI it is what another run left, maybe in an older form: no reason to have no preview."""
    try:
        return None if file is None else read_earlier(file)
    except UsageError as error:
        if needed:
            raise
        click.echo(f"left aside: {terminal_text(error.message)}", err=True)
        return None


def _asked(file: Path, head: str | None) -> PreviewRequest:
    asked = read_request(file)
    if head is not None and head != asked.head:
        raise UsageError(
            f"the request is about another commit than {head[:64]}",
            hint="--head takes the whole id of the commit that was prepared",
        )
    return asked


def _hold_to(asked: PreviewRequest, scope: Scope) -> None:
    """Nothing is carried out but what was prepared: a branch may have moved since, and the file may be anybody's."""
    differences = asked.differences(scope.request())
    if differences:
        raise UsageError(
            f"the request is not what these commits say; it differs in {', '.join(differences)}",
            hint="prepare it again: seedbed preview --head REV --prepare FILE",
        )


def _run(scope: Scope, teacher_flag: str | None, student_flag: str | None) -> Preview:
    found = scope.found
    empty = Preview(
        found.base, found.head, found.rung, "", None, scope.recipe.name, (), scope.removed, scope.left_out
    )
    if not scope.sources:
        return empty
    settings = teacher_settings(scope.project.settings, teacher_flag)
    # Its own journal: answers to leaves that nobody has reviewed never enter the one that generation reads.
    journal = scope.project.journal_folder / "preview.sqlite"
    teacher = journaled(open_teacher(settings), journal)
    student, problem = _student(scope.project.settings, student_flag)
    capped = CappedTeacher(teacher, scope.caps, Prices.of(settings))

    async def run() -> tuple[LeafPreview, ...]:
        try:
            with watch(len(scope.sources), teacher, Prices.of(settings), Troubles()) as progress:
                return await preview_leaves(
                    scope.sources,
                    recipe=scope.recipe,
                    teacher=capped,
                    student=student,
                    samples=scope.samples,
                    run_seed=scope.seed,
                    progress=progress,
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
        stopped=capped.stopped,
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
