"""A preview: what the teacher would make of each changed leaf, and what the student knows of it already."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from seedbed.generation.asking import Asker, Usage, together
from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.grow_leaf import LeafGrower, Refusal
from seedbed.generation.grow_task import OnDecided, Rejected
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.leaf_sources import LeafSource
from seedbed.generation.normalise import normalised
from seedbed.generation.preview_differences import EarlierPreview, SampleDifference, sample_difference
from seedbed.generation.progress import Progress, Unwatched
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.seed import Seed, leaf_seeds
from seedbed.generation.task import SourcePassage
from seedbed.taxonomy.leaf import Kind, Leaf
from seedbed.teacher.teacher import Message, Request, Teacher

STUDENT_QUESTIONS = 24  # of a leaf's own questions at most
STUDENT_TOKENS = 256  # of an answer at most
ATTEMPTS_PER_SAMPLE = 6
LEAVES_AT_ONCE = 20
"""Leaves of one preview unless more are asked for: a change that touches a hundred must not buy a hundred."""
KNOWN_ALREADY = 0.8  # share of a leaf's questions from which the student counts as knowing it
_PROSE_WORDS = 12  # answers longer than this are rarely equal word for word, even right ones


@dataclass(frozen=True, slots=True)
class StudentAnswer:
    """What the student says to one of the leaf's own questions, before any training on it."""

    question: str
    expected: str
    answer: str

    @property
    def right(self) -> bool:
        return normalised(self.answer) == normalised(self.expected)


