"""Growing a leaf: its tasks as the teacher has room for them, then its samples in one fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seedbed.errors import ConfigurationError
from seedbed.generation.asking import Asker, Usage
from seedbed.generation.entrance import failed_entrance, unreadable_words
from seedbed.generation.funnel import Funnel, total
from seedbed.generation.grow_task import Accepted, OnDecided, Rejected, TaskHarvest
from seedbed.generation.grow_together import grow_together
from seedbed.generation.held_out import is_held_out, split_seeds
from seedbed.generation.normalise import normalised
from seedbed.generation.patience import Patience
from seedbed.generation.recipe import GenerationRecipe, SeedSource
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.generation.seed import Seed, leaf_seeds, leaf_stages, seed_stage, user_message
from seedbed.generation.seed_pool import SeedPool
from seedbed.generation.task import SourcePassage, Task
from seedbed.generation.template_variables import recipe_templates
from seedbed.taxonomy.leaf import Kind, Leaf
from seedbed.teacher.teacher import Message, TeacherIdentity


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a leaf gave: its samples in the order of stages, passages and attempts, held-out seeds first."""

    leaf: Leaf
    samples: tuple[Sample, ...]
    funnels: Mapping[Stage, Funnel]
    entrance: Usage
    seed_copies: tuple[tuple[str, str], ...] = ()
    rejected: tuple[Rejected, ...] = ()
    given_up: bool = False
    """Whether its first attempts were all lost for the teacher's sake, and no more were made."""

    @property
    def total(self) -> Funnel:
        return total(self.funnels.values())


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a leaf was not grown; the others are."""

    leaf: Leaf
    reason: str
    by_teacher: bool = False
    """Whether another teacher might grow it; otherwise the leaf itself lacks something."""


class LeafGrower:
    """Grows leaves by one recipe, with one teacher and one seed."""

    def __init__(
        self,
        recipe: GenerationRecipe,
        asker: Asker,
        *,
        run_seed: int,
        pool: SeedPool | None = None,
        give_up_after: int = 0,
    ) -> None:
        """After `give_up_after` first attempts without a usable answer a leaf is given up; 0 is never. Raises ConfigurationError when a template of the recipe is broken or asks for a variable that is not there, and
        when the recipe draws from a pool and there is none."""
        if recipe.seeds_from is SeedSource.BRANCH and pool is None:
            raise ConfigurationError(
                f"recipe {recipe.name} draws from the seeds of whole branches, which are not read here",
                hint="`seedbed generate` reads them; elsewhere use a recipe with seeds_from: leaf, such as lab",
            )
        self._pool = pool if recipe.seeds_from is SeedSource.BRANCH else None
        self.recipe = recipe
        self._templates = recipe_templates(recipe)
        self._asker = asker
        self._run_seed = run_seed
        self._give_up_after = give_up_after
        self._digest = recipe.digest  # of many figures and templates: not to be made for every sample

    def tasks(self, leaf: Leaf, passages: Sequence[SourcePassage]) -> tuple[Task, ...]:
        """Stage by stage, and for knowledge passage by passage; then its views, passage by passage."""
        seeds = split_seeds(leaf_seeds(leaf), self.recipe.held_out.seeds)
        places: Sequence[SourcePassage | None] = passages if leaf.kind is Kind.KNOWLEDGE else (None,)
        pool = self._pool.for_leaf(leaf) if self._pool else ()
        asked = [
            Task(leaf, stage, self.recipe, self._templates, seeds, self._run_seed, place, pool=pool)
            for stage in leaf_stages(leaf)
            for place in places
        ]
        views = self.recipe.views if leaf.kind is Kind.KNOWLEDGE else ()
        long = Stage.KNOWLEDGE_LONG
        told = [
            Task(leaf, long, self.recipe, self._templates, seeds, self._run_seed, place, view)
            for view in views
            for place in places
        ]
        return (*asked, *told)

    async def grow(
        self,
        leaf: Leaf,
        passages: Sequence[SourcePassage],
        *,
        place: int = 0,
        on_decided: OnDecided = lambda loss, share: None,
    ) -> Harvest | Refusal:
        """All samples of a leaf, or why the teacher is not trusted with it.

        `place` is the leaf's own among those that grow at the same time. `on_decided` hears of each attempt why it
        fell, None if it was kept, and what share of the leaf that did, 0…1.
        """
        asker = self._asker.at(place)
        tasks = self.tasks(leaf, passages)
        if not tasks:
            return Refusal(leaf, "its documents hold no text")
        first, usage = tasks[0], Usage()
        if not first.seeds.training:
            return Refusal(leaf, "it has too few seed examples to hold one out")
        reason = (
            unreadable_words(leaf_seeds(leaf), passages, asker.teacher)
            if self.recipe.closed_vocabulary
            else None
        )
        reason = reason or await failed_entrance(first, asker, usage)
        if reason:
            return Refusal(leaf, reason, by_teacher=True)
        patience = Patience(len(tasks), self._give_up_after)
        harvests = await grow_together(tasks, asker, on_decided, patience)
        grown = [
            (harvest, _sample(harvest.task, accepted, asker.teacher.identity, self._digest))
            for harvest in harvests
            for accepted in harvest.accepted
        ]
        from_seeds = [_held_out_sample(first, seed, self._digest) for seed in first.seeds.held_out]
        return Harvest(
            leaf,
            tuple(_one_per_question([*from_seeds, *(sample for _, sample in grown)])),
            {
                stage: _stage_funnel(stage, harvests, self.recipe.held_out.samples)
                for stage in leaf_stages(leaf)
            },
            usage,
            tuple(copy for harvest in harvests for copy in harvest.seed_copies),
            tuple(one for harvest in harvests for one in harvest.rejected),
            given_up=patience.over,
        )


def _stage_funnel(stage: Stage, harvests: Sequence[TaskHarvest], share: float) -> Funnel:
    mine = [harvest for harvest in harvests if harvest.task.stage is stage]
    held_out = sum(
        is_held_out(one.draft.sample_question, share)
        for harvest in mine
        for one in harvest.accepted
        if harvest.task.view is None
    )
    return replace(total(harvest.funnel for harvest in mine), held_out=held_out)


def _one_per_question(samples: Sequence[Sample]) -> list[Sample]:
    """Held-out seeds may ask the same question twice (with two contexts, for knowledge); one of them is enough."""
    return list(
        {(sample.stage, normalised(sample.question)): sample for sample in reversed(samples)}.values()
    )[::-1]


def _sample(task: Task, accepted: Accepted, teacher: TeacherIdentity, digest: str) -> Sample:
    step, passage = task.stream.answer, task.passage
    question = accepted.draft.sample_question
    return Sample(
        leaf=task.leaf.name,
        stage=task.stage,
        messages=(Message("user", question), Message("assistant", accepted.answered.answer)),
        held_out=task.view is None and is_held_out(question, task.recipe.held_out.samples),
        provenance=Provenance(
            leaf_blob=task.leaf.blob,
            prompts_digest=digest,
            teacher=teacher,
            seed=task.request_seed(accepted.attempt, "answer"),
            parameters={
                "attempt": accepted.attempt,
                "max_tokens": step.max_tokens,
                "temperature": step.heat(task.register),
                "judging": str(task.stream.judging.mode),
                **({"quote": accepted.answered.quote} if accepted.answered.quote else {}),
                **({"view": task.view.name, "view_form": str(task.view.form)} if task.view else {}),
                **(passage.conversion if passage else {}),
            },
            document_path=passage.path if passage else None,
            document_blob=passage.blob if passage else None,
            passage=passage.span if passage else None,
        ),
        scores=accepted.answered.scores,
    )


def _held_out_sample(task: Task, seed: Seed, digest: str) -> Sample:
    """A held-out seed as the sample that it is evaluated with: a person wrote it, no teacher saw it."""
    question = seed.question if seed.kind is Kind.KNOWLEDGE else user_message(seed.question, seed.context)
    return Sample(
        leaf=task.leaf.name,
        stage=seed_stage(task.leaf, seed),
        messages=(Message("user", question), Message("assistant", seed.answer)),
        held_out=True,
        provenance=Provenance(
            leaf_blob=task.leaf.blob,
            prompts_digest=digest,
            teacher=TeacherIdentity("none", "seed example", task.leaf.blob),
            seed=0,
            parameters={"origin": "seed example"},
        ),
    )
