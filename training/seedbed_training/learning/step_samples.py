"""The samples of each step as token ids, encoded when a step needs them, so that the first step starts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from seedbed.errors import UsageError
from seedbed.generation.sample import Sample
from seedbed_training.learning.encode import EncodedSample, Encoder, LeftOut
from seedbed_training.planning.plan import PlannedSample, TrainingPlan

CACHED_TOKENS = 4_000_000
"""Token ids that are kept for the next epoch, about 150 MB; beyond them samples are encoded each time anew."""


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
        if not any(self.rows([planned]) for planned in self._planned()):
            raise UsageError(
                f"not one of the plan's {len(self.left_out)} samples can be trained on; the first: "
                f"{self.left_out[0].reason}",
                hint="raise max_tokens in the recipe, or choose a base whose vocabulary can write the answers",
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
        rows = (self._row(sample) for sample in planned)
        return [row for row in rows if row is not None]

    def tell_left_out(self) -> None:
        """Say how many samples were left out, by reason."""
        for reason in dict.fromkeys(entry.reason for entry in self.left_out):
            count = sum(entry.reason == reason for entry in self.left_out)
            every = len({sample.id for sample in self._planned()})
            self._say(f"{count} of {every} samples are left out: {reason}")

    def _planned(self) -> Iterator[PlannedSample]:
        return (sample for phase in self._plan.phases for sample in phase.samples)

    def _row(self, planned: PlannedSample) -> EncodedSample | None:
        if planned.id in self._left_out:
            return None
        if (known := self._cache.get(planned.id)) is not None:
            return known
        sample = self._checked(planned)
        row = self._encoder.encode_within(sample, max_tokens=self._max_tokens, identity=planned.id)
        if isinstance(row, LeftOut):
            self._left_out[planned.id] = row
            return None
        if len(row.input_ids) != planned.tokens and self._lengths_agree:
            self._lengths_agree = False
            self._say(
                f"sample {planned.id} has {len(row.input_ids)} tokens, the plan says {planned.tokens}: it was made for "
                "another tokenizer, and its shares of replay are not exact"
            )
        if self._room >= len(row.input_ids):
            self._room -= len(row.input_ids)
            self._cache[planned.id] = row
        return row

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
