"""How quick is `seedbed check`: per leaf against a peer, per pull request in a small and a large taxonomy, and in all?

    python benchmarks/check.py [--leaves N] [--peer-python PYTHON] [--json FILE] [--folder FOLDER]

Figures, each the best of several runs, so that a busy machine disturbs them least:

- `ms_per_valid_leaf`: reading a valid leaf and applying every rule, in process, the index of other questions made;
- `ratio_vs_instructlab_schema`: how many times longer `instructlab-schema` with yamllint takes for the same leaves, in
  process too, in the interpreter of --peer-python (a virtual environment with `instructlab-schema` in it);
- `pull_seconds_100`, `pull_seconds_5k`: `seedbed check --base … --head …` of a pull request that adds one leaf, edits
  one and moves one, whole process, in a repository of 100 and of N (5,000) leaves, its index of questions in place;
- `tree_5k_seconds`, `tree_5k_mib`: `seedbed check --all` of the N leaves, and the most that all its processes held
  together (the sum of their proportional set sizes, in which a page that two share counts half for each);
  `tree_5k_processor_seconds` is the time of all its processes on processors, which a busy machine disturbs less, and
  `tree_5k_first_seconds` is the first run, which also makes the index.

N is 5,000, so that the whole takes about a minute; with `--leaves 100000` (figures then end in `100k`) it takes about
ten. The repositories are made from a seed: leaves of five questions in words of its own invention. Every process finds
Seedbed's bytecode made, as installing leaves it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

SEED = 20260101
BRANCHES = ("compositional_skills", "foundational_skills", "knowledge")
ATTRIBUTION = (
    "Title of work: made for a measurement\nLicense of the work: Apache-2.0\nCreator names: nobody\n"
)
SEEDBED = (sys.executable, "-c", "from seedbed.cli.main import main; main()")
REPEATS = 5

PEER = """
import json, logging, os, sys, time
logging.disable(logging.CRITICAL)
from instructlab.schema.taxonomy import TaxonomyParser
os.chdir(sys.argv[1])
paths = sys.argv[3:]
quiet = os.open(os.devnull, os.O_WRONLY)
out = os.dup(1); os.dup2(quiet, 1); os.dup2(quiet, 2)
best = None
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    parser = TaxonomyParser(schema_version=0, yamllint_strict=False)
    wrong = [path for path in paths if parser.parse(path).errors]
    took = time.perf_counter() - started
    best = took if best is None else min(best, took)
os.write(out, json.dumps({"seconds": best, "wrong": wrong}).encode())
"""


def words(chance: random.Random) -> list[str]:
    """Some thousands of words that can be said and mean nothing."""
    starts, middles = "b br d f fl g k l m n p pr r s st t tr v z".split(), "a e i o u ai ea ou".split()
    ends = "l m n r s t nd rk st x".split()
    made = {
        "".join(chance.choice(part) for part in (starts, middles, starts, middles, ends))
        for _ in range(6_000)
    }
    return sorted(made)


def leaf_text(chance: random.Random, vocabulary: Sequence[str]) -> str:
    """A valid freeform skill of about 1.5 KB."""

    def sentence(length: int) -> str:
        return " ".join(chance.choices(vocabulary, k=length))

    seeds = "".join(
        f"  - question: {opening} {sentence(9)}?\n    answer: |\n      {sentence(14).capitalize()}.\n      {sentence(12).capitalize()}.\n"
        for opening in ("What is", "Why does", "Explain", "How would you", "Tell me about")
    )
    return f"version: 3\ncreated_by: octocat\ntask_description: Teach the model about {sentence(4)}.\nseed_examples:\n{seeds}"


def leaf_folder(number: int) -> str:
    """Where leaf `number` lies: skills branches only, some fifty entries in a folder."""
    branch = BRANCHES[number % 2]
    return f"taxonomy/{branch}/t{number // 5_000:03d}/s{number // 100 % 50:02d}/leaf_{number:06d}"


def import_stream(leaves: int) -> Iterator[bytes]:
    """A `git fast-import` stream: `main` with the leaves, `pull` with one added, one edited and one moved."""
    chance = random.Random(SEED)
    vocabulary = words(chance)

    def data(text: str) -> bytes:
        raw = text.encode()
        return b"data %d\n%s\n" % (len(raw), raw)

    def commit(branch: str) -> bytes:
        who = b"committer Bench <bench@example.org> 1700000000 +0000\n"
        return b"commit refs/heads/%s\n%s%s" % (branch.encode(), who, data(branch))

    yield b"blob\nmark :1\n" + data(ATTRIBUTION)
    yield commit("main")
    first = ""
    for number in range(leaves):
        folder, text = leaf_folder(number), leaf_text(chance, vocabulary)
        first = first or text
        yield f"M 100644 :1 {folder}/attribution.txt\nM 100644 inline {folder}/qna.yaml\n".encode() + data(
            text
        )
    yield commit("pull") + b"from refs/heads/main\n"
    added = "taxonomy/compositional_skills/newcomers/first"
    yield f"M 100644 :1 {added}/attribution.txt\nM 100644 inline {added}/qna.yaml\n".encode()
    yield data(leaf_text(chance, vocabulary))
    yield f"M 100644 inline {leaf_folder(0)}/qna.yaml\n".encode() + data(first.replace("Teach", "Show"))
    moved = leaf_folder(leaves // 2)
    yield f"R {moved} {moved}_moved\n".encode()


def make_repository(folder: Path, leaves: int) -> None:
    """A bare repository, packed; kept if it is there already."""
    if (folder / "made").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], check=True)
    importer = subprocess.Popen(["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert importer.stdin is not None
    for part in import_stream(leaves):
        importer.stdin.write(part)
    importer.stdin.close()
    if importer.wait() != 0:
        raise SystemExit("git fast-import failed")
    (folder / "made").touch()


MEASURED = """
import glob, os, resource, subprocess, sys, threading, time

