"""What a judge is worth: seeds that people wrote, with and without planted faults, judged as samples would be."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from seedbed.generation.asking import Asker, Usage, together
from seedbed.generation.audit_record import CriterionAudit
from seedbed.generation.funnel import Loss
from seedbed.generation.held_out import SeedSplit
from seedbed.generation.judging import (
    PAIR_SCORES,
    YES_NO,
    Verdict,
    ask_verdict,
    criterion_name,
    verdict_request,
)
from seedbed.generation.planting import PLANTERS, Fault, Ground, Pair, forged
from seedbed.generation.recipe import GenerationRecipe, JudgingMode, JudgingRecipe
from seedbed.generation.seed import Seed, leaf_seeds, seed_stage
from seedbed.generation.task import Draft, Task
from seedbed.generation.template_variables import recipe_templates
from seedbed.taxonomy.leaf import Leaf
from seedbed.teacher.teacher import Request

_WRONG = (Fault.NUMBER, Fault.NAME, Fault.NEGATION, Fault.SWAPPED)
_OF_CRITERION: Mapping[str, tuple[Fault, ...]] = {
    "grounded": (*_WRONG, Fault.UNGROUNDED),
    "answers_question": (Fault.SWAPPED, Fault.EVASIVE),
    "pair": (*_WRONG, Fault.EVASIVE, Fault.HARM),
    "question_fits": (Fault.OFF_TASK,),
    "question_answerable": (Fault.IMPOSSIBLE,),
    "question_closed_book": (Fault.POINTING,),
    "question_harmless": (Fault.HARM,),
    "harmless": (Fault.HARM,),
    "no_personal_data": (Fault.PERSONAL_DATA,),
    "no_profanity": (Fault.PROFANITY,),
}
"""What each criterion is there to catch; one of another name is judged on good pairs, and on wrong answers if it sees
answers."""


@dataclass(frozen=True, slots=True)
class AuditCase:
    """One request to the judge. `fault` is None for a pair as its author wrote it."""

    criterion: str
    fault: Fault | None
    request: Request
    judging: JudgingRecipe


def audit_cases(
    leaves: Sequence[Leaf], recipe: GenerationRecipe, *, run_seed: int, seeds_per_leaf: int
) -> tuple[AuditCase, ...]:
    """Every request of an audit, in the order of leaves, seeds, criteria and faults."""
    templates = recipe_templates(recipe)
    seeds = {leaf.name: leaf_seeds(leaf) for leaf in leaves}
    cases: list[AuditCase] = []
    for leaf in leaves:
        foreign = [seed for name, found in seeds.items() if name != leaf.name for seed in found]
        mine = seeds[leaf.name]
        for index, seed in enumerate(mine[:seeds_per_leaf]):
            stage = seed_stage(leaf, seed)
            task = Task(leaf, stage, recipe, templates, SeedSplit(mine, ()), run_seed)
            others = [other.answer for other in mine if other.question != seed.question]
            ground = Ground(Pair(seed.question, seed.answer), others, foreign)
            cases.extend(_cases_of(task, index, ground, seed))
    return tuple(cases)


def _cases_of(task: Task, index: int, ground: Ground, seed: Seed) -> list[AuditCase]:
    judging = task.stream.judging
    if judging.mode is not JudgingMode.VERDICT:
        return []
    judged: list[tuple[str, tuple[str, ...], bool]] = [
        (template, YES_NO, False) for template in judging.question_criteria
    ]
    judged += [(template, YES_NO, True) for template in (*judging.answer_criteria, *judging.safety_criteria)]
    judged += [(judging.pair, PAIR_SCORES, True)] if judging.pair else []
    cases: list[AuditCase] = []
    for template, choices, sees_answer in judged:
        name = "pair" if template == judging.pair else criterion_name(template)
        for fault, pair in _pairs(task, index, name, ground, sees_answer):
            draft = Draft(pair.question, seed.context, task.leaf.kind)
            answer = pair.answer if sees_answer else ""
            request = verdict_request(task, template, draft, answer, choices, attempt=index)
            cases.append(AuditCase(name, fault, request, judging))
    return cases


def _pairs(
    task: Task, index: int, name: str, ground: Ground, sees_answer: bool
) -> list[tuple[Fault | None, Pair]]:
    """The pair as it is, then with each fault that the criterion is there for, then with a forged verdict on top."""
    found: list[tuple[Fault | None, Pair]] = [(None, ground.pair)]
    for fault in _OF_CRITERION.get(name, _WRONG if sees_answer else ()):
        planted = PLANTERS[fault](ground, _random(task, index, name, fault))
        if planted is not None:
            found.append((fault, planted))
    if len(found) > 1:
        random = _random(task, index, name, Fault.FORGED)
        found.append((Fault.FORGED, forged(random.choice(found[1:])[1], random)))
    return found


def _random(task: Task, index: int, name: str, fault: Fault) -> Random:
    return task.random(index, f"audit {name} {fault}")


async def audit_judge(
    cases: Sequence[AuditCase], asker: Asker, *, answered: Callable[[], None] = lambda: None
) -> tuple[CriterionAudit, ...]:
    """Ask the judge everything and count. Raises TeacherError when the teacher is lost."""
    usage = Usage()

    async def one(case: AuditCase) -> Verdict | Loss:
        verdict = await ask_verdict(case.request, asker, usage)
        answered()
        return verdict

    verdicts = await together(one(case) for case in cases)
    return tally(list(zip(cases, verdicts, strict=True)))


def tally(judged: Sequence[tuple[AuditCase, Verdict | Loss]]) -> tuple[CriterionAudit, ...]:
    """The counts of each criterion, in the order in which they first came."""
    audits = []
    for name in dict.fromkeys(case.criterion for case, _ in judged):
        mine = [(case, verdict) for case, verdict in judged if case.criterion == name]
        shown: Counter[Fault | None] = Counter()
        kept: Counter[Fault | None] = Counter()
        unread = 0
        for case, verdict in mine:
            if isinstance(verdict, Loss):
                unread += 1
                continue
            shown[case.fault] += 1
            kept[case.fault] += passes(verdict, case.judging)
        faults = {fault: (shown[fault], shown[fault] - kept[fault]) for fault in Fault if shown[fault]}
        audits.append(CriterionAudit(name, shown[None], kept[None], faults, unread))
    return tuple(audits)


def passes(verdict: Verdict, judging: JudgingRecipe) -> bool:
    """Whether a sample with this verdict would be kept."""
    if verdict.choice in YES_NO:
        chance, good = verdict.probabilities.get("YES"), verdict.choice == "YES"
    else:
        passing = [
            share for grade, share in verdict.probabilities.items() if int(grade) >= judging.minimum_pair
        ]
        chance, good = sum(passing) if passing else None, int(verdict.choice) >= judging.minimum_pair
    sure = judging.minimum_probability <= 0 or (chance is not None and chance >= judging.minimum_probability)
    return good and sure


def judging_digest(recipe: GenerationRecipe) -> str:
    """64 hex digits over everything of a recipe that a verdict depends on: criteria, thresholds, their templates."""
    parts = []
    for name, stream in sorted(recipe.streams.items()):
        judging = stream.judging
        named = [*judging.criteria, judging.pair, judging.system]
        texts = [recipe.prompts[template] if template else None for template in named]
        parts.append([name, judging.mode, judging.minimum_pair, judging.minimum_probability, named, texts])
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()
