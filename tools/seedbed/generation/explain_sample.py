"""Where a sample comes from: back to the leaf, its commit and author, the passage, the prompts and the answers.

What can no longer be had is said, with the reason: an explanation has gaps rather than guesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seedbed.documents.read_documents import Document
from seedbed.errors import SeedbedError
from seedbed.generation.answering import answer_request, draw_exemplars
from seedbed.generation.find_recipe import find_recipe
from seedbed.generation.find_samples import FoundSample
from seedbed.generation.leaf_sources import LeafSource, read_attribution_beside, read_pool, read_sources
from seedbed.generation.project import Project
from seedbed.generation.recall import Recalled, recall
from seedbed.generation.sample import Sample
from seedbed.generation.task import Task
from seedbed.taxonomy.attribution import Attribution
from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed.taxonomy.history import LastChange, last_changes
from seedbed.taxonomy.leaf import Kind, Span
from seedbed.teacher.teacher import Completion, Request

COMMITS_SEARCHED = 10_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it was sent, what for, and what came back; None where the request alone could be rendered again."""

    role: str
    request: Request
    completion: Completion | None


@dataclass(frozen=True, slots=True)
class PassageText:
    """The stretch of a document that a knowledge sample was made from; `text` None where it cannot be read."""

    path: str
    blob: str
    span: Span
    text: str | None
    pages: tuple[int, int] | None = None
    parser: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is known of a sample; `gaps` says what is not, and why."""

    found: FoundSample
    path: str | None = None  # of the leaf's file
    commit: str | None = None  # the newest one that holds the leaf as it was
    change: LastChange | None = None  # the commit that gave it this content
    created_by: str | None = None
    attribution: Attribution | None = None
    current: bool = True  # whether the leaf is still the same at HEAD
    passage: PassageText | None = None
    exchanges: tuple[Exchange, ...] = ()
    gaps: tuple[str, ...] = ()


def explain_sample(project: Project, found: FoundSample, *, recipe: str | None = None) -> Explanation:
    """Follow a sample back. The network is left alone, and no teacher is asked.

    `recipe` is the name or path of the one that it was made by, for a store that does not keep it.
    """
    repository, root = project.repository, project.settings.taxonomy.root
    sample = found.sample
    place = _place(project, sample)
    told = Explanation(found)
    if place is None:
        gap = f"no commit within {COMMITS_SEARCHED:,} of HEAD holds the leaf as it was (blob {sample.provenance.leaf_blob[:12]})"
        return replace(told, current=False, gaps=(gap,))
    path, commit = place
    change = last_changes(repository, commit, [path], under=path).get(path)
    [source] = read_sources(
        repository, commit=commit, taxonomy_root=root, names=[leaf_name(path, root)], fetch=False
    )
    told = replace(
        told,
        path=path,
        commit=commit,
        change=change,
        created_by=source.leaf.created_by if source.leaf else None,
        attribution=read_attribution_beside(repository, commit, path),
        current=commit == repository.head(),
    )
    passage, passage_gap = _passage(sample, source)
    exchanges, prompt_gap = _exchanges(project, found, source, commit, recipe)
    gaps = tuple(filter(None, (passage_gap, prompt_gap)))
    return replace(told, passage=passage, exchanges=exchanges, gaps=gaps)


def _place(project: Project, sample: Sample) -> tuple[str, str] | None:
    """Path of the leaf's file and the newest commit, HEAD first, in which it is the blob that the sample was made of."""
    repository, root = project.repository, project.settings.taxonomy.root
    head = repository.head()
    names = {
        leaf_name(file.path, root): file.path
        for file in all_leaves(repository, revision=head, taxonomy_root=root)
    }
    prefix = "" if root in ("", ".") else f"{root.strip('/')}/"
    path = names.get(sample.leaf, f"{prefix}{sample.leaf}/qna.yaml")
    waiting, seen = [head], {head}
    for _ in range(COMMITS_SEARCHED):
        if not waiting:
            return None
        commit = waiting.pop(0)
        if any(file.blob == sample.provenance.leaf_blob for file in repository.files(commit, path)):
            return path, commit
        for parent in repository.parents(commit):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return None


