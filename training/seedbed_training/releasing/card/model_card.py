"""The model card as one text: Markdown with YAML front matter, as model hubs read it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed_training.releasing.attribution_file import ATTRIBUTION_FILE
from seedbed_training.releasing.card.benchmarks import benchmark_section
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.lineage import lineage_section
from seedbed_training.releasing.card.markdown import code_text, counted, quoted
from seedbed_training.releasing.card.scores import means, score_section
from seedbed_training.releasing.card.training import training_section
from seedbed_training.releasing.card.usage import usage_section
from seedbed_training.releasing.workspace import SANDBOX_STUDENT

CARD_FILE = "README.md"


def model_card(facts: CardFacts) -> str:
    """The card; ends in a newline."""
    sections = [
        _front_matter(facts),
        f"# {facts.manifest.name}\n",
        _summary(facts),
        "## Use it\n",
        usage_section(facts),
        "## What it learned and what it kept\n",
        score_section(facts),
        benchmark_section(facts),
        "## How it was trained\n",
        training_section(facts),
        "## What it was made from\n",
        lineage_section(facts),
        "## Limits\n",
        _limits(facts),
    ]
    return "\n".join(section for section in sections if section)


def _front_matter(facts: CardFacts) -> str:
    """The fields of huggingface.co/docs/hub/model-cards; each leaf has a licence of its own, so the whole is `other`."""
    lines = [
        "---",
        f"base_model: {quoted(_base(facts.manifest))}",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "license: other",
        "license_name: per-leaf",
        f"license_link: {ATTRIBUTION_FILE}",
        "tags: [seedbed, lab, taxonomy]",
        f"model_name: {quoted(facts.manifest.name)}",
        "---\n",
    ]
    return "\n".join(lines)


def _summary(facts: CardFacts) -> str:
    manifest = facts.manifest
    start = f"release `{manifest.parent}`" if manifest.parent else "the base model"
    fresh, dropped = facts.names(Role.FRESH), facts.names(Role.DROPPED)
    old = [leaf.name for leaf in facts.kept if leaf.name not in fresh]
    what = (
        f"A language model that was taught {counted(len(facts.kept), 'leaf', 'leaves')} of a taxonomy, on the base "
        f"`{_base(manifest)}`. {counted(len(fresh), 'leaf', 'leaves')} of them {'is' if len(fresh) == 1 else 'are'} new "
        f"or changed in this release ({_change(manifest, fresh)})"
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
    base, parent, now = means(scores)
    return f"mean score {base if parent == '-' else parent} before, {now} now"


def _limits(facts: CardFacts) -> str:
    known = {score.leaf for score in facts.manifest.scores}
    silent = [leaf.name for leaf in facts.kept if leaf.name not in known]
    text = (
        "The scores speak for questions like those of the leaves, asked as they were asked there, and for nothing else. "
        "Answers to train on came from the teachers named above, and so do their errors. The licences above are those of "
        "the leaves' sources; the base model's and the teachers' own terms hold as well."
    )
    if facts.manifest.base_model == SANDBOX_STUDENT:
        text += (
            " The base is the small student that comes with Seedbed: it has a vocabulary of its own for a handful of tasks, "
            "shows how releases are made, and is of no other use."
        )
    if silent:
        text += " Nothing was held out for " + ", ".join(f"`{name}`" for name in silent) + "."
    return text + "\n"


def _base(manifest: ReleaseManifest) -> str:
    """The base as a hub knows it, or the name of its folder: the path before it says nothing elsewhere."""
    name = manifest.base_model
    return code_text(Path(name).name if name.startswith(("/", ".", "~")) else name)