def held(process):
    # KiB of the process and of all below it; 0 for what has just ended
    try:
        children = [int(pid) for tasks in glob.glob(f"/proc/{process}/task/*/children") for pid in open(tasks).read().split()]
        with open(f"/proc/{process}/smaps_rollup") as lines:
            own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except OSError:
        return 0
    return own + sum(map(held, children))

began = time.perf_counter()
checked = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
most = 0
if sys.argv[1] == "memory":
    while checked.poll() is None:
        most = max(most, held(checked.pid))
        time.sleep(1)
code = checked.wait()
took, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
print(took, max(most, used.ru_maxrss) / 1024, used.ru_utime + used.ru_stime, code)
"""


def run_check(folder: Path, arguments: Sequence[str], *, memory: bool = False) -> tuple[float, float, float]:
    """Seconds, MiB and processor seconds of one check, which has to pass.

    The MiB are those of its largest process; with `memory`, those of all together, sampled once a second (Linux).
    """
    what = "memory" if memory else "time"
    command = [sys.executable, "-c", MEASURED, what, *SEEDBED, "check", *arguments]
    bytecode = folder.parent / "bytecode"
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPYCACHEPREFIX": str(bytecode)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    seconds, mebibytes, processor, code = found.stdout.split()
    if code != "0":
        raise SystemExit(f"seedbed check {' '.join(arguments)} ended with {code}:\n{found.stderr}")
    return float(seconds), float(mebibytes), float(processor)


def pull_seconds(folder: Path) -> float:
    """The best of several checks of the branch `pull` against `main`."""
    return min(run_check(folder, ["--base", "main", "--head", "pull"])[0] for _ in range(REPEATS))


def per_leaf(folder: Path, count: int = 200) -> tuple[float, list[str]]:
    """Milliseconds to read and judge a valid leaf, in process, and the paths of the leaves that were judged."""
    from seedbed.checking.occasion import Occasion
    from seedbed.checking.tree import Tree
    from seedbed.taxonomy.repository import Repository

    repository = Repository.open(folder)
    commit = repository.resolve("main")
    best = float("inf")
    paths: list[str] = []
    for _ in range(REPEATS):
        tree = Tree(repository, commit, "taxonomy")
        paths = sorted(tree.leaves)[:count]
        next(
            tree.others.same_question("?", near=paths[0], whole=False), None
        )  # makes the index of questions, once
        began = time.perf_counter()
        findings = Occasion().findings(tree, dict.fromkeys(paths, False))
        best = min(best, time.perf_counter() - began)
        assert not any(finding.severity == "error" for found in findings.values() for finding in found)
    return best / len(paths) * 1_000, paths


def peer_milliseconds(python: str, folder: Path, paths: Sequence[str], scratch: Path) -> float:
    """Milliseconds that `instructlab-schema` takes for each of the same leaves, in a process of its own."""
    for path in paths:
        target = scratch / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shown = subprocess.run(
            ["git", "-C", str(folder), "show", f"main:{path}"], capture_output=True, check=True
        )
        target.write_bytes(shown.stdout)
    inside = [path.removeprefix("taxonomy/") for path in paths]
    command = [python, "-c", PEER, str(scratch / "taxonomy"), "2", *inside]
    # The peer runs `yamllint` as a command, and without it leaves that part of its work out in silence.
    path = f"{Path(python).absolute().parent}{os.pathsep}{os.environ['PATH']}"
    if shutil.which("yamllint", path=path) is None:
        raise SystemExit("yamllint is not installed beside --peer-python")
    environment = {**os.environ, "PATH": path}
    answer = json.loads(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)
    return float(answer["seconds"]) / len(paths) * 1_000


def measure(folder: Path, leaves: int, peer: str | None) -> Iterator[tuple[str, float]]:
    """The figures by name, as they come."""
    small, large = folder / "leaves-100", folder / f"leaves-{leaves}"
    make_repository(small, 100)
    milliseconds, paths = per_leaf(small)
    yield "ms_per_valid_leaf", milliseconds
    if peer is not None:
        with tempfile.TemporaryDirectory() as scratch:
            yield (
                "ratio_vs_instructlab_schema",
                peer_milliseconds(peer, small, paths, Path(scratch)) / milliseconds,
            )
    run_check(small, ["--all", "--head", "main"])
    yield "pull_seconds_100", pull_seconds(small)
    make_repository(large, leaves)
    size = f"{leaves // 1_000}k" if leaves % 1_000 == 0 else str(leaves)
    yield f"tree_{size}_first_seconds", run_check(large, ["--all", "--head", "main"])[0]
    yield f"pull_seconds_{size}", pull_seconds(large)
    seconds, mebibytes, processor = run_check(large, ["--all", "--head", "main"], memory=True)
    yield f"tree_{size}_seconds", seconds
    yield f"tree_{size}_processor_seconds", processor
    yield f"tree_{size}_mib", mebibytes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--leaves", type=int, default=5_000, help="leaves of the large repository (100000: the full size)"
    )
    parser.add_argument("--peer-python", help="an interpreter that can import instructlab.schema")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument(
        "--folder", type=Path, help="where the repositories are made, and kept for the next run"
    )
    options = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, value in measure(options.folder or Path(scratch), options.leaves, options.peer_python):
            figures[name] = round(value, 4)
            print(f"{name:30} {value:10.3f}", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
