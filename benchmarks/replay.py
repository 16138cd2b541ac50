"""What does replay keep? The demo with several seeds: new leaves learned, old ones kept with replay and lost without.

python benchmarks/replay.py                    # seeds 0, 1 and 2; about five minutes each on two cores
python benchmarks/replay.py --results A B C    # demos that were played before, by their folders
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

Result = dict[str, Any]


def _mean(result: Result, arm: str, leaves: str) -> float:
    return mean(result["arms"][arm][leaf] for leaf in result[leaves])


FIGURES: dict[str, tuple[Callable[[Result], float], Callable[[float], bool], str]] = {
    "new leaves, second release": (
        lambda r: _mean(r, "release-2", "fresh"),
        lambda v: v >= 0.80,
        "at least 0.80",
    ),
    "old leaves, first release": (lambda r: _mean(r, "release-1", "old"), lambda v: True, ""),
    "old leaves fall by, with replay": (
        lambda r: _mean(r, "release-1", "old") - _mean(r, "release-2", "old"),
        lambda v: v <= 0.03,
        "at most 0.03",
    ),
    "old leaves fall by, without": (
        lambda r: _mean(r, "release-1", "old") - _mean(r, "release-2-no-replay", "old"),
        lambda v: v >= 0.30,
        "at least 0.30",
    ),
    "replay's share of tokens": (lambda r: r["replay_token_share"], lambda v: v <= 0.25, "at most 0.25"),
    "minutes": (lambda r: r["seconds"] / 60, lambda v: v <= 10, "at most 10"),
}


def play(seeds: Iterable[int]) -> list[Result]:
    """The results of one demo a seed, each in a process and a folder of its own."""
    results = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "demo"
            print(f"seed {seed} …", flush=True)
            subprocess.run(
                [sys.executable, "-m", "seedbed", "demo", "--seed", str(seed), "--out", str(out)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            results.append(json.loads((out / "result.json").read_text(encoding="utf-8")))
    return results


def report(results: list[Result]) -> bool:
    """Print every figure by seed, with mean and spread; whether each seed reaches every bar."""
    fine = True
    seeds = "".join(f"{'seed ' + str(result['seed']):>9}" for result in results)
    print(f"{'':34}{seeds}{'mean':>9}{'spread':>9}  bar")
    for name, (figure, reached, bar) in FIGURES.items():
        values = [figure(result) for result in results]
        fine = fine and all(map(reached, values))
        columns = "".join(f"{value:9.3f}" for value in values)
        spread = stdev(values) if len(values) > 1 else 0.0
        print(f"{name:34}{columns}{mean(values):9.3f}{spread:9.3f}  {bar}")
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--results", type=Path, nargs="+", help="folders of demos that were played before")
    options = parser.parse_args()
    if options.results:
        results = [
            json.loads((folder / "result.json").read_text(encoding="utf-8")) for folder in options.results
        ]
    else:
        results = play(options.seeds)
    return 0 if report(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
