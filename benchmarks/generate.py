"""Does generation keep the engine busy? The pipeline against the bare engine, and against a peer.

    python benchmarks/generate.py [--documents N] [--peer-python PYTHON] [--vllm-python PYTHON] [--json FILE]

- `occupancy_served_1000`: 1,000 documents, all open at the same time, five questions each with answer and verdict,
  through the whole pipeline (repository, recipe, dataflow, journal that has each answer on disk, store) against a
  served engine of fixed rate (`fixed_rate_engine.py`: another process, 128 slots, 10 ms a token). What the engine was
  asked is then put to it again by the leanest client there is, all at once: that time ÷ the pipeline's. At least 0.95.
- `occupancy_vllm_cpu` (with `--vllm-python`, an interpreter with vLLM): the same question, put to the real engine in
  process, by `vllm_occupancy.py`. At least 0.90.
- `ratio_vs_sdg_hub`, `ratio_vs_sdg_hub_checkpointed` (with `--peer-python`, an interpreter with sdg-hub): the wall time
  of its flow `doc_direct_qa` on the same documents and engine ÷ ours, without and with its checkpoints (every 100
  rows). Same work: as many pairs, and as many tokens for each question, answer and verdict on average. It is not the
  same requests: sdg-hub asks for the five questions of a document at once, we one by one, 15 requests to its 11. Ours is
  durable per answer in both.
- `client_requests_per_s`, `client_cpu_ms`: see `client_rate.py`.

Takes about three minutes, with the peer about three more, with vLLM five more. FILE is written anew after each part.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pygit2  # noqa: TID251

from seedbed.generation.generate import generate
from seedbed.generation.leaf_outcome import Outcome
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.journal import Journal, JournaledTeacher
from seedbed.teacher.openai_server import open_openai_teacher

HERE = Path(__file__).parent
DOCUMENTS = 1000
SIDE_BY_SIDE = 300  # documents
SAVE_FREQUENCY = 100  # rows between two of the peer's checkpoints
SLOTS = 128
TOKEN_MS = 10.0
IN_FLIGHT = 2 * SLOTS  # so that the next request is there when a slot becomes free
DOCUMENTS_A_LEAF = 50
WORDS = "harbour lantern quarry meadow copper timber orchard ferry granite mill candle bridge tower anchor".split()
OUTLINE = "A town and its trades"

STREAM = """\
  attempts: {attempts}
  question: {{prompt: question.txt, temperature: 1.0, max_tokens: 256}}
  answer: {{prompt: answer.txt, exemplar: prompt, temperature: 0.0, max_tokens: 1024}}
  judging: {{mode: verdict, answer_criteria: [verdict.txt]}}
"""
RECIPE = """\
name: occupancy
entrance: 0.0
closed_vocabulary: false
near_copy: 0.9
held_out: {seeds: 0.25, samples: 0.12}
passages: {words: 2000, form: markdown}
"""
PROMPTS = {
    "context.txt": "Write a text.",
    "question.txt": "{{ document }}\n{{ questions | join('\n') }}\nWrite one question.",
    "answer.txt": "{{ document }}\n{{ question }}\nAnswer the question from the document.",
    "verdict.txt": "{{ document }}\n{{ question }}\n{{ answer }}\nDoes the document say so? Answer YES or NO.",
}


Figures = tuple[dict[str, float], list[str]]
"""By name, and what else is worth telling."""


def documents(count: int) -> list[str]:
    """Texts of about 300 words, no two alike."""
    random = Random(0)
    return [
        f"# Chapter {number}\n\n" + "\n\n".join(" ".join(random.choices(WORDS, k=60)) + "." for _ in range(5))
        for number in range(count)
    ]


def write_taxonomy(folder: Path, texts: Sequence[str]) -> None:
    """A committed repository: leaves with their documents beside them, and the recipe."""
    git = pygit2.init_repository(str(folder), initial_head="main")
    recipe = folder / "recipes"
    recipe.mkdir()
    streams = {"freeform": 1, "knowledge_short": 4, "knowledge_long": 1}
    text = RECIPE + "".join(f"{name}:\n{STREAM.format(attempts=n)}" for name, n in streams.items())
    context = "  context: {prompt: context.txt, max_tokens: 8}\n"
    (recipe / "occupancy.yaml").write_text(text + f"grounded:\n{STREAM.format(attempts=1)}{context}")
    for name, prompt in PROMPTS.items():
        (recipe / name).write_text(prompt)
    seeds = "".join(
        f"  - context: Seed {n}.\n    questions_and_answers:\n"
        + "".join(
            f"      - question: What is the {word} of part {n}?\n        answer: The {word} {n}.\n"
            for word in WORDS[:3]
        )
        for n in range(5)
    )
    for start in range(0, len(texts), DOCUMENTS_A_LEAF):
        leaf = folder / f"taxonomy/knowledge/town/part-{start:04}"
        leaf.mkdir(parents=True)
        (leaf / "qna.yaml").write_text(
            f"version: 3\ncreated_by: bench\ndomain: towns\ndocument_outline: {OUTLINE}\n"
            f"document:\n  patterns:\n    - '*.md'\nseed_examples:\n{seeds}"
        )
        for number, document in enumerate(texts[start : start + DOCUMENTS_A_LEAF]):
            (leaf / f"chapter-{number:03}.md").write_text(document)
    git.index.add_all()
    git.index.write()
    author = pygit2.Signature("bench", "bench@example.org", 0, 0)
    git.create_commit("HEAD", author, author, "taxonomy", git.index.write_tree(), [])


@dataclass(frozen=True)
class Served:
    """A running engine."""

    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def trace(self) -> dict[str, Any]:
        """What it was asked since the last time."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/trace") as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found


