"""How long does the plan of a large release take, and how much memory? 1.2 million samples in 100,000 leaves.

python benchmarks/plan_scale.py                       # the whole size: LAB's 1.2 million samples
python benchmarks/plan_scale.py --samples 120000 --leaves 10000 --json FILE

Two plans by the recipe `lab`, each in a process of its own: the first release of all leaves (nothing is old, everything
is seen five to seven times), and a later one in which nine leaves of ten are replayed. Measured from the table of samples to
the plan's file on disk, and then, as training does it, from the file to the samples of the first step and of the last.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from seedbed.generation.release_manifest import GateRecord, LeafRecord, ReleaseManifest, Role
from seedbed_training.planning.leaf_roles import CurrentLeaf
from seedbed_training.planning.make_plan import make_plan
from seedbed_training.planning.plan_file import plan_digest, read_plan, write_plan
from seedbed_training.planning.read_recipe import load_recipe
from seedbed_training.planning.sample_table import STAGES, SampleTable

LIMITS = {"processor_seconds": 20.0, "gibibytes": 1.0, "first_step_seconds": 1.0}
LENGTHS = (5.0, 0.6)  # of log-normal sample lengths, in tokens: median 148
STAGE_SHARES = (630, 115, 115, 550)  # LAB, table 2: KT/1, KT/2 (knowledge and foundational), ST


def table(samples: int, leaves: int) -> SampleTable:
    """Made-up columns; every leaf has samples, as many as chance gives it."""
    random = np.random.default_rng(0)
    leaf = np.sort(np.concatenate([np.arange(leaves), random.integers(0, leaves, samples - leaves)]))
    shares = np.array(STAGE_SHARES) / sum(STAGE_SHARES)
    ids = np.array([hashlib.md5(str(number).encode()).hexdigest().encode() for number in range(samples)])
    return SampleTable(
        leaves=tuple(f"knowledge/topic_{number // 100:04}/leaf_{number:06}" for number in range(leaves)),
        leaf=leaf.astype(np.int32),
        ids=ids,
        stage=random.choice(len(STAGES), leaves, p=shares).astype(np.int8)[leaf],
        tokens=np.clip(random.lognormal(*LENGTHS, samples), 8, 4096).astype(np.int32),
        fact=np.arange(samples, dtype=np.int32),
    )


def plan_once(samples: int, leaves: int, old_share: float, folder: Path) -> dict[str, Any]:
    """Plan, write, read, seek; in this process."""
    made = table(samples, leaves)
    digest = {name: hashlib.sha1(name.encode()).hexdigest() for name in made.leaves}
    now = {name: CurrentLeaf(name, digest[name], ((digest[name] * 2)[:64],)) for name in made.leaves}
    parent = _parent(list(now.values())[: round(leaves * old_share)])
    given = _peak()
    began, processor = time.perf_counter(), time.process_time()
    plan = make_plan(
        release="release-2",
        parent=parent,
        leaves=now,
        samples=made,
        recipe=load_recipe("lab"),
        seed=0,
        taxonomy_commit="c" * 40,
    )
    planned = time.perf_counter()
    write_plan(plan, folder / "plan.safetensors")
    written, processor = time.perf_counter(), time.process_time() - processor
    read = read_plan(folder / "plan.safetensors")
    phase = read.phases[-1]
    first = [phase.samples[index].id for index in phase.steps[0]]
    opened = time.perf_counter()
    last = [phase.samples[index].id for index in phase.steps[len(phase.steps) - 1]]
    found = time.perf_counter()
    assert first and last and plan_digest(read) == plan_digest(plan)
    return {
        "samples": samples,
        "leaves": leaves,
        "seen": sum(len(each.steps.order) for each in plan.phases),
        "steps": sum(len(each.steps) for each in plan.phases),
        "replay_token_share": plan.replay_token_share,
        "plan_seconds": planned - began,
        "write_seconds": written - planned,
        "seconds": written - began,
        "processor_seconds": processor,  # one thread; on an idle core the clock's are the same
        "first_step_seconds": opened - written,
        "any_step_milliseconds": (found - opened) * 1000,
        "file_mebibytes": (folder / "plan.safetensors").stat().st_size / 2**20,
        "gibibytes": _peak(),
        "gibibytes_of_the_input": given,
    }


def _parent(leaves: list[CurrentLeaf]) -> ReleaseManifest | None:
    records = tuple(LeafRecord(leaf.name, leaf.blob, Role.FRESH, leaf.sample_keys, 1, 1) for leaf in leaves)
    made = ("release-1", None, "c" * 40, "base", "b" * 40, "m" * 40, "lab", "r" * 64, "p" * 64, 0, "0")
    return ReleaseManifest(*made, records, (), (), GateRecord(True, ())) if leaves else None


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # Linux counts in KiB


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=1_200_000)
    parser.add_argument("--leaves", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--old-share", type=float, help=argparse.SUPPRESS)  # one plan, in this process
    options = parser.parse_args()
    if options.old_share is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(plan_once(options.samples, options.leaves, options.old_share, Path(folder))))
        return 0
    size = ["--samples", str(options.samples), "--leaves", str(options.leaves)]
    figures = {
        name: json.loads(
            subprocess.run(
                [sys.executable, __file__, *size, "--old-share", str(share)],
                check=True,
                capture_output=True,
                text=True,
                env=os.environ,
            ).stdout
        )
        for name, share in (("first release", 0.0), ("nine leaves of ten old", 0.9))
    }
    fine = True
    for name, found in figures.items():
        print(f"\n{name}")
        for key, value in found.items():
            limit = LIMITS.get(key)
            fine = fine and (limit is None or value <= limit)
            shown = f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
            print(f"  {key:24}{shown:>14}" + (f"  at most {limit:g}" if limit is not None else ""))
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n", encoding="utf-8")
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
