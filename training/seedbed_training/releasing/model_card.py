"""The model card: what the release can do per leaf, what made it, and to whom it is owed. Pure text."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role, ScoreRecord
from seedbed.generation.store import Making
from seedbed.reports.escape import markdown_inline, terminal_text
from seedbed.teacher.teacher import Message
from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.evaluation.score import RULE
from seedbed_training.planning.recipe import TrainingRecipe
from seedbed_training.releasing.score_plot import PLOT_FILE
from seedbed_training.releasing.workspace import SANDBOX_STUDENT


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says beyond the manifest."""

    manifest: ReleaseManifest
    recipe: TrainingRecipe
    makings: Mapping[str, Sequence[Making]]
    """Leaf name → what its samples were made by; leaves that were dropped are absent."""
    matrix: ScoreMatrix
    """All releases up to this one."""
    replay_token_share: float
    taxonomy_root: str
    """Where the branches lie in their repository."""
    environment: Mapping[str, object]
    """What the training ran on: releases of torch and transformers, device, threads."""
    example: Sequence[Message]
    """A held-out conversation that the model answers rightly, to show how it is used; may be empty."""


def model_card(facts: CardFacts) -> str:
    """The card as Markdown with YAML front matter, as model hubs read it; ends in a newline."""
    manifest = facts.manifest
    sections = [
        _front_matter(facts),
        f"# {manifest.name}\n",
        _summary(facts),
        "## Use it\n",
        _usage(facts),
        "## What it learned and what it kept\n",
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


def _front_matter(facts: CardFacts) -> str:
    manifest = facts.manifest
    lines = [
        "---",
        f"base_model: {_quoted(_base(manifest))}",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "tags: [seedbed, lab, taxonomy]",
        f"model_name: {_quoted(manifest.name)}",
        "---\n",
    ]
    return "\n".join(lines)


def _summary(facts: CardFacts) -> str:
    manifest = facts.manifest
    start = f"release `{manifest.parent}`" if manifest.parent else "the base model"
    fresh, dropped = _names(manifest, Role.FRESH), _names(manifest, Role.DROPPED)
    old = [leaf.name for leaf in _kept(manifest) if leaf.name not in fresh]
    what = (
        f"A language model that was taught {len(_kept(manifest))} leaves of a taxonomy, on the base `{_base(manifest)}`. "
        f"{_count(len(fresh), 'leaf', 'leaves')} of them {'is' if len(fresh) == 1 else 'are'} new or changed in this "
        f"release ({_change(manifest, fresh)})"
        + (
            f"; {len(old)} {'is' if len(old) == 1 else 'are'} older ({_change(manifest, old)})."
            if old
            else "."
        )
    )
    made = (
        f"Trained from {start} on the taxonomy at commit `{manifest.taxonomy_commit}` with Seedbed "
        f"{manifest.seedbed_version}, recipe `{manifest.recipe}`, seed {manifest.seed}; {facts.replay_token_share:.1%} of "
        "the tokens were replay of what was taught before."
    )
    parts = [what, made]
    if dropped:
        parts.append(
            "Removed from the taxonomy, and replayed no more (what the weights still hold of them was not unlearned): "
            + ", ".join(f"`{name}`" for name in dropped)
            + "."
        )
    return "\n\n".join(parts) + "\n"


def _change(manifest: ReleaseManifest, leaves: Collection[str]) -> str:
    """The mean score of `leaves` before and now."""
    scores = [score for score in manifest.scores if score.leaf in leaves]
    if not scores:
        return "not scored"
    base, parent, now = _means(scores)
    return f"mean score {base if parent == '-' else parent} before, {now} now"


def _usage(facts: CardFacts) -> str:
    """Five lines of Python; they show a question of a leaf where there is one that the model answers rightly."""
    question = facts.example[:-1] or (Message("user", "…"),)
    messages = [{"role": message.role, "content": message.content} for message in question]
    code = [
        "from transformers import pipeline",
        'model = pipeline("text-generation", model=".")  # the folder of this card',
        f"messages = {messages!r}",
        "answer = model(messages, max_new_tokens=200, do_sample=False)",
        'print(answer[0]["generated_text"][-1]["content"])',
    ]
    text = "```python\n" + "\n".join(code) + "\n```\n"
    if facts.example:
        text += f"\nIt was not trained on this question, and answers: {_inline(facts.example[-1].content)}\n"
    return text


def _scores(manifest: ReleaseManifest) -> str:
    fresh = _names(manifest, Role.FRESH)
    rows = [
        (
            "leaf",
            "",
            "cases",
            "base",
            _code(manifest.parent) or "parent",
            f"**{manifest.name}**",
            "95 % interval",
        )
    ]
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
        f"{matrix.forgetting:+.3f} (best earlier score minus the last one; above 0 something was forgotten)"
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
        f"{recipe.replay.minimum_per_leaf} samples each), {recipe.replay.phase_share:.0%} for earlier phases. "
        f"Made with {_environment(facts.environment)}."
    )
    digests = (
        f"Digests: model `{manifest.model_digest}`, base `{manifest.base_model_digest}`, plan `{manifest.plan_digest}`, "
        f"recipe `{manifest.recipe_digest}`."
    )
    return f"{_table(rows)}\n\n{text}\n\n{digests}\n"


