"""The card's section on training: phases, recipe, what it ran on, digests."""

from __future__ import annotations

from collections.abc import Mapping

from seedbed.generation.release_manifest import Role
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.markdown import code, table
from seedbed_training.releasing.plots.losses import LOSSES_FILE


def training_section(facts: CardFacts) -> str:
    """A row for each phase, the loss as a picture, and what makes the run repeatable."""
    picture = f"![Training loss, phase by phase]({LOSSES_FILE})\n\n" if facts.losses else ""
    return f"{_phases(facts)}\n\n{picture}{_choice(facts)}{_recipe(facts)}\n\n{_digests(facts)}\n"


def _choice(facts: CardFacts) -> str:
    """Why this checkpoint; scores are a little too good where it was chosen by the questions that they are of."""
    if not facts.manifest.choice:
        return ""
    flattered = (
        " It was chosen by the questions that it is scored on above, which flatters those scores a little."
    )
    return f"The model is checkpoint {facts.manifest.choice}.{flattered if facts.manifest.scores else ''}\n\n"


def _phases(facts: CardFacts) -> str:
    rates = {phase.name: phase for phase in facts.recipe.phases}
    rows = [("phase", "steps", "tokens", "of them replay", "epochs", "learning rate", "warm-up", "seconds")]
    for phase in facts.manifest.phases:
        figures = rates[phase.name]
        rows.append(
            (
                phase.name,
                f"{phase.steps:,}",
                f"{phase.tokens:,}",
                f"{phase.replay_tokens / phase.tokens:.1%}" if phase.tokens else "-",
                f"{figures.epochs:g}",
                f"{figures.learning_rate:g}",
                str(figures.warmup_steps),
                f"{phase.seconds:.0f}",
            )
        )
    return table(rows)


def _recipe(facts: CardFacts) -> str:
    recipe = facts.recipe
    older = (
        f"{recipe.replay.leaf_share:.0%} of each phase's tokens for older leaves "
        f"({recipe.replay.strategy}, {recipe.replay.scope.replace('_', ' ')}, at least "
        f"{recipe.replay.minimum_per_leaf} samples each)"
        if facts.names(Role.REPLAYED)
        else "nothing for older leaves"
    )
    return (
        f"Batches of {recipe.batch_samples} samples, {recipe.schedule} learning rate after warm-up, {recipe.precision}. "
        f"Replay: {older}, {recipe.replay.phase_share:.0%} for earlier phases. "
        f"Made with {_environment(facts.environment)}."
    )


def _digests(facts: CardFacts) -> str:
    manifest = facts.manifest
    rows = [
        ("made by", "digest"),
        (f"base {code(facts.base)}", code(manifest.base_model_digest)),
        (f"recipe {code(manifest.recipe)}", code(manifest.recipe_digest)),
        (f"plan, seed {manifest.seed}", code(manifest.plan_digest)),
        ("taxonomy, commit", code(manifest.taxonomy_commit)),
        (f"**this model**, by Seedbed {manifest.seedbed_version}", code(manifest.model_digest)),
    ]
    return table(rows)


def _environment(environment: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(environment.items()) if name != "seedbed")
