"""The model card: what the release can do per leaf, what made it, and to whom it is owed. Pure text and one plot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbed.errors import MissingExtraError
from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role, ScoreRecord
from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.evaluation.score import RULE
from seedbed_training.planning.recipe import TrainingRecipe

PLOT_FILE = "scores.png"


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says beyond the manifest."""

    manifest: ReleaseManifest
    recipe: TrainingRecipe
    teachers: Mapping[str, Sequence[str]]
    """Leaf name → the teachers that made its samples."""
    matrix: ScoreMatrix
    """All releases up to this one."""
    replay_token_share: float


def model_card(facts: CardFacts) -> str:
    """The card as Markdown with YAML front matter, as model hubs read it; ends in a newline."""
    manifest = facts.manifest
    sections = [
        _front_matter(facts),
        f"# {manifest.name}\n",
        _summary(facts),
        "## Scores on what was held out\n",
        f"![Score per leaf, before and after]({PLOT_FILE})\n",
        _scores(manifest),
        _continual(facts.matrix),
        "## How it was trained\n",
        _training(facts),
        "## What it was made from\n",
        _provenance(facts),
        "## Limits\n",
        _limits(manifest),
    ]
    return "\n".join(section for section in sections if section)


def draw_scores(manifest: ReleaseManifest, path: Path) -> None:
    """A dumbbell per leaf: where it stood before (parent, else base) and where it stands now, with its interval.

    Raises MissingExtraError without matplotlib. Equal manifests give equal pictures.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("the model card's plot", "train", "matplotlib") from error
    fresh = _names(manifest, Role.FRESH)
    rows = sorted(manifest.scores, key=lambda score: (score.leaf in fresh, score.leaf), reverse=True)
    figure = Figure(figsize=(9, 1.4 + 0.34 * max(1, len(rows))), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for height, score in enumerate(rows):
        before = score.parent if score.parent is not None else score.base
        colour = "#1b7f5c" if score.leaf in fresh else "#2a5d9f"
        axes.plot([score.low, score.high], [height, height], color=colour, alpha=0.25, linewidth=8)
        if before is not None:
            axes.plot([before, score.score], [height, height], color="#999999", linewidth=1.5, zorder=1)
            axes.scatter([before], [height], s=42, facecolors="white", edgecolors="#777777", zorder=2)
        axes.scatter([score.score], [height], s=42, color=colour, zorder=3)
    axes.set_yticks(range(len(rows)), [score.leaf for score in rows], fontsize=8)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("score on held-out cases (band: 95 % interval)")
    was = manifest.parent or "the base model"
    axes.set_title(
        f"{manifest.name}: hollow {was}, full now; green is fresh, blue is old", fontsize=10, loc="left"
    )
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, metadata={"Software": None})


def _front_matter(facts: CardFacts) -> str:
    manifest = facts.manifest
    lines = [
        "---",
        f"base_model: {_quoted(manifest.base_model)}",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "tags: [seedbed, lab, taxonomy]",
        f"model_name: {_quoted(manifest.name)}",
        "---\n",
    ]
    return "\n".join(lines)


def _summary(facts: CardFacts) -> str:
    manifest = facts.manifest
    start = f"release `{manifest.parent}`" if manifest.parent else f"the base model `{manifest.base_model}`"
    fresh, dropped = _names(manifest, Role.FRESH), _names(manifest, Role.DROPPED)
    made = (
        f"Trained from {start} on the taxonomy at commit `{manifest.taxonomy_commit}` by Seedbed "
        f"{manifest.seedbed_version}, recipe `{manifest.recipe}`, seed {manifest.seed}."
    )
    mixed = (
        f"Fresh leaves: {len(fresh)}; old leaves: {len(_kept(manifest)) - len(fresh)}. "
        f"{facts.replay_token_share:.1%} of the tokens were replay of what was taught before."
    )
    parts = [made, mixed]
    if dropped:
        parts.append(
            "Removed from the taxonomy, and replayed no more (what the weights still hold of them was not unlearned): "
            + ", ".join(f"`{name}`" for name in dropped)
            + "."
        )
    return "\n\n".join(parts) + "\n"


def _scores(manifest: ReleaseManifest) -> str:
    fresh = _names(manifest, Role.FRESH)
    rows = [("leaf", "", "cases", "base", "parent", "this", "95 % interval")]
    for score in sorted(manifest.scores, key=lambda score: (score.leaf in fresh, score.leaf)):
        rows.append(
            (
                f"`{score.leaf}`",
                "fresh" if score.leaf in fresh else "old",
                str(score.cases),
                _figure(score.base),
                _figure(score.parent),
                f"**{score.score:.2f}**",
                f"{score.low:.2f} to {score.high:.2f}",
            )
        )
    for word, group in (
        ("old", [score for score in manifest.scores if score.leaf not in fresh]),
        ("fresh", [score for score in manifest.scores if score.leaf in fresh]),
    ):
        if group:
            rows.append(("mean", word, "", *_means(group), ""))
    return f"{_table(rows)}\n\nScored by {RULE}. Greedy answers; no case was trained on.\n"


def _means(group: Sequence[ScoreRecord]) -> tuple[str, str, str]:
    def mean(values: Iterable[float | None]) -> str:
        known = [value for value in values if value is not None]
        return _figure(sum(known) / len(known) if known else None)

    return (
        mean(score.base for score in group),
        mean(score.parent for score in group),
        mean(score.score for score in group),
    )


def _continual(matrix: ScoreMatrix) -> str:
    if not matrix.old_leaves:
        return ""
    worst = matrix.worst_leaf_retention
    text = (
        f"Over the releases {', '.join(matrix.releases)}: accuracy {matrix.accuracy:.3f}, backward transfer "
        f"{matrix.backward_transfer:+.3f} (last score minus the first one, old leaves), forgetting "
        f"{matrix.forgetting:.3f} (best earlier score minus the last one)"
    )
    if worst:
        text += f", worst retention {worst[1]:.0%} (`{worst[0]}`)"
    return f"{text}.\n"


def _training(facts: CardFacts) -> str:
    manifest = facts.manifest
    rates = {phase.name: phase for phase in facts.recipe.phases}
    rows = [("phase", "steps", "tokens", "of them replay", "epochs", "learning rate", "warm-up", "seconds")]
    for phase in manifest.phases:
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
    recipe = facts.recipe
    text = (
        f"Batches of {recipe.batch_samples} samples, {recipe.schedule} learning rate after warm-up, {recipe.precision}. "
        f"Replay: {recipe.replay.leaf_share:.0%} of each phase's tokens for older leaves "
        f"({recipe.replay.strategy}, {recipe.replay.scope.replace('_', ' ')}, at least "
        f"{recipe.replay.minimum_per_leaf} samples each), {recipe.replay.phase_share:.0%} for earlier phases."
    )
    digests = (
        f"Digests: model `{manifest.model_digest}`, base `{manifest.base_model_digest}`, plan `{manifest.plan_digest}`, "
        f"recipe `{manifest.recipe_digest}`."
    )
    return f"{_table(rows)}\n\n{text}\n\n{digests}\n"


def _provenance(facts: CardFacts) -> str:
    rows = [("leaf", "role", "trained on", "held out", "qna.yaml", "authors", "licence", "teacher")]
    for leaf in facts.manifest.leaves:
        rows.append(
            (
                f"`{leaf.name}`",
                leaf.role.value,
                f"{leaf.training_samples:,}",
                f"{leaf.held_out_samples:,}",
                f"`{leaf.blob[:12]}`",
                _inline(", ".join(leaf.authors) or "not stated"),
                _inline(leaf.licence or "not stated"),
                _inline(", ".join(facts.teachers.get(leaf.name, ())) or "-"),
            )
        )
    return (
        _table(rows) + f"\n\nEach leaf's file is `git cat-file blob <qna.yaml>` in its repository, at commit "
        f"`{facts.manifest.taxonomy_commit}` or before.\n"
    )


def _limits(manifest: ReleaseManifest) -> str:
    known = {score.leaf for score in manifest.scores}
    silent = [leaf.name for leaf in _kept(manifest) if leaf.name not in known]
    text = (
        "The scores speak for questions like those of the leaves, asked as they were asked there, and for nothing else. "
        "Answers to train on came from the teachers named above, and so do their errors. The licences above are those of "
        "the leaves' sources; the base model's and the teachers' own terms hold as well."
    )
    if silent:
        text += " Nothing was held out for " + ", ".join(f"`{name}`" for name in silent) + "."
    return text + "\n"


def _kept(manifest: ReleaseManifest) -> Sequence[LeafRecord]:
    return [leaf for leaf in manifest.leaves if leaf.role is not Role.DROPPED]


def _names(manifest: ReleaseManifest, role: Role) -> Sequence[str]:
    return [leaf.name for leaf in manifest.leaves if leaf.role is role]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _inline(text: str) -> str:
    """Text that people wrote, harmless in a table cell: authors and licences come from files of contributors."""
    from seedbed.reports.escape import markdown_inline

    return markdown_inline(text)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