@contextmanager
def engine() -> Iterator[Served]:
    """The engine in a process of its own."""
    command = [sys.executable, str(HERE / "fixed_rate_engine.py")]
    command += ["--slots", str(SLOTS), "--token-ms", str(TOKEN_MS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        yield Served(int(process.stdout.readline()))
        process.stdin.close()


def pipeline(served: Served, folder: Path, sources: Sequence[LeafSource]) -> tuple[float, int, float]:
    """Wall seconds, samples and processor seconds of a whole run into a new store."""
    recipe = load_recipe(str(folder / "recipes" / "occupancy.yaml"))

    async def run(store: Path) -> int:
        teacher = JournaledTeacher(
            open_openai_teacher(served.address, "fixed", environment={}, concurrency=IN_FLIGHT),
            Journal.open(store / "journal.sqlite"),
        )
        try:
            outcomes = await generate(
                sources,
                recipe=recipe,
                teacher=teacher,
                store=SampleStore.open(store),
                in_flight=IN_FLIGHT,
                ahead=len(sources) * DOCUMENTS_A_LEAF * 5,
            )
        finally:
            await teacher.close()
        assert {outcome.outcome for outcome in outcomes} == {Outcome.GENERATED}
        return sum(outcome.total.kept for outcome in outcomes)

    with tempfile.TemporaryDirectory() as store:
        start, cpu = time.monotonic(), time.process_time()
        kept = asyncio.run(run(Path(store)))
        return time.monotonic() - start, kept, time.process_time() - cpu


def replay(served: Served, bodies: Sequence[str]) -> float:
    """Seconds that the bare engine takes for the same requests when all of them are there from the beginning."""

    async def client(waiting: Iterator[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        for request in waiting:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.rsplit(b":", 1)[1]))
        writer.close()

    requests = [
        f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        for body in (text.encode() for text in bodies)
    ]

    async def run() -> float:
        waiting = iter(requests)
        start = time.monotonic()
        await asyncio.gather(*(client(waiting) for _ in range(IN_FLIGHT)))
        return time.monotonic() - start

    return asyncio.run(run())


def occupancy(count: int) -> Figures:
    """The first figure, and what else is worth telling."""
    with tempfile.TemporaryDirectory() as name, engine() as served:
        folder = Path(name)
        write_taxonomy(folder, documents(count))
        repository = Repository.open(folder)
        sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
        pipeline(served, folder, sources[:1])  # imports and the first compilation of templates
        served.trace()
        wall, kept, cpu = pipeline(served, folder, sources)
        trace = served.trace()
        bare = replay(served, trace["bodies"])
    asked = len(trace["bodies"])
    note = (
        f"{count:,} documents: {asked:,} requests, {kept:,} samples, {wall:.1f} s; bare engine {bare:.1f} s, "
        f"slots alone {trace['busy'] / SLOTS:.1f} s; {1000 * cpu / asked:.2f} ms of processor a request"
    )
    return {"occupancy_served_1000": bare / wall}, [note]


def side_by_side(python: str, count: int) -> Figures:
    """Wall times of the peer, without and with checkpoints, over ours."""
    texts = documents(count)
    row = {"document_outline": OUTLINE, "domain": "towns", "icl_document": "Seed 0."}
    queries = {f"icl_query_{n}": f"What is the {word} of part 0?" for n, word in enumerate(WORDS[:3], 1)}
    with tempfile.TemporaryDirectory() as name, engine() as served:
        folder = Path(name)
        (folder / "documents.json").write_text(
            json.dumps([{"document": text, **row, **queries} for text in texts])
        )
        (folder / "repository").mkdir()
        write_taxonomy(folder / "repository", texts)
        repository = Repository.open(folder / "repository")
        sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
        wall, kept, _ = pipeline(served, folder / "repository", sources)
        ours = served.trace()
        notes = [f"seedbed: {wall:.1f} s, {kept:,} pairs, {ours['busy']:,.0f} slot-seconds"]
        figures: dict[str, float] = {}
        for figure, checkpoints in (
            ("ratio_vs_sdg_hub", []),
            ("ratio_vs_sdg_hub_checkpointed", [str(SAVE_FREQUENCY), str(folder / "checkpoints")]),
        ):
            command = [python, str(HERE / "sdg_hub_side.py"), served.address, str(folder / "documents.json")]
            found = subprocess.run(
                [*command, str(IN_FLIGHT), *checkpoints], capture_output=True, text=True, check=False
            )
            line = next((line for line in found.stdout.splitlines() if line.startswith("RESULT ")), None)
            if line is None:
                raise SystemExit(f"sdg-hub failed:\n{found.stdout[-2000:]}\n{found.stderr[-2000:]}")
            theirs, trace = json.loads(line.removeprefix("RESULT ")), served.trace()
            figures[figure] = theirs["seconds"] / wall
            notes.append(
                f"sdg-hub{' with checkpoints' if checkpoints else ''}: {theirs['seconds']:.1f} s, "
                f"{theirs['pairs']:,} pairs, {trace['busy']:,.0f} slot-seconds, {len(trace['bodies']):,} requests"
            )
    return figures, notes


def vllm_occupancy(python: str) -> Figures:
    """The figure of the real engine, measured by an interpreter that has it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        size = ["--leaves", "8", "--rounds", "2"]  # about five minutes on two cores
        subprocess.run([python, str(HERE / "vllm_occupancy.py"), *size, "--json", str(out)], check=True)
        found: dict[str, Any] = json.loads(out.read_text())
    figures = found.get("figures", found)
    return {"occupancy_vllm_cpu": float(figures["occupancy_vllm_cpu"])}, []


def client_rate() -> Figures:
    """The last two figures."""
    from client_rate import measure

    client = measure()
    return {name: client[name] for name in ("client_requests_per_s", "client_cpu_ms")}, []


def _parts(options: argparse.Namespace) -> Iterator[Callable[[], Figures]]:
    """What was asked for, the shortest first."""
    yield client_rate
    yield lambda: occupancy(options.documents)
    if options.peer_python:
        yield lambda: side_by_side(options.peer_python, min(SIDE_BY_SIDE, options.documents))
    if options.vllm_python:
        yield lambda: vllm_occupancy(options.vllm_python)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--peer-python", metavar="PYTHON", help="an interpreter with sdg-hub")
    parser.add_argument("--vllm-python", metavar="PYTHON", help="an interpreter with vLLM and Seedbed")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    figures: dict[str, float] = {}
    for part in _parts(options):
        found, notes = part()
        figures |= found
        print("\n".join([*notes, *(f"{name}: {value:.3f}" for name, value in found.items())]), flush=True)
        if options.json:
            rounded = {name: round(value, 4) for name, value in figures.items()}
            options.json.write_text(json.dumps({"figures": rounded}, indent=2) + "\n", encoding="utf-8")
    limits = {"occupancy_served_1000": 0.95, "occupancy_vllm_cpu": 0.90}
    missed = [name for name, least in limits.items() if figures.get(name, least) < least]
    for name in missed:
        print(f"{name} is below {limits[name]}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