def _environment(environment: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(environment.items()) if name != "seedbed")


def _provenance(facts: CardFacts) -> str:
    manifest = facts.manifest
    rows = [("leaf", "role", "trained on", "held out", "qna.yaml", "authors", "licence", "teacher, recipe")]
    for leaf in manifest.leaves:
        rows.append(
            (
                f"`{leaf.name}`",
                leaf.role.value,
                f"{leaf.training_samples:,}",
                f"{leaf.held_out_samples:,}",
                f"`{leaf.blob[:12]}`",
                _inline(", ".join(leaf.authors) or "not stated"),
                _inline(leaf.licence or "not stated"),
                "; ".join(_making(making) for making in facts.makings.get(leaf.name, ())) or "-",
            )
        )
    root = "" if facts.taxonomy_root in ("", ".") else f"{facts.taxonomy_root}/"
    return (
        f"{_table(rows)}\n\n`trained on` counts different samples. `qna.yaml` is the git blob of the leaf's file; "
        f"`git show {manifest.taxonomy_commit}:{root}LEAF/qna.yaml` prints it, and `attribution.txt` beside it names the "
        "sources.\n"
    )


def _making(making: Making) -> str:
    teacher = f"`{_code_text(making.teacher.model)}` `{making.teacher.revision[:12]}`"
    return f"{teacher}, `{_code_text(making.recipe)}` `{making.recipe_digest[:12]}`"


def _limits(manifest: ReleaseManifest) -> str:
    known = {score.leaf for score in manifest.scores}
    silent = [leaf.name for leaf in _kept(manifest) if leaf.name not in known]
    text = (
        "The scores speak for questions like those of the leaves, asked as they were asked there, and for nothing else. "
        "Answers to train on came from the teachers named above, and so do their errors. The licences above are those of "
        "the leaves' sources; the base model's and the teachers' own terms hold as well."
    )
    if manifest.base_model == SANDBOX_STUDENT:
        text += (
            " The base is the small student that comes with Seedbed: it has a vocabulary of its own for a handful of tasks, "
            "shows how releases are made, and is of no other use."
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


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _base(manifest: ReleaseManifest) -> str:
    """The base as a hub knows it, or the name of its folder: the path before it says nothing elsewhere."""
    name = manifest.base_model
    return _code_text(Path(name).name if name.startswith(("/", ".", "~")) else name)


def _code(text: str | None) -> str:
    return f"`{_code_text(text)}`" if text else ""


def _code_text(text: str) -> str:
    """Text as a code span in a table cell can hold it."""
    return terminal_text(text).replace("`", "'").replace("|", "/")


def _inline(text: str) -> str:
    """Text that people wrote, harmless in a table cell: authors and licences come from files of contributors."""
    return markdown_inline(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
