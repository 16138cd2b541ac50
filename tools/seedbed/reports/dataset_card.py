"""The card of an exported data set: what is in it, who made it from what, under which licences, and what was lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from seedbed.documents.read_documents import CONVERTED_BY
from seedbed.generation.audit_record import JudgeAudit, Share
from seedbed.generation.export import Export, ExportedLeaf
from seedbed.generation.export_files import HELD_OUT, TRAIN
from seedbed.generation.funnel import total
from seedbed.generation.sample import Stage
from seedbed.reports.escape import markdown_inline
from seedbed.reports.funnel import funnel_line, left_out_line
from seedbed.reports.plural import counted

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_HUB_LICENCES: Mapping[str, str] = {
    "Apache-2.0": "apache-2.0",
    "BSD-2-Clause": "bsd-2-clause",
    "BSD-3-Clause": "bsd-3-clause",
    "CC-BY-4.0": "cc-by-4.0",
    "CC-BY-SA-3.0": "cc-by-sa-3.0",
    "CC-BY-SA-4.0": "cc-by-sa-4.0",
    "CC0-1.0": "cc0-1.0",
    "CDLA-Permissive-1.0": "cdla-permissive-1.0",
    "CDLA-Permissive-2.0": "cdla-permissive-2.0",
    "MIT": "mit",
}
"""SPDX id → the hub's own name of a licence; any other is `other`."""


def dataset_card(export: Export, digest: str, *, parquet: bool, audits: Sequence[JudgeAudit] = ()) -> str:
    """`README.md`; `digest` is that of the data files beside it. No text of a leaf takes effect in it.

    Of `audits` those are shown whose teacher and recipe made something of what is exported.
    """
    makers = {(made.making.teacher, made.making.recipe) for one in export.leaves for made in one.stored}
    judges = [audit for audit in audits if (audit.teacher, audit.recipe) in makers]
    front = ["---", *_front_matter(export, parquet), "---", ""]
    return "\n".join([*front, *_body(export, digest, parquet, judges)]) + "\n"


def _front_matter(export: Export, parquet: bool) -> Iterator[str]:
    """Made of closed lists alone: names of stages, splits, licences."""
    yield "license:"
    yield from (f"- {name}" for name in sorted({_hub_licence(one) for one in export.leaves}))
    rows = export.count(held_out=False) + export.count(held_out=True)
    yield f"size_categories:\n- {next((name for limit, name in _SIZES if rows < limit), '1M<n<10M')}"
    yield "task_categories:\n- text-generation"
    yield "tags:\n- synthetic\n- seedbed"
    yield "configs:"
    if not parquet:
        yield "- config_name: default\n  data_files:"
        sides = {held_out for _, held_out in export.samples}
        for split in (TRAIN, *((HELD_OUT,) if True in sides else ())):
            yield f"  - split: {split}\n    path: {split}.jsonl"
        return
    yield from _config("default", list(export.samples))
    for stage in dict.fromkeys(stage for stage, _ in export.samples):
        yield from _config(stage, [side for side in export.samples if side[0] is stage])


def _config(name: str, sides: list[tuple[Stage, bool]]) -> Iterator[str]:
    yield f"- config_name: {name}"
    if name == "default":
        yield "  default: true"
    yield "  data_files:"
    for split, held_out in ((TRAIN, False), (HELD_OUT, True)):
        stages = [stage for stage, side in sides if side is held_out]
        if stages:
            yield f"  - split: {split}\n    path:"
            yield from (f"    - data/{stage}-{split}-*.parquet" for stage in stages)


def _hub_licence(one: ExportedLeaf) -> str:
    licence = one.leaf.attribution.licence if one.leaf.attribution else None
    return _HUB_LICENCES.get(licence or "", "other" if licence else "unknown")


