"""How large is the site of a large taxonomy, and how long does it take? `seedbed site` of N leaves as long as real ones.

    python benchmarks/site.py [--leaves N] [--samples K] [--json FILE] [--folder FOLDER]

N leaves (2,000) of the lengths of 150 public ones (median 2.7 kB, nine in ten below 10 kB, none above 39 kB), in words
that are as often common or rare as those of a language; every fourth is knowledge with a document beside it. 400 people
wrote them in N / 4 commits. Two in three have K samples (30) in a store, and a release learned half of them. Then:

- `first_page_kb`: what a browser loads to show the first page: page and style, at most 300 kB;
- `search_page_kb`: the search page before anything is typed, with its script and the head of its index;
- `common_query_kb`, `rare_query_kb`: what it loads then for the word that most leaves hold, and for one of few;
- `largest_index_part_kb`, `largest_page_kb`, `median_leaf_page_kb`, `files`, `megabytes`;
- `build_seconds`, `build_processor_seconds`, `build_mib`: the command, a process of its own;
- `build_again_seconds`: the same into the same folder, where nothing changed;
- `ratio_to_check`: how many times longer than `seedbed check --all` of the same leaves it takes, both in processor seconds.

With N = 2,000 it takes about a minute. With --folder FOLDER, the repository and the site stay there to be looked at.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.project import open_project
from seedbed.generation.release_manifest import (
    GateRecord,
    LeafRecord,
    PhaseRecord,
    ReleaseManifest,
    Role,
    ScoreRecord,
)
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.generation.store import Making
from seedbed.site.search_index import part_of
from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed.teacher.teacher import Message, TeacherIdentity

SEED = 20260101
MEDIAN, SPREAD, LONGEST = 2_700, 1.0, 39_000  # bytes of a leaf: log-normal
TEACHER = TeacherIdentity("openai", "bench", "0")
FIRST_PAGE_LIMIT_KB = 300.0
ATTRIBUTION = (
    "Title of work: {}\nLink to work: https://example.org/{}\nLicense of the work: {}\nCreator names: {}\n"
)
LICENCES = ("CC-BY-SA-4.0", "CC-BY-4.0", "Apache-2.0", "CC0-1.0")


class Writer:
    """Invented words, the n-th of them 1/n as often as the first (Zipf's law)."""

    def __init__(self, words: int = 30_000) -> None:
        self._chance = random.Random(SEED)
        starts, vowels = "b br d f fl g k l m n p pr r s st t tr v z".split(), "a e i o u ai ea ou".split()
        ends = " l m n r s t nd rk st x".split(" ")
        syllables = [f"{start}{vowel}{end}" for start in starts for vowel in vowels for end in ends]
        made = {"".join(self._chance.choices(syllables, k=1 + rank % 3)) for rank in range(3 * words)}
        self.words = sorted(made, key=lambda word: (len(word), word))[:words]
        self._weights = list(accumulate(1 / (rank + 1) for rank in range(len(self.words))))

    def text(self, length: int) -> str:
        """About so many characters, in sentences."""
        count = max(3, round(length / 6.4))
        words = self._chance.choices(self.words, cum_weights=self._weights, k=count)
        words[::12] = [word.capitalize() for word in words[::12]]
        return " ".join(f"{word}." if place % 12 == 11 else word for place, word in enumerate(words))

    def length(self) -> int:
        return min(LONGEST, max(700, round(self._chance.lognormvariate(math.log(MEDIAN), SPREAD))))

    def folder(self, number: int) -> str:
        branch = (
            "knowledge" if number % 4 == 0 else ("compositional_skills", "foundational_skills")[number % 2]
        )
        topics = [self.words[60 + number % 31], self.words[200 + number % 173], self.words[1_000 + number]]
        return "/".join([branch, *topics[number % 2 :], f"leaf_{number}"])

    def leaf(self, number: int, length: int) -> str:
        """A valid leaf of about `length` bytes."""
        head = f"version: 3\ncreated_by: person-{number % 400}\n"
        if number % 4:
            seeds = 5 + number % 4
            share = (length - 400) // seeds
            pairs = "".join(
                f"  - question: {self.text(share // 4)}?\n    answer: |\n      {self.text(3 * share // 4)}\n"
                for _ in range(seeds)
            )
            return f"{head}task_description: {self.text(90)}\nseed_examples:\n{pairs}"
        share = (length - 400) // 5
        pairs = "".join(
            f"  - context: |\n      {self.text(share // 2)}\n    questions_and_answers:\n"
            + "".join(
                f"      - question: {self.text(share // 12)}?\n        answer: {self.text(share // 12)}\n"
                for _ in range(3)
            )
            for _ in range(5)
        )
        return f"{head}domain: {self.text(12)}\ndocument_outline: {self.text(60)}\ndocument:\n  patterns: [text.md]\nseed_examples:\n{pairs}"


def import_stream(writer: Writer, leaves: int) -> Iterator[bytes]:
    """A `git fast-import` stream of `main`."""

    def data(text: str) -> bytes:
        raw = text.encode()
        return b"data %d\n%s\n" % (len(raw), raw)

    for number in range(leaves):
        if number % 4 == 0:
            person = number // 4 * 7 % 400
            who = f"Person {writer.words[300 + person].capitalize()} <person-{person}@example.org> {1_700_000_000 + 3_600 * number} +0000"
            yield f"commit refs/heads/main\ncommitter {who}\n".encode() + data(f"leaves from {number}")
        folder = f"taxonomy/{writer.folder(number)}"
        title = writer.text(30)
        licence = LICENCES[number % len(LICENCES)]
        yield f"M 100644 inline {folder}/qna.yaml\n".encode() + data(writer.leaf(number, writer.length()))
        attribution = ATTRIBUTION.format(title, number, licence, f"Person {number % 400}")
        yield f"M 100644 inline {folder}/attribution.txt\n".encode() + data(attribution)
        if number % 4 == 0:
            yield f"M 100644 inline {folder}/text.md\n".encode() + data(
                f"# {title}\n\n{writer.text(6_000)}\n"
            )


def make_repository(folder: Path, leaves: int, samples: int) -> None:
    """A repository with a store and a release beside it; kept if it is there already."""
    if (folder / "made").exists():
        return
    writer = Writer()
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(folder)], check=True)
    importer = subprocess.Popen(["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert importer.stdin is not None
    for part in import_stream(writer, leaves):
        importer.stdin.write(part)
    importer.stdin.close()
    if importer.wait() != 0:
        raise SystemExit("git fast-import failed")
    make_samples(folder, writer, samples)
    (folder / "made").touch()


def make_samples(folder: Path, writer: Writer, samples: int) -> None:
    """Samples of two leaves in three, and a release that learned every second one."""
    project = open_project(folder)
    commit = project.repository.resolve("main")
    files = all_leaves(project.repository, revision=commit, taxonomy_root="taxonomy")
    records = []
    with project.store.writing():
        for number, file in enumerate(files):
            name = leaf_name(file.path, "taxonomy")
            if number % 2 == 0:
                records.append(LeafRecord(name, file.blob, Role.FRESH, (), samples, samples // 8))
            if number % 3:
                made = [sample(name, file.blob, writer, place) for place in range(samples)]
                making = Making(name, file.blob, (), "lab", "d" * 64, TEACHER, 0)
                funnel = Funnel(2 * samples, samples, samples // 8, {Loss.REPEATED: samples})
                project.store.write(making, made, {Stage.COMPOSITIONAL: funnel})
    (folder / "releases").mkdir()
    (folder / "releases" / "first.json").write_text(release(commit, records).to_json(), encoding="utf-8")


def sample(name: str, blob: str, writer: Writer, place: int) -> Sample:
    messages = (Message("user", f"{writer.text(80)}?"), Message("assistant", writer.text(300)))
    provenance = Provenance(blob, "d" * 64, TEACHER, 0, {"attempt": place, "temperature": 0.7})
    return Sample(name, Stage.COMPOSITIONAL, messages, place % 8 == 0, provenance, {"answer": 0.9})


def release(commit: str, records: list[LeafRecord]) -> ReleaseManifest:
    scores = tuple(
        ScoreRecord(
            record.name,
            place % 10 / 10,
            max(0.0, place % 10 / 10 - 0.2),
            min(1.0, place % 10 / 10 + 0.2),
            12,
            0.1,
        )
        for place, record in enumerate(records)
    )
    phases = (PhaseRecord("skills", "c" * 64, 100, 1_000_000, 0, 600.0),)
    digests = ("b" * 40, "m" * 40, "lab", "r" * 64, "p" * 64)
    return ReleaseManifest(
        "first",
        None,
        commit,
        "bench",
        *digests,
        0,
        "0.1.0",
        tuple(records),
        phases,
        scores,
        GateRecord(True, ()),
    )


def run_command(folder: Path, *arguments: str) -> tuple[float, float, float]:
    """Seconds, processor seconds and MiB of one command."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "seedbed", *arguments], cwd=folder, stdout=subprocess.DEVNULL, check=True
    )
    took, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return took, processor, used.ru_maxrss / 1024


def measure(folder: Path, leaves: int, samples: int) -> Iterator[tuple[str, float]]:
    """The figures by name, as they come."""
    repository, site = folder / f"taxonomy-{leaves}", folder / f"site-{leaves}"
    make_repository(repository, leaves, samples)
    build = ("site", "--output", str(site), "--title", f"{leaves:,} made-up leaves")
    seconds, processor, mebibytes = run_command(repository, *build)
    yield "build_seconds", seconds
    yield "build_processor_seconds", processor
    yield "build_mib", mebibytes
    yield "build_again_seconds", run_command(repository, *build)[0]
    yield "ratio_to_check", processor / run_command(repository, "check", "--all", "--head", "main")[1]
    sizes = {
        path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*") if path.is_file()
    }
    yield "files", len(sizes)
    yield "megabytes", sum(sizes.values()) / 1e6
    yield "first_page_kb", (sizes["index.html"] + sizes["site.css"]) / 1e3
    search = ("search.html", "site.css", "search.js", "search/head.js")
    yield "search_page_kb", sum(sizes[name] for name in search) / 1e3
    writer = Writer()
    yield "common_query_kb", query_bytes(sizes, writer.words[0], leaves) / 1e3
    yield "rare_query_kb", query_bytes(sizes, writer.words[20_000], 2) / 1e3
    yield (
        "largest_index_part_kb",
        max(size for name, size in sizes.items() if name.startswith("search/")) / 1e3,
    )
    yield "largest_page_kb", max(size for name, size in sizes.items() if name.endswith(".html")) / 1e3
    yield (
        "median_leaf_page_kb",
        statistics.median(size for name, size in sizes.items() if name.endswith("leaf.html")) / 1e3,
    )


def query_bytes(sizes: dict[str, int], word: str, leaves: int) -> int:
    """What a query for one word loads: the part that holds it, and the lines of the best 60 leaves at most."""
    lines = sorted((size for name, size in sizes.items() if name.startswith("search/leaves/")), reverse=True)
    return sizes[f"search/words/{part_of(word)}.js"] + sum(lines[: min(60, leaves)])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leaves", type=int, default=2_000)
    parser.add_argument("--samples", type=int, default=30, help="of each leaf that has any")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--folder", type=Path, help="where repository and site are made, and stay")
    options = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, value in measure(options.folder or Path(scratch), options.leaves, options.samples):
            figures[name] = round(value, 3)
            print(f"{name:26} {value:12.2f}", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n", encoding="utf-8")
    if figures["first_page_kb"] > FIRST_PAGE_LIMIT_KB:
        print(f"the first page is larger than {FIRST_PAGE_LIMIT_KB:.0f} kB")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
