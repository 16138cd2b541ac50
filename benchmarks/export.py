"""What does it take to export very many samples, and to ask where one of them comes from?

    python benchmarks/export.py [--leaves N] [--samples K] [--form FORM] [--json FILE]

N freeform leaves (100,000) in a real git repository and a real store, K samples each (12), all different but for planted
ones: of a hundred samples three nearly repeat one of another leaf, and two repeat it to the letter. Then, each as a
command in a process of its own:

- `export_s`, `export_cpu_s`, `export_mb`: `seedbed export`, which compares all samples with all others and writes those
  that stay: wall and processor seconds, and the memory that it takes at most (at most 1,024 MB);
- `found`: the part of the planted copies that was left out (at least 0.98: the sketches miss a few, see
  `generation/across_leaves.py`), `wrong`: samples left out that are no copies (0);
- `why_s`: the first `seedbed why`, with the index as the run left it; `why_unnoted_s`: without the index, so that every
  table is read; `why_after_s`: after that.

Writing the store takes as long again; nothing is synced to disk for it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from generate import engine
from scale import run, write_repository

from seedbed.generation.funnel import Funnel
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.generation.store import Making, SampleStore
from seedbed.teacher.openai_server import open_openai_teacher
from seedbed.teacher.teacher import Message

VOCABULARY = [f"w{number}" for number in range(20_000)]
FORMS = (
    "What is the {} of the {} in {} when the {} is {}?",
    "How does a {} change the {} of {} near {} and {}?",
    "Which {} did the {} of {} give to {} before {}?",
)
ANSWER_WORDS = 60
HELD_OUT = 12  # of so many samples one is held out
REMEMBERED = 2_000  # samples that planted copies are made of
LIMITS = {"export_mb": 1024.0, "wrong": 0.0}
FEWEST_FOUND = 0.98


class Texts:
    """Questions with answers, and among them copies of earlier ones, never of the same leaf."""

    def __init__(self) -> None:
        self.copies = 0
        self._chance = Random(1)
        self._earlier: list[tuple[int, str, str]] = []

    def next(self, leaf: int, *, held_out: bool) -> tuple[str, str]:
        chance = self._chance
        drawn = chance.random()
        if not held_out and drawn < 0.05 and self._earlier:
            of, question, answer = chance.choice(self._earlier)
            if of != leaf:
                self.copies += 1
                return (question.replace("?", " please?") if drawn < 0.03 else question), answer
        question = chance.choice(FORMS).format(*chance.choices(VOCABULARY, k=5))
        answer = " ".join(chance.choices(VOCABULARY, k=ANSWER_WORDS))
        if not held_out and len(self._earlier) < REMEMBERED:
            self._earlier.append((leaf, question, answer))
        return question, answer


def write_samples(folder: Path, names: list[tuple[str, str]], count: int, address: str) -> tuple[int, str]:
    """Samples of every leaf under the key that `generate` would give them; how many are copies, and the id of one."""
    recipe = load_recipe(str(folder / "recipes" / "scale.yaml"))
    teacher = open_openai_teacher(address, "fixed", environment={}).identity
    store, texts, one = SampleStore.open(folder / ".seedbed"), Texts(), ""
    synced, os.fsync = os.fsync, lambda _: None
    try:
        with store.writing():
            for number, (name, blob) in enumerate(names):
                making = Making(name, blob, (), recipe.name, recipe.digest, teacher, 0)
                made = Provenance(blob, recipe.digest, teacher, 7, {"attempt": 0})
                samples = []
                for place in range(count):
                    held_out = place % HELD_OUT == 0
                    question, answer = texts.next(number, held_out=held_out)
                    messages = (Message("user", question), Message("assistant", answer))
                    samples.append(Sample(name, Stage.COMPOSITIONAL, messages, held_out, made))
                funnel = Funnel(count, count, sum(sample.held_out for sample in samples))
                store.write(making, samples, {Stage.COMPOSITIONAL: funnel})
                one = one or samples[-1].id
    finally:
        os.fsync = synced
    return texts.copies, one


def measured(folder: Path, address: str, leaves: int, samples: int, form: str) -> Iterator[tuple[str, float]]:
    """The figures by name, as they come."""
    written = write_repository(folder, leaves, address)
    names = [(name, blob) for name, blob, documents in written if not documents]
    copies, one = write_samples(folder, names, samples, address)
    yield "samples", float(len(names) * samples)
    found = run(folder, "why", one)
    yield "why_s", found.wall
    (folder / ".seedbed" / "catalogue.sample_ids.sqlite").unlink()
    yield "why_unnoted_s", run(folder, "why", one).wall
    yield "why_after_s", run(folder, "why", one).wall
    exported = run(folder, "export", "out", "--format", form)
    yield "export_s", exported.wall
    yield "export_cpu_s", exported.processor
    yield "export_mb", exported.megabytes
    said = (folder / "output").read_text().splitlines()[-1]
    left_out = int(said.rpartition("left out: ")[2].split(":")[0].replace(",", ""))
    yield "found", min(1.0, left_out / copies)
    yield "wrong", float(max(0, left_out - copies))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leaves", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=12, help="of each leaf")
    parser.add_argument("--form", default="messages")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, engine() as served:
        for figure, value in measured(
            Path(name), served.address, options.leaves, options.samples, options.form
        ):
            figures[figure] = round(value, 3)
            print(f"{figure}: {value:,.2f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n", encoding="utf-8")
    missed = [name for name, most in LIMITS.items() if figures[name] > most]
    missed += ["found"] if figures["found"] < FEWEST_FOUND else []
    for name in missed:
        print(f"{name} misses its limit", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