def _body(export: Export, digest: str, parquet: bool, judges: Sequence[JudgeAudit]) -> Iterator[str]:
    train, held_out = export.count(held_out=False), export.count(held_out=True)
    yield f"# {counted(train, 'sample')} of {counted(len(export.leaves), 'leaf')}"
    yield ""
    yield (
        "Instruction data that a teacher model wrote from the seed examples and documents of a taxonomy kept in git, "
        "by Seedbed. Each sample is a list of messages; the answer comes last. "
        f"{counted(held_out, 'sample')} are held out: they are for evaluation, and must not be trained on."
    )
    yield from ("", "## What made it", "")
    release = f", release {markdown_inline(export.release)}" if export.release else ""
    yield f"- taxonomy: commit {export.commit}{release}"
    yield from (f"- teacher: {markdown_inline(name)}" for name in _teachers(export))
    yield from (f"- recipe: {markdown_inline(name)}" for name in _recipes(export))
    yield from (f"- documents converted by: {markdown_inline(name)}" for name in _parsers(export))
    yield f"- digest of the data: sha256 {digest}"
    yield from ("", "## What was lost on the way", "")
    yield f"- in all: {funnel_line(total(one.funnel for one in export.leaves))}"
    if export.left_out:
        yield f"- left out here, listed in `left_out.jsonl`: {left_out_line(export.left_out)}"
    yield f"- benchmark lists whose questions are left out: {_benchmarks(export)}"
    for audit in judges:
        yield from _judge(audit)
    yield from ("", "## By stage", "", "| stage | train | held out |", "|---|---|---|")
    for stage in dict.fromkeys(stage for stage, _ in export.samples):
        sides = [export.samples.get((stage, side), 0) for side in (False, True)]
        yield f"| {stage} | {sides[0]:,} | {sides[1]:,} |"
    yield from ("", "## By leaf: lineage, authors and licences", "")
    yield "| leaf | blob | train | held out | left out | licence | made from | written by | funnel |"
    yield "|---|---|---|---|---|---|---|---|---|"
    yield from (_leaf_row(one) for one in export.leaves)
    yield from ("", "## To load it", "", "```python", *_loading(parquet), "```")


def _judge(audit: JudgeAudit) -> Iterator[str]:
    """What the judge caught of planted faults; shares with their 95 % intervals."""
    made = f"{markdown_inline(str(audit.teacher))}, recipe {markdown_inline(audit.recipe)}"
    yield from ("", "## How far its judge can be trusted", "")
    yield f"{made}, digest {audit.recipe_digest[:16]}: faults were planted into seeds of {counted(len(audit.leaves), 'leaf')}."
    yield from ("", "| criterion | recall | precision | good pairs kept |", "|---|---|---|---|")
    for each in audit.criteria:
        shares = " | ".join(_share(one) for one in (each.recall, each.precision, each.kept))
        yield f"| {_cell(each.criterion)} | {shares} |"


def _share(share: Share | None) -> str:
    return "-" if share is None else f"{share.share:.2f} ({share.low:.2f} to {share.high:.2f})"


def _loading(parquet: bool) -> Iterator[str]:
    yield "from datasets import load_dataset"
    one_stage = '  # or one stage: load_dataset("this/folder", "compositional")' if parquet else ""
    yield f'data = load_dataset("this/folder"){one_stage}'


def _benchmarks(export: Export) -> str:
    return ", ".join(markdown_inline(name) for name in export.benchmarks) or "none was named"


def _teachers(export: Export) -> list[str]:
    return sorted({str(stored.making.teacher) for one in export.leaves for stored in one.stored})


def _parsers(export: Export) -> list[str]:
    blobs = {blob for one in export.leaves for stored in one.stored for blob in stored.making.document_blobs}
    return sorted({parser for _, by, parser in (blob.partition(CONVERTED_BY) for blob in blobs) if by})


def _recipes(export: Export) -> list[str]:
    makings = {stored.making for one in export.leaves for stored in one.stored}
    return sorted({f"{made.recipe}, digest {made.recipe_digest[:16]}, seed {made.seed}" for made in makings})


def _leaf_row(one: ExportedLeaf) -> str:
    attribution = one.leaf.attribution
    licence = (attribution.licence or attribution.licence_text) if attribution else ""
    work = ", ".join(filter(None, (attribution.title, attribution.link))) if attribution else ""
    authors = ", ".join(
        dict.fromkeys(filter(None, (one.leaf.created_by, *(attribution.authors if attribution else ()))))
    )
    cells = (
        one.leaf.name,
        one.leaf.blob[:12],
        f"{one.train:,}",
        f"{one.held_out:,}",
        left_out_line(one.left_out),
        licence or "not given",
        work,
        authors,
        funnel_line(one.funnel),
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", markdown_inline(text[:300]))
