"""The samples of each step as token ids, encoded when a step needs them, so that the first step starts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from seedbed.errors import UsageError
from seedbed.generation.sample import Sample
from seedbed_training.learning.encode import EncodedSample, Encoder, LeftOut
from seedbed_training.planning.plan import PlannedSample, TrainingPlan

CACHED_TOKENS = 4_000_000
"""Token ids that are kept for the next epoch, about 150 MB; beyond them samples are encoded each time anew."""
_TRIED_AT_A_TIME = 64


class StepSamples:
    """What the plan names, checked against it and encoded on demand."""

    def __init__(
        self,
        plan: TrainingPlan,
        samples: Mapping[str, Sample],
        encoder: Encoder,
        say: Callable[[str], None],
    ) -> None:
        """Raises UsageError if a sample is missing, or if none can be trained on."""
        self._plan = plan
        self._samples = samples
        self._encoder = encoder
        self._max_tokens = plan.recipe.max_tokens
        self._say = say
        self._cache: dict[str, EncodedSample] = {}
        self._room = CACHED_TOKENS
        self._left_out: dict[str, LeftOut] = {}
        self._lengths_agree = True
        missing = {sample.id: sample.leaf for sample in self._planned() if sample.id not in samples}
        for identity, leaf in missing.items():
            raise UsageError(
                f"{len(missing)} samples of the plan are not in the store, the first of them {identity} of {leaf}",
                hint="seedbed generate brings them back, or make the plan again",
            )
        if not any(self.rows(some) for some in self._all_in_turn()):
            first = self.left_out[0]
            raise UsageError(
                f"not one of the plan's {len(self.left_out)} samples can be trained on; the first, {first.id} of "
                f"{first.leaf}: {first.reason}",
                hint="raise max_tokens in the recipe, or choose a base whose vocabulary can write the answers and whose "
                "chat template leaves them as they are",
            )

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Samples met so far that are not trained on."""
        return tuple(self._left_out.values())

    def leave_out(self, entries: Iterable[LeftOut]) -> None:
        """Those that an earlier process met."""
        self._left_out.update({entry.id: entry for entry in entries})

    def rows(self, planned: Sequence[PlannedSample]) -> list[EncodedSample]:
        """The samples of a step in their order, without those that are left out.

        Raises UsageError if one is held out or is not what the plan was made with.
        """
        return self._taken(planned, self._encoded(planned))

    def reader(
        self, phase_index: int, first_step: int
    ) -> Callable[[Sequence[PlannedSample]], list[EncodedSample]]:
        """`rows` for the steps of a phase from index `first_step` on, asked for in turn.

        While a step is trained, the next one is encoded beside it. What that finds counts only once its step is asked
        for, so that a checkpoint knows nothing of what is to come.
        """
        return _ReadingAhead(self, phase_index, first_step).rows

    def planned_at(self, phase_index: int, step: int) -> list[PlannedSample] | None:
        """What the plan has a step see; None beyond the phase's end."""
        phase = self._plan.phases[phase_index]
        return [phase.samples[index] for index in phase.steps[step]] if step < len(phase.steps) else None

    def tell_left_out(self) -> None:
        """Say how many samples were left out, by reason, and which was the first."""
        entries: dict[str, list[LeftOut]] = {}
        for entry in self.left_out:
            entries.setdefault(entry.reason, []).append(entry)
        every = len({sample.id for sample in self._planned()}) if entries else 0
        for reason, found in entries.items():
            first = f" (the first: {found[0].id} of {found[0].leaf})"
            self._say(f"{len(found)} of {every} samples are left out: {reason}{first}")

    def _planned(self) -> Iterator[PlannedSample]:
        return (sample for phase in self._plan.phases for sample in phase.samples)

    def _all_in_turn(self) -> Iterator[list[PlannedSample]]:
        """The plan's samples: the first alone, since mostly it can be trained on, then many at a time."""
        for phase in self._plan.phases:
            for start in range(0, len(phase.samples), _TRIED_AT_A_TIME):
                some = list(phase.samples[start : start + _TRIED_AT_A_TIME])
                yield some[:1]
                yield some[1:]

    def _encoded(self, planned: Sequence[PlannedSample]) -> list[EncodedSample | LeftOut]:
        """Those of a step that are not known yet; changes nothing, so that it may run beside a step."""
        new = {
            each.id: each for each in planned if each.id not in self._left_out and each.id not in self._cache
        }
        checked = [(identity, self._checked(each)) for identity, each in new.items()]
        return list(self._encoder.rows_within(checked, max_tokens=self._max_tokens))

    def _taken(
        self, planned: Sequence[PlannedSample], encoded: Iterable[EncodedSample | LeftOut]
    ) -> list[EncodedSample]:
        """The rows of a step, with what `_encoded` gave for it."""
        found = {row.id: row for row in encoded}
        rows = []
        for each in planned:
            row = self._left_out.get(each.id) or self._cache.get(each.id) or found[each.id]
            if isinstance(row, LeftOut):
                self._left_out[each.id] = row
                continue
            self._keep(row, each)
            rows.append(row)
        return rows

    def _keep(self, row: EncodedSample, planned: PlannedSample) -> None:
        if row.id in self._cache:
            return
        if len(row.input_ids) != planned.tokens and self._lengths_agree:
            self._lengths_agree = False
            self._say(
                f"sample {planned.id} has {len(row.input_ids)} tokens, the plan says {planned.tokens}: it was made for "
                "another tokenizer, and its shares of replay are not exact"
            )
        if self._room >= len(row.input_ids):
            self._room -= len(row.input_ids)
            self._cache[row.id] = row

    def _checked(self, planned: PlannedSample) -> Sample:
        sample = self._samples[planned.id]
        if sample.held_out:
            raise UsageError(
                f"sample {planned.id} of {sample.leaf} is held out for evaluation, yet the plan trains on it",
                hint="make the plan again: seedbed plan",
            )
        if sample.id != planned.id:
            raise UsageError(
                f"sample {planned.id} of {sample.leaf} is not what the plan was made with: "
                f"its content gives {sample.id}",
                hint="generate the leaf's samples again, then make the plan again",
            )
        return sample


class _ReadingAhead:
    """One step ahead of the training loop, in a thread of its own."""

    def __init__(self, samples: StepSamples, phase_index: int, first_step: int) -> None:
        self._samples = samples
        self._phase_index = phase_index
        self._step = first_step
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoding")
        self._next: Future[list[EncodedSample | LeftOut]] | None = None

    def rows(self, planned: Sequence[PlannedSample]) -> list[EncodedSample]:
        encoded = self._next.result() if self._next else self._samples._encoded(planned)
        rows = self._samples._taken(planned, encoded)
        self._step += 1
        following = self._samples.planned_at(self._phase_index, self._step)
        if following is None:
            self._thread.shutdown(wait=False)
        else:
            self._next = self._thread.submit(self._samples._encoded, following)
        return rows