@dataclass(frozen=True, slots=True)
class LeafPreview:
    """One leaf; `problem` says why there are no samples of it, `since` what is new in them."""

    name: str
    path: str
    change: str
    problem: str | None = None
    samples: tuple[Sample, ...] = ()
    funnels: Mapping[Stage, Funnel] = field(default_factory=dict)
    seeds: tuple[Seed, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    seed_copies: tuple[tuple[str, str], ...] = ()
    since: SampleDifference | None = None
    student_answers: tuple[StudentAnswer, ...] = ()
    teacher_tokens: int = 0
    student_tokens: int = 0
    seconds: float = 0.0

    @property
    def known(self) -> int:
        """How many of the leaf's own questions the student answers as the author does."""
        return sum(answer.right for answer in self.student_answers)

    @property
    def verdict(self) -> str:
        """Does the student know this already? One sentence for whoever decides about the leaf; "" if nobody asked it."""
        asked = len(self.student_answers)
        if not asked:
            return ""
        of = f"{self.known} of {asked} questions answered as the leaf does"
        if self.known >= KNOWN_ALREADY * asked:
            return f"The student knows this already ({of}): is the leaf needed?"
        if self.known:
            return f"The student knows a part of this ({of})."
        longest = max(len(answer.expected.split()) for answer in self.student_answers)
        if longest > _PROSE_WORDS:
            return f"No match, word for word ({of}); longer answers rarely match: read the student's own."
        return f"The student does not know this yet ({of})."


STOPPED = {
    "tokens": "it reached the most tokens that a preview may use ([preview] most_tokens)",
    "seconds": "it reached the most seconds that a preview may take ([preview] most_seconds)",
    "cost": "it reached the most that a preview may cost ([preview] most_cost)",
}
"""Why a preview ended before every attempt was made, in words."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A whole preview, and what made it."""

    base: str | None
    head: str | None
    rung: str
    teacher: str
    student: str | None  # None when there is no student to ask; `student_problem` says why
    recipe: str
    leaves: tuple[LeafPreview, ...]
    removed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # changed leaves beyond the limit
    student_problem: str | None = None
    previous: EarlierPreview | None = None  # what `LeafPreview.since` compares with
    stopped: str | None = None  # the cap that ended it: tokens, seconds or cost
    seconds: float = 0.0


def compared(preview: Preview, earlier: EarlierPreview) -> Preview:
    """The preview with what changed since an earlier one; a leaf that the earlier one did not show is not compared."""
    leaves = tuple(
        replace(leaf, since=sample_difference(leaf.samples, earlier.leaves[leaf.name]))
        if leaf.name in earlier.leaves
        else leaf
        for leaf in preview.leaves
    )
    return replace(preview, leaves=leaves, previous=earlier)


def small_recipe(recipe: GenerationRecipe, leaf: Leaf, passages: int, samples: int) -> GenerationRecipe:
    """The recipe with so few attempts that about `samples` samples of the leaf come out."""
    if leaf.kind is Kind.KNOWLEDGE:
        each = math.ceil(samples / 2 / max(1, passages))
        short = replace(recipe.knowledge_short, samples=each, attempts=each * ATTEMPTS_PER_SAMPLE)
        long = replace(recipe.knowledge_long, samples=each, attempts=each * ATTEMPTS_PER_SAMPLE)
        return replace(recipe, knowledge_short=short, knowledge_long=long)
    attempts = samples * ATTEMPTS_PER_SAMPLE
    return replace(
        recipe,
        freeform=replace(recipe.freeform, samples=samples, attempts=attempts),
        grounded=replace(recipe.grounded, samples=samples, attempts=attempts),
    )


def spread(passages: Sequence[SourcePassage], samples: int) -> tuple[SourcePassage, ...]:
    """So many passages as half the samples need, evenly over the documents."""
    count = min(len(passages), math.ceil(samples / 2))
    return tuple(passages[index * len(passages) // count] for index in range(count))


async def preview_leaves(
    sources: Sequence[tuple[LeafSource, str]],
    *,
    recipe: GenerationRecipe,
    teacher: Teacher,
    student: Teacher | None,
    samples: int = 8,
    run_seed: int = 0,
    progress: Progress | None = None,
) -> tuple[LeafPreview, ...]:
    """A preview of each (leaf, change), in their order. Nothing is stored. Raises TeacherError when a model is lost."""
    watcher = progress or Unwatched()
    asker = Asker(teacher, on_answer=watcher.answered)
    student_asker = Asker(student) if student is not None else None

    async def preview(source: LeafSource, change: str) -> LeafPreview:
        shown = await _preview_leaf(
            source, change, recipe, asker, student_asker, samples, run_seed, watcher.decided
        )
        outcome = Outcome.PREVIEWED if shown.problem is None else Outcome.UNREADABLE
        watcher.finished(LeafOutcome(source.name, outcome, shown.problem or ""))
        return shown

    return tuple(await together(preview(source, change) for source, change in sources))


async def _preview_leaf(
    source: LeafSource,
    change: str,
    recipe: GenerationRecipe,
    asker: Asker,
    student: Asker | None,
    samples: int,
    run_seed: int,
    on_decided: OnDecided,
) -> LeafPreview:
    start = time.monotonic()
    if source.leaf is None:
        return LeafPreview(source.name, source.path, change, source.problem)
    student_usage = Usage()
    answers = await _ask_student(source.leaf, student, student_usage) if student else ()
    asked = LeafPreview(
        source.name,
        source.path,
        change,
        seeds=leaf_seeds(source.leaf),
        student_answers=answers,
        student_tokens=student_usage.prompt_tokens + student_usage.completion_tokens,
    )
    passages = spread(source_passages(source.documents, recipe.passages), samples)
    small = small_recipe(recipe, source.leaf, len(passages), samples)
    harvest = await LeafGrower(small, asker, run_seed=run_seed).grow(
        source.leaf, passages, on_decided=on_decided
    )
    seconds = time.monotonic() - start
    if isinstance(harvest, Refusal):
        return replace(asked, problem=harvest.reason, seconds=seconds)
    spent = harvest.total
    usage = harvest.entrance
    generated = [one for one in harvest.samples if one.provenance.parameters.get("origin") != "seed example"]
    return replace(
        asked,
        samples=tuple(generated[:samples]),
        funnels=harvest.funnels,
        rejected=harvest.rejected,
        seed_copies=harvest.seed_copies,
        teacher_tokens=spent.prompt_tokens
        + spent.completion_tokens
        + usage.prompt_tokens
        + usage.completion_tokens,
        seconds=seconds,
    )


async def _ask_student(leaf: Leaf, student: Asker, usage: Usage) -> tuple[StudentAnswer, ...]:
    """The leaf's own questions, as training would put them: knowledge without its context, no example before."""
    seeds = leaf_seeds(leaf)[:STUDENT_QUESTIONS]
    answers = await together(student.ask(_student_request(seed), usage) for seed in seeds)
    return tuple(
        StudentAnswer(seed.identity, seed.answer, f"({answer})" if isinstance(answer, Loss) else answer)
        for seed, answer in zip(seeds, answers, strict=True)
    )


def _student_request(seed: Seed) -> Request:
    return Request((Message("user", seed.identity),), max_tokens=STUDENT_TOKENS)
