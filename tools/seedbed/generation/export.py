"""Samples as they leave the store for other people's trainers: read leaf by leaf, so that memory does not grow with
their number, and written as one whole folder; the same bytes for the same samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from seedbed.errors import UsageError
from seedbed.generation.across_leaves import Fallen, Reason
from seedbed.generation.export_files import FORMS, ExportFolder, Form, LeftOutFile, Side
from seedbed.generation.funnel import Funnel, total
from seedbed.generation.progress import Watch
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.store import SampleStore, StoredLeaf
from seedbed.taxonomy.attribution import Attribution

Screen = Callable[[Iterable[Sample]], Mapping[str, Fallen]]
"""From all samples, those that fall once all leaves lie together, by id."""


@dataclass(frozen=True, slots=True)
class LeafToExport:
    """A leaf as it stands at the exported commit, and the keys that hold its samples."""

    name: str
    blob: str
    keys: tuple[str, ...]
    created_by: str = ""
    attribution: Attribution | None = None


@dataclass(frozen=True, slots=True)
class ExportedLeaf:
    """What was exported of a leaf, and what made it."""

    leaf: LeafToExport
    stored: tuple[StoredLeaf, ...]
    train: int
    held_out: int
    left_out: Mapping[Reason, int]

    @property
    def fallen(self) -> int:
        return sum(self.left_out.values())

    @property
    def funnel(self) -> Funnel:
        return total(funnel for stored in self.stored for funnel in stored.funnels.values())


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported: how many samples, by stage and by whether they are held out, stages in their order."""

    commit: str
    release: str | None
    leaves: tuple[ExportedLeaf, ...]
    samples: Mapping[Side, int]
    benchmarks: tuple[str, ...] = ()
    """The lists whose questions were left out, as the settings name them."""

    @property
    def left_out(self) -> Mapping[Reason, int]:
        """How many samples fell for each reason."""
        counts = sum((Counter(one.left_out) for one in self.leaves), Counter[Reason]())
        return {reason: counts[reason] for reason in Reason if counts[reason]}

    def count(self, *, held_out: bool) -> int:
        return sum(count for (_, side), count in self.samples.items() if side is held_out)


def export_samples(
    store: SampleStore,
    leaves: Sequence[LeafToExport],
    folder: Path,
    *,
    form: str,
    card: Callable[[Export, str], str],
    commit: str,
    release: str | None = None,
    stages: Collection[Stage] = tuple(Stage),
    screen: Screen | None = None,
    benchmarks: Sequence[str] = (),
    watch: Watch = lambda doing, done, of: None,
) -> Export:
    """Write the samples of these leaves as `folder`, in the order of stages, leaves and store, and `README.md`, which
    `card` makes of the export and the digest of its files.

    The store is read twice: once to look for what leaves have in common (not without `screen`), once to write. What is
    left out is listed in `left_out.jsonl`, with the reason and what it is too like; `benchmarks` is for the card.
    Raises UsageError when there are no samples or something is in the folder's place, StoreError when a sample cannot
    be read or the folder not be written; then it is not there.
    """
    with ExportFolder(folder) as made, ExitStack() as open_files:
        fallen = screen(_samples(store, leaves, watch)) if screen else {}
        writing = FORMS[form](made, open_files)
        left_out = LeftOutFile(made, open_files)
        counts: Counter[Side] = Counter()
        exported = []
        for number, leaf in enumerate(leaves):
            watch("leaves written", number, len(leaves))
            one = _write_leaf(store, leaf, writing, left_out, stages, fallen, counts)
            if one is not None:
                exported.append(one)
        if not counts:
            raise UsageError(
                "there are no samples to export", hint="seedbed status says what is stored of each leaf"
            )
        writing.finish()
        left_out.finish()
        sides = [(stage, side) for stage in Stage for side in (False, True)]
        export = Export(
            commit,
            release,
            tuple(exported),
            {side: counts[side] for side in sides if counts[side]},
            tuple(benchmarks),
        )
        text = card(export, made.digest())
        with made.file("README.md") as file:
            file.write(text.encode())
        made.keep()
    return export


def _samples(store: SampleStore, leaves: Sequence[LeafToExport], watch: Watch) -> Iterator[Sample]:
    for number, leaf in enumerate(leaves):
        watch("leaves read", number, len(leaves))
        for key in leaf.keys:
            yield from store.read(key)


def _write_leaf(
    store: SampleStore,
    leaf: LeafToExport,
    form: Form,
    left_out: LeftOutFile,
    stages: Collection[Stage],
    fallen: Mapping[str, Fallen],
    counts: Counter[Side],
) -> ExportedLeaf | None:
    """What was written of a leaf; None when none of its samples is of the stages."""
    train = held_out = 0
    lost: Counter[Reason] = Counter()
    for key in leaf.keys:
        for sample in store.read(key):
            if sample.stage not in stages:
                continue
            fault = fallen.get(sample.id) if fallen else None
            if fault is not None:
                left_out.add(fault)
                lost[fault.reason] += 1
                continue
            form.add(sample)
            counts[sample.stage, sample.held_out] += 1
            held_out += sample.held_out
            train += not sample.held_out
    if not train + held_out + lost.total():
        return None
    return ExportedLeaf(leaf, tuple(store.describe(key) for key in leaf.keys), train, held_out, lost)
