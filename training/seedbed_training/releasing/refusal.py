"""A refused release in words: which leaves, one wrong answer of each, and what to try. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from seedbed.errors import TrainingError
from seedbed.generation.release_manifest import GateRecord
from seedbed_training.evaluation.gate import LeafOutcome, Limits, refused
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.evaluation.score import CaseScore
from seedbed_training.planning.leaf_names import shortened
from seedbed_training.planning.plan import TrainingPlan, Why

_FEW_SAMPLES = 30  # of a leaf, to train on; LAB's own pipeline makes 30 and more
_NAMED = 30  # reasons before the rest is counted
_EXAMPLES = 5  # leaves of which a wrong answer is shown
_SHOWN = 60  # characters of a question or an answer


def refusal(
    plan: TrainingPlan,
    evaluation: Evaluation,
    outcomes: Sequence[LeafOutcome],
    verdict: GateRecord,
    limits: Limits,
) -> TrainingError:
    """The error that says why the gate refuses; its hint has the steps that fit these leaves."""
    grounds = sorted(refused(outcomes, limits), key=lambda found: found.leaf)
    lines = [f"the gate refuses {plan.release}:", *(f"- {reason}" for reason in verdict.reasons[:_NAMED])]
    if len(verdict.reasons) > _NAMED:
        lines.append(f"- and {len(verdict.reasons) - _NAMED} more: seedbed eval --release {plan.release}")
    examples = [_example(evaluation, found) for found in grounds]
    shown = [example for example in examples if example][:_EXAMPLES]
    if shown:
        lines += ["where it went wrong, for example:", *shown]
    return TrainingError("\n".join(lines), hint="\n       ".join(_advice(plan, grounds, limits)))


def _example(evaluation: Evaluation, found: LeafOutcome) -> str | None:
    """The case of a leaf that lost most, against the parent for an old leaf."""
    this, parent = evaluation.score("this", found.leaf), evaluation.score("parent", found.leaf)
    if this is None:
        return None
    before: Mapping[str, CaseScore] = (
        {case.case.sample: case for case in parent.cases} if parent and not found.fresh else {}
    )

    def gain(case: CaseScore) -> tuple[float, int, str]:
        earlier = before.get(case.case.sample)
        return case.score - (earlier.score if earlier else 1.0), len(case.case.question), case.case.sample

    worst = min(this.cases, key=gain)
    text = (
        f"- {found.leaf}: asked {_short(worst.case.question)}, it says {_short(worst.case.answer)}; "
        f"right is {_short(worst.case.reference)}"
    )
    return text if worst.score < 1.0 else None


def _short(text: str) -> str:
    """On one line; a long text loses its middle, since what a grounded question asks stands at its end."""
    line = " / ".join(part.strip() for part in text.splitlines() if part.strip())
    return f"“{shortened(line, _SHOWN)}”"


def _advice(plan: TrainingPlan, grounds: Sequence[LeafOutcome], limits: Limits) -> Sequence[str]:
    fresh = [found for found in grounds if found.fresh]
    fell = len(grounds) > len(fresh) or not grounds  # or the mean over the old leaves alone
    again = f"--release {plan.release}-b"
    steps = [
        *_for_silence([found for found in grounds if found.without_verdict]),
        *_for_held_out([found.leaf for found in fresh if found.score is None]),
        *_for_fresh(plan, [found.leaf for found in fresh if found.score is not None]),
        *(_for_old(plan) if fell else []),
    ]
    return [
        *steps,
        f"then train under another name: seedbed train {again}",
        f"or other limits: --minimum-score (now {limits.minimum_score:g}), --maximum-drop (now {limits.maximum_drop:g})",
    ]


def _for_silence(silent: Sequence[LeafOutcome]) -> Sequence[str]:
    if not silent:
        return []
    return ["a judge that keeps to its list of grades: judge under [evaluation] in seedbed.toml"]


def _for_held_out(leaves: Sequence[str]) -> Sequence[str]:
    return [f"more samples, of which some are held out: {_generate(leaf)}" for leaf in leaves[:_EXAMPLES]]


def _for_fresh(plan: TrainingPlan, leaves: Sequence[str]) -> Sequence[str]:
    counts = _fresh_samples(plan)
    few = {leaf: sum(counts[leaf].values()) for leaf in leaves if sum(counts[leaf].values()) < _FEW_SAMPLES}
    steps = [
        f"more samples of {leaf}, which has {count} to train on: {_generate(leaf)}"
        for leaf, count in list(few.items())[:_EXAMPLES]
    ]
    phases = {phase for leaf in leaves if leaf not in few for phase in counts[leaf]}
    return steps + [
        f"more epochs or a higher learning rate for the phase {phase.recipe.name} in the recipe "
        f"(now {phase.recipe.epochs:g} and {phase.recipe.learning_rate:g})"
        for phase in plan.phases
        if phase.recipe.name in phases
    ]


def _fresh_samples(plan: TrainingPlan) -> Mapping[str, Counter[str]]:
    """Leaf → phase → how many of its samples the phase teaches."""
    counts: dict[str, Counter[str]] = {leaf: Counter() for leaf in plan.fresh}
    for phase in plan.phases:
        for planned in phase.samples:
            if planned.why is Why.FRESH:
                counts[planned.leaf][phase.recipe.name] += 1
    return counts


def _for_old(plan: TrainingPlan) -> Sequence[str]:
    if not plan.replayed:
        return ["replay, which this run had none of: train without --no-replay"]
    replay = plan.recipe.replay
    return [
        (
            f"more replay: replay.leaf_share in the recipe (now {replay.leaf_share:g}); replay.minimum_per_leaf "
            f"(now {replay.minimum_per_leaf}) for single leaves that fell"
        ),
        "or fewer epochs or a lower learning rate for the new leaves",
    ]


def _generate(leaf: str) -> str:
    return f"seedbed generate --leaf {leaf} --samples N"