def _passage(sample: Sample, source: LeafSource) -> tuple[PassageText | None, str | None]:
    made = sample.provenance
    if made.document_path is None or made.document_blob is None or made.passage is None:
        return None, None
    parser, pages = _recorded(made.parameters)
    absent = PassageText(made.document_path, made.document_blob, made.passage, None, pages, parser)
    document = next((one for one in source.documents if one.blob == made.document_blob), None)
    if document is None:
        reason = source.problem or (
            "its documents stand in another repository and are not fetched here"
            if not source.fetched
            else "the leaf's documents at that commit are others"
        )
        return absent, f"the passage's text cannot be shown: {reason}"
    if parser is not None and document.parser != parser:
        return absent, f"the passage's text cannot be shown: here the document is read by {document.parser}"
    return replace(
        absent,
        text=_covered(document, made.passage),
        parser=document.parser,
        pages=document.pages_of(made.passage.line, made.passage.end_line),
    ), None


def _recorded(parameters: Mapping[str, float | int | str]) -> tuple[str | None, tuple[int, int] | None]:
    """Parser and pages as they were when the sample was made."""
    parser, first, last = (parameters.get(name) for name in ("parser", "first_page", "last_page"))
    pages = (first, last) if isinstance(first, int) and isinstance(last, int) else None
    return (parser if isinstance(parser, str) else None), pages


def _covered(document: Document, span: Span) -> str:
    """The text of a span: exactly what the passage was."""
    lines = document.text.split("\n")[span.line - 1 : span.end_line]
    if lines:
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def _exchanges(
    project: Project, found: FoundSample, source: LeafSource, commit: str, flag: str | None
) -> tuple[tuple[Exchange, ...], str | None]:
    """What was said in the sample's attempt, in order, from the journal."""
    sample, making = found.sample, found.stored.making
    attempt = sample.provenance.parameters.get("attempt")
    if not isinstance(attempt, int):
        return (), None  # a person wrote it
    digest = sample.provenance.prompts_digest
    recipe = find_recipe(project, making.recipe, digest, found.stored.funnels, flag=flag)
    if recipe is None:
        gap = f"no recipe {making.recipe!r} here has the digest they were made with"
        return (), f"the prompts cannot be rendered: {gap}; name its file with --recipe PATH"
    if source.leaf is None or not source.fetched:
        return (), f"the prompts cannot be rendered: {source.problem or 'the documents are not fetched here'}"
    root = project.settings.taxonomy.root
    try:
        recalled = recall(
            source,
            recipe=recipe,
            teacher=making.teacher,
            run_seed=making.seed,
            folder=project.journal_folder,
            pool=read_pool(project.repository, recipe, commit=commit, taxonomy_root=root),
        )
    except SeedbedError as error:
        return (), f"the journal cannot be read: {error.message}"
    task = next((task for task in recalled.tasks if _made_by(task, sample, attempt)), None)
    if task is None:
        return (), "the prompts cannot be rendered: the leaf gives other tasks today"
    exchanges = _of_attempt(task, attempt, recalled)
    if any(one.role == "answer" for one in exchanges):
        return exchanges, None
    gap = "the journal of this machine does not hold the sample's answer"
    if task.leaf.kind is Kind.GROUNDED:  # where its context ends and its question begins is not recorded
        return exchanges, f"{gap}, and its prompt cannot be rendered without it"
    return (*exchanges, _rendered(task, sample, attempt)), f"{gap}; its prompt was rendered again"


def _rendered(task: Task, sample: Sample, attempt: int) -> Exchange:
    exemplar, _ = draw_exemplars(task, attempt)
    context = task.passage.text if task.passage else None
    request = answer_request(task, sample.question, context, exemplar, attempt=attempt)
    return Exchange("answer", request, None)


def _of_attempt(task: Task, attempt: int, recalled: Recalled) -> tuple[Exchange, ...]:
    roles = _roles(task, attempt)
    return tuple(
        Exchange(roles[request.seed], request, completion)
        for request, completion in recalled.exchanges
        if request.seed in roles
    )


def _made_by(task: Task, sample: Sample, attempt: int) -> bool:
    return task.stage is sample.stage and task.request_seed(attempt, "answer") == sample.provenance.seed


def _roles(task: Task, attempt: int) -> dict[int, str]:
    """Seed → what was asked with it: each request of an attempt has a seed of its own."""
    judging = task.stream.judging
    criteria: Sequence[str] = (
        *judging.question_criteria,
        *judging.answer_criteria,
        *judging.safety_criteria,
        *((judging.pair,) if judging.pair else ()),
    )
    names = ["context", "question", "answer", "second answer", *(f"verdict {name}" for name in criteria)]
    return {task.request_seed(attempt, name): name for name in names}
