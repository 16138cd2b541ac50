"""Does it hold at size? A synthetic taxonomy with its samples: status, and what the edit of one leaf costs.

    python benchmarks/scale.py [--leaves N] [--samples K] [--json FILE] [--folder FOLDER]

N leaves (100,000; nine of ten freeform skills, the others knowledge with a document beside them), K samples each (12),
in a real git repository and a real store, written without fsync. Then, each as a command in a process of its own:

- `status_first_s`: `seedbed status` when nothing is remembered yet: every record is read once, and every leaf that
  cites documents;
- `status_s`, `status_mb`: the same again, and the memory that it takes at most (at most 5 s and 1,024 MB);
- `status_all_s`: `seedbed status --all`, a line for every leaf;
- `status_after_edit_s`: after a commit that edits one leaf;
- `edit_requests`, `edit_s`, `edit_mb`: `seedbed generate` after that edit, against the server of
  `fixed_rate_engine.py`: how many requests it makes (those of one leaf: 3), how long it takes, and its memory;
- `status_released_s`: `seedbed status` when a release holds every leaf.

Each time that ends in `_s` has a sister that ends in `_cpu_s`: processor seconds of the command, which a loaded machine
changes less. With 100,000 leaves it takes some three minutes, most of it to write the store and to read it the first time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pygit2  # noqa: TID251
from generate import PROMPTS, RECIPE, STREAM, WORDS, Served, engine

from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.release_manifest import GateRecord, LeafRecord, ReleaseManifest, Role
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.generation.sample_table import samples_to_parquet
from seedbed.generation.store import Making, StoredLeaf
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.openai_server import open_openai_teacher
from seedbed.teacher.teacher import Message

AUTHOR = pygit2.Signature("bench", "bench@example.org", 0, 0)
ATTRIBUTION = b"Title of work: Bench\nLicense of the work: CC0-1.0\nCreator names: Bench\n"
NAMES_OF_A_FILE = 10_000  # file systems bound them
LIMITS = {"status_s": 5.0, "status_mb": 1024.0, "edit_mb": 1024.0, "edit_requests": 3.0}


def skill(number: int) -> str:
    """A freeform leaf."""
    seeds = "".join(
        f"  - question: What is the {word} of part {number}?\n    answer: It is the {word} {number}.\n"
        for word in WORDS[:5]
    )
    return f"version: 3\ncreated_by: bench\ntask_description: Name part {number}.\nseed_examples:\n{seeds}"


def knowledge(number: int) -> str:
    """A leaf with a document beside it."""
    seeds = "".join(
        f"  - context: Seed {n} of {number}.\n    questions_and_answers:\n"
        + "".join(
            f"      - question: What is the {word} of part {n}?\n        answer: The {word} {n}.\n"
            for word in WORDS[:3]
        )
        for n in range(5)
    )
    return (
        f"version: 3\ncreated_by: bench\ndomain: towns\ndocument_outline: Town {number}\n"
        f"document:\n  patterns:\n    - town.md\nseed_examples:\n{seeds}"
    )


def write_repository(folder: Path, count: int, address: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Leaves in folders of a hundred, in one pack as a clone has them, and settings; name, blob and documents of each."""
    written: list[tuple[str, str, tuple[str, ...]]] = []
    pygit2.init_repository(str(folder), bare=True, initial_head="main")
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importer:
        stream = importer.stdin
        assert stream is not None
        stream.write(
            b"commit refs/heads/main\ncommitter bench <bench@example.org> 0 +0000\ndata 8\ntaxonomy\n"
        )
        for number in range(count):
            group = number // 100
            known = group % 10 == 9
            branch = "knowledge" if known else "compositional_skills"
            name = f"{branch}/group_{group:04}/leaf_{number:06}"
            text = (knowledge(number) if known else skill(number)).encode()
            files = {"attribution.txt": ATTRIBUTION, "qna.yaml": text}
            if known:
                files["town.md"] = f"# Town {number}\n\nThe {WORDS[number % 14]} of it is old.\n".encode()
            for file, content in files.items():
                stream.write(b"M 644 inline taxonomy/%s/%s\n" % (name.encode(), file.encode()))
                stream.write(b"data %d\n%s\n" % (len(content), content))
            documents = (str(pygit2.hash(files["town.md"])),) if known else ()
            written.append((name, str(pygit2.hash(text)), documents))
        stream.close()
        if importer.wait():
            raise SystemExit("git fast-import failed")
    recipes = folder / "recipes"
    recipes.mkdir()
    streams = "".join(
        f"{name}:\n{STREAM.format(attempts=1)}" for name in ("freeform", "knowledge_short", "knowledge_long")
    )
    context = "  context: {prompt: context.txt, max_tokens: 8}\n"
    (recipes / "scale.yaml").write_text(f"{RECIPE}{streams}grounded:\n{STREAM.format(attempts=1)}{context}")
    for name, prompt in PROMPTS.items():
        (recipes / name).write_text(prompt)
    (folder / "seedbed.toml").write_text(
        f'[teacher]\nbackend = "openai"\nurl = "{address}"\nmodel = "fixed"\n'
        '[generation]\nrecipe = "recipes/scale.yaml"\n'
    )
    return written


