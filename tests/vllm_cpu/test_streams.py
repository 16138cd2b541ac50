"""The three streams end to end on the real engine, as a server and in this process, by the command that people type."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.repositories import RepositoryBuilder
from support.vllm_server import vllm_server

from seedbed.bundled_files import bundled_file
from seedbed.generation.funnel import Loss, total
from seedbed.generation.store import SampleStore, StoredLeaf

SANDBOX = bundled_file("training/sandbox/teacher")
LEAVES = (
    "compositional_skills/cards/name_tag",  # grounded
    "foundational_skills/word_order/backwards",  # freeform
    "knowledge/board_games/tarn",
)
FIRST_ANSWERS = 60_000  # bytes of the journal that tell that the engine is at work
STEP = "prompt: {}, temperature: 1.0, max_tokens: 64"
JUDGING = (
    "judging: {mode: verdict, question_criteria: [fit.txt], answer_criteria: [right.txt], pair: pair.txt}"
)
ANSWER = (
    "answer: {{prompt: sandbox/answer.txt, temperature: 1.0, max_tokens: 200, exemplar: none, quote: {}}}"
)


def held_recipe() -> str:
    """A recipe whose every verdict is held to a list and every answer on a passage to a schema."""

    def stream(question: str, *, quote: bool, context: str = "") -> str:
        step = f"question: {{{STEP.format(question)}}}"
        lines = ["attempts: 60", step, ANSWER.format(str(quote).lower()), JUDGING, context]
        return "".join(f"  {line}\n" for line in lines if line)

    grounded = stream(
        "sandbox/question.txt", quote=True, context=f"context: {{{STEP.format('sandbox/context.txt')}}}"
    )
    return (
        "name: held\nentrance: 0\nclosed_vocabulary: false\nnear_copy: 0.99\n"
        "held_out: {seeds: 0.25, samples: 0.12}\npassages: {words: 60, form: plain}\n"
        f"freeform:\n  samples: 6\n{stream('sandbox/freeform_question.txt', quote=False)}"
        f"grounded:\n  samples: 6\n{grounded}"
        f"knowledge_short:\n{stream('sandbox/question.txt', quote=True)}"
        f"knowledge_long:\n{stream('sandbox/long_question.txt', quote=True)}"
    )


def repository(path: Path, settings: str) -> Path:
    """A taxonomy with a leaf of each kind that the sandbox teacher knows."""
    builder = RepositoryBuilder(path)
    for name in LEAVES:
        shutil.copytree(bundled_file("taxonomy") / name, path / "taxonomy" / name)
    builder.write("recipes/held.yaml", held_recipe())
    for prompt in ("fit", "right", "pair"):
        builder.write(f"recipes/{prompt}.txt", f"{prompt}? {{{{ question }}}} {{{{ answer }}}}")
    builder.write("seedbed.toml", settings)
    builder.write(".gitignore", ".seedbed/\n")
    builder.commit("three leaves")
    return path


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "seedbed", "generate", "--all", *options]


def generate(folder: Path, *options: str) -> str:
    told = subprocess.run(
        command(*options), cwd=folder, capture_output=True, text=True, timeout=500, check=False
    )
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-3000:]
    return told.stdout


def check_sandbox_samples(folder: Path) -> None:
    """Each stream has accepted samples, and the store that holds them is whole."""
    stored = {entry.making.leaf: entry for entry in stored_leaves(folder)}
    assert set(stored) == set(LEAVES)
    for entry in stored.values():
        for stage, funnel in entry.funnels.items():
            assert funnel.kept > 0, (entry.making.leaf, stage, funnel)


def check_held_answers(folder: Path) -> None:
    """No verdict outside its list and no JSON that does not parse, whatever a random model says; and many were read."""
    funnel = total(part for entry in stored_leaves(folder) for part in entry.funnels.values())
    lost = Counter(funnel.lost)
    for never in (Loss.UNPARSABLE, Loss.UNREADABLE_VERDICT, Loss.FAILED, Loss.REFUSED):
        assert lost[never] == 0, lost
    assert lost[Loss.QUOTE_NOT_FOUND] > 150, (
        lost
    )  # answers in JSON that were read, and whose quotation is made up
    assert lost[Loss.UNFIT_QUESTION] > 150, lost  # verdicts that were read
    assert lost[Loss.CUT_OFF] < sum(lost.values()) / 2, lost


def stored_leaves(folder: Path) -> list[StoredLeaf]:
    store = SampleStore.open(str(folder / ".seedbed"))
    return [store.describe(key) for key in store.keys()]  # noqa: SIM118 - no mapping


@pytest.fixture(scope="module", params=["in process", "served"])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "in process":
        yield f"vllm:{SANDBOX}"
        return
    log = tmp_path_factory.mktemp("server") / "server.log"
    with vllm_server(SANDBOX, log, name="teacher") as address:
        yield f"openai:{address}#teacher"


@pytest.fixture
def bytes_teacher(byte_model: Path, tmp_path: Path) -> Iterator[str]:
    with vllm_server(byte_model, tmp_path / "server.log", name="bytes", context=4096) as address:
        yield f"openai:{address}#bytes"


def test_the_sandbox_teacher_fills_every_stream_and_a_second_run_asks_nothing(
    sandbox: str, tmp_path: Path
) -> None:
    folder = repository(tmp_path / "repository", '[teacher.vllm]\ndtype = "float32"\n')
    options = ("--teacher", sandbox, "--recipe", "sandbox", "--samples", "2")
    assert " 0 answers recalled" in generate(folder, *options)
    check_sandbox_samples(folder)
    for kept in (folder / ".seedbed").iterdir():  # the samples go, the answers stay
        if "journal" not in kept.name:
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    assert re.search(r"^0 requests made", generate(folder, *options), re.MULTILINE)
    check_sandbox_samples(folder)


def test_structured_answers_of_a_random_model_are_always_readable(bytes_teacher: str, tmp_path: Path) -> None:
    folder = repository(tmp_path / "repository", "")
    generate(folder, "--teacher", bytes_teacher, "--recipe", "recipes/held.yaml")
    check_held_answers(folder)


def test_sigterm_ends_the_engine_too_and_what_was_answered_is_kept(byte_model: Path, tmp_path: Path) -> None:
    folder = repository(tmp_path / "repository", "")
    options = ("--teacher", f"vllm:{byte_model}", "--recipe", "recipes/held.yaml")
    run = subprocess.Popen(command(*options), cwd=folder, stdout=subprocess.PIPE, text=True)
    journal = folder / ".seedbed/journal.sqlite-wal"
    while run.poll() is None and not (journal.is_file() and journal.stat().st_size > FIRST_ANSWERS):
        time.sleep(0.1)
    started = psutil.Process(run.pid).children(recursive=True)
    assert any("EngineCore" in process.name() + " ".join(process.cmdline()) for process in started)
    run.terminate()
    said, _ = run.communicate(timeout=100)
    assert run.returncode == 143
    _, alive = psutil.wait_procs(started, timeout=30)
    assert not alive
    asked = re.search(r"^([\d,]+) requests made", said, re.MULTILINE)
    assert asked and int(asked[1].replace(",", "")) > 0
