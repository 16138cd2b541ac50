"""The card's section on origins: leaf → commit → author → licence, the teachers, what was thrown away, the judge."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.generation.audit_record import JudgeAudit, Share
from seedbed.generation.release_manifest import LeafRecord
from seedbed.generation.store import Making
from seedbed_training.releasing.attribution_file import ATTRIBUTION_FILE
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.markdown import capped_table, code, inline, table
from seedbed_training.releasing.plots.funnel import FUNNEL_FILE


def lineage_section(facts: CardFacts) -> str:
    """One row for each leaf, then how samples came to be."""
    return "\n".join(
        part for part in (_leaves(facts), _where(facts), _funnel(facts), *map(_audit, facts.audits)) if part
    )


def _leaves(facts: CardFacts) -> str:
    """Teacher and recipe have a column only where leaves differ in them; else `_made_alike` says them."""
    alike = _made_alike(facts)
    rows = [
        ("leaf", "role", "trained on", "held out", "commit", "authors", "licence", "written by")
        + (() if alike else ("teacher", "recipe")),
        *(_leaf(facts, leaf) + (() if alike else _made(facts, leaf.name)) for leaf in facts.manifest.leaves),
    ]
    said = f"All samples were written by {alike[0]} with the recipe {alike[1]}.\n\n" if alike else ""
    return f"{said}{capped_table(rows, 'the manifest has all')}\n"


def _leaf(facts: CardFacts, leaf: LeafRecord) -> tuple[str, ...]:
    described = facts.descriptions.get(leaf.name)
    contributor = described.contributor if described else ""
    return (
        code(leaf.name),
        leaf.role.value,
        f"{leaf.training_samples:,}",
        f"{leaf.held_out_samples:,}",
        code(leaf.commit[:12]) if leaf.commit else "-",
        inline(", ".join(leaf.authors) or "not stated"),
        inline(leaf.licence or "not stated"),
        inline(contributor or "not stated"),
    )


def _made(facts: CardFacts, leaf: str) -> tuple[str, str]:
    makings = facts.makings.get(leaf, ())
    return _each(_teacher(making) for making in makings), _each(_recipe(making) for making in makings)


def _made_alike(facts: CardFacts) -> tuple[str, str] | None:
    """Teacher and recipe of every leaf's samples, if they are the same for all of them."""
    found = {_made(facts, leaf.name) for leaf in facts.kept}
    return found.pop() if len(found) == 1 else None


def _where(facts: CardFacts) -> str:
    root = "" if facts.taxonomy_root in ("", ".") else f"{facts.taxonomy_root}/"
    return (
        "`trained on` counts different samples; `commit` last changed the leaf; `authors` are those of the works it draws "
        "on; `written by` is who made a leaf of them. "
        f"`git show {facts.manifest.taxonomy_commit}:{root}LEAF/qna.yaml` prints a leaf as it was taught; "
        f"[{ATTRIBUTION_FILE}]({ATTRIBUTION_FILE}) names every source with its title, address, licence and authors.\n"
    )


def _funnel(facts: CardFacts) -> str:
    funnel = facts.funnel
    if not funnel.asked:
        return ""
    return (
        f"Of {funnel.asked:,} questions that the teachers were asked for, {funnel.kept:,} became samples "
        f"({funnel.kept / funnel.asked:.0%}), {funnel.held_out:,} of them held out; that took {funnel.requests:,} requests, "
        f"{funnel.prompt_tokens:,} prompt and {funnel.completion_tokens:,} answer tokens.\n\n"
        f"![What became of what was asked for]({FUNNEL_FILE})\n"
    )


def _audit(audit: JudgeAudit) -> str:
    """Precision and recall of one judge, each with its 95 % interval."""
    rows = [("criterion", "of the planted faults, caught", "of what it turned down, faulty")]
    rows += [(inline(each.criterion), _share(each.recall), _share(each.precision)) for each in audit.criteria]
    return (
        f"The judge, {code(audit.teacher.model)} `{audit.teacher.revision[:12]}` with recipe {code(audit.recipe)}, was "
        f"given planted faults among good pairs of {len(audit.leaves)} leaves:\n\n{table(rows)}\n"
    )


def _share(share: Share | None) -> str:
    return "-" if share is None else f"{share.share:.0%} ({share.low:.0%} to {share.high:.0%})"


def _teacher(making: Making) -> str:
    return f"{code(making.teacher.model)} `{making.teacher.revision[:12]}`"


def _recipe(making: Making) -> str:
    return f"{code(making.recipe)} `{making.recipe_digest[:12]}`"


def _each(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts)) or "-"