def write_store(
    folder: Path, leaves: list[tuple[str, str, tuple[str, ...]]], samples: int, address: str
) -> dict[str, tuple[str, str]]:
    """Samples of every leaf under the keys that `generate` would give them; the blob and key of each leaf.

    All leaves of a stage have the same table, as one file with many names: a hundred thousand would be a gigabyte.
    """
    recipe = load_recipe(str(folder / "recipes" / "scale.yaml"))
    teacher = open_openai_teacher(address, "fixed", environment={}).identity
    digest = recipe.digest
    target = folder / ".seedbed" / "samples"
    target.mkdir(parents=True)
    held_out = sum(n % 8 == 0 for n in range(samples))
    tables: dict[Stage, bytes] = {}
    named: dict[Stage, Path] = {}
    made: dict[str, tuple[str, str]] = {}
    for number, (name, blob, documents) in enumerate(leaves):
        making = Making(name, blob, documents, recipe.name, digest, teacher, 0)
        stage = Stage.KNOWLEDGE_SHORT if documents else Stage.COMPOSITIONAL
        if stage not in tables:
            tables[stage] = table(making, stage, samples)
        here = target / f"{making.key}.parquet"
        if number % NAMES_OF_A_FILE == 0:
            named.clear()
        if stage in named:
            here.hardlink_to(named[stage])
        else:
            here.write_bytes(tables[stage])
            named[stage] = here
        lost = {Loss.WRONG: number % 7 + 1, Loss.REPEATED: number % 5, Loss.SEED_COPY: number % 3}
        asked = samples + sum(lost.values())
        funnel = Funnel(asked, samples, held_out, lost, 3 * asked, 900 * asked, 150 * asked + number)
        sha256 = hashlib.sha256(tables[stage]).hexdigest()
        record = StoredLeaf(making.key, making, samples, held_out, {stage: funnel}, sha256)
        (target / f"{making.key}.json").write_text(record.to_json())
        made[name] = (blob, making.key)
    return made


def table(making: Making, stage: Stage, samples: int) -> bytes:
    """A table of so many samples; all leaves of a stage get the same bytes."""
    origin = Provenance(making.leaf_blob, making.recipe_digest, making.teacher, 7, {"attempt": 0})
    return samples_to_parquet(
        [
            Sample(
                making.leaf,
                stage,
                (
                    Message("user", f"Question {n} of {making.leaf}?"),
                    Message("assistant", f"Answer {n}. " * 30),
                ),
                n % 8 == 0,
                origin,
            )
            for n in range(samples)
        ]
    )


def edit_one(folder: Path) -> None:
    """A commit that changes the text of one skill."""
    git = pygit2.Repository(str(folder))
    path = "taxonomy/compositional_skills/group_0000/leaf_000007/qna.yaml".split("/")
    parent = git.head.peel(pygit2.Commit)

    def changed(tree: pygit2.Tree, names: list[str]) -> pygit2.Oid:
        builder = git.TreeBuilder(tree)
        if len(names) == 1:
            text = skill(7).replace("Name part 7.", "Say the name of part 7.")
            builder.insert(names[0], git.create_blob(text.encode()), 0o100644)
        else:
            builder.insert(names[0], changed(tree[names[0]], names[1:]), 0o40000)
        return builder.write()

    git.create_commit("HEAD", AUTHOR, AUTHOR, "edit", changed(parent.tree, path), [parent.id])


def release(folder: Path, made: dict[str, tuple[str, str]], samples: int) -> None:
    """The manifest of a release of every leaf."""
    records = tuple(
        LeafRecord(name, blob, Role.FRESH, (key,), samples, 1) for name, (blob, key) in sorted(made.items())
    )
    commit = Repository.open(folder).resolve("HEAD~1")
    manifest = ReleaseManifest(
        *("release-1", None, commit, "base", "d", "d", "r", "d", "d", 0, "0"),
        records,
        (),
        (),
        GateRecord(True, ()),
    )
    (folder / "releases").mkdir()
    (folder / "releases" / "release-1.json").write_text(manifest.to_json())


@dataclass(frozen=True)
class Run:
    """What a command took."""

    wall: float  # seconds
    processor: float  # seconds
    megabytes: float  # at most


def run(folder: Path, *arguments: str) -> Run:
    """A command of Seedbed's in a process of its own."""
    command = [sys.executable, "-m", "seedbed", *arguments]
    start = time.monotonic()
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status:
        text = (folder / "output").read_text()
        raise SystemExit(f"seedbed {' '.join(arguments)} failed:\n{text[-2000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measured(folder: Path, served: Served, leaves: int, samples: int) -> Iterator[tuple[str, float]]:
    """The figures by name, as they come."""

    def figures(name: str, *arguments: str) -> Iterator[tuple[str, float]]:
        found = run(folder, *arguments)
        yield f"{name}_s", found.wall
        yield f"{name}_cpu_s", found.processor
        yield f"{name}_mb", found.megabytes

    written = write_repository(folder, leaves, served.address)
    made = write_store(folder, written, samples, served.address)
    yield from figures("status_first", "status")
    yield from figures("status", "status")
    yield from figures("status_all", "status", "--all")
    edit_one(folder)
    yield from figures("status_after_edit", "status")
    served.trace()
    yield from figures("edit", "generate")
    yield "edit_requests", float(len(served.trace()["bodies"]))
    release(folder, made, samples)
    yield from figures("status_released", "status")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leaves", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=12, help="of each leaf")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--folder", type=Path, help="write the taxonomy here, and leave it")
    options = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, engine() as served:
        folder = options.folder or Path(name)
        for figure, value in measured(folder, served, options.leaves, options.samples):
            figures[figure] = round(value, 2)
            print(f"{figure}: {value:,.2f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n", encoding="utf-8")
    missed = [name for name, most in LIMITS.items() if figures[name] > most]
    for name in missed:
        print(f"{name} is above {LIMITS[name]:g}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
