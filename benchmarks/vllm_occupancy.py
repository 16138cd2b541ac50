"""How much of its time does the real vLLM engine on a processor spend on our requests?

    .venv-vllm/bin/python benchmarks/vllm_occupancy.py [--leaves N] [--rounds N] [--json FILE]

An interpreter with vLLM and Seedbed is needed (`make test-vllm` makes one). The engine runs in process, as `--teacher
vllm:PATH` has it, on a model of random weights that is made here. The pipeline (knowledge leaves with documents, a recipe
with verdicts and quotations, journal and store on disk) is run into a new store; what the engine was asked is kept, with
the tokens that each answer took. The mix is that of the streams: questions, answers, quotations in JSON and verdicts from
a list, each of its own length; it is printed, since a random model's verdicts decide how many answers there are. Then the same requests go to the bare engine, all at once, the answers as long as they
were. Both begin with an empty prefix cache; the order alternates from round to round.

- `occupancy_vllm_cpu`: bare engine ÷ pipeline, wall time, the median of the rounds. The bare engine samples freely to the
  same length (`ignore_eos`), with the same temperature and seed, and is held to no list or schema. At least 0.90. Only on cores that nothing else
  uses: other programs hit the parts of a round unequally, and then the figure says more of them than of Seedbed.
- `occupancy_vllm_cpu_same`: the same with every parameter as it was asked: lists, schemas, odds of choices.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_letters
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.repositories import RepositoryBuilder
from support.tiny_model import build_byte_model

from seedbed.config import VllmSettings
from seedbed.generation.generate import generate
from seedbed.generation.leaf_outcome import Outcome
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.journal import Journal, JournaledTeacher
from seedbed.teacher.teacher import Completion, Request
from seedbed.teacher.vllm_engine import VllmTeacher, load_vllm_teacher
from seedbed.teacher.vllm_protocol import sampling_parameters

LEAVES = 32
ROUNDS = 3
CONTEXT = 2048  # tokens
VOCABULARY = 600  # pairs joined, beside the bytes
ENDS = 30  # tokens of about 900 that end a text: texts of 30 tokens on the average
LIMIT = 0.90
WORDS = (
    "harbour pier crane ramp iron steel brass keeper paint tide rope lamp grain boat ferry winter stone north old "
    "gate bell morning market fish barrel chain anchor weight ladder watch light river storm signal"
).split()

RECIPE = """\
name: occupancy
entrance: 0.0
closed_vocabulary: false
near_copy: 0.95
held_out: {seeds: 0.25, samples: 0.12}
passages: {words: 120, form: plain}
"""
STREAM = """\
  attempts: ATTEMPTS
  question: {prompt: question.txt, temperature: 1.0, max_tokens: 48}
  answer: {prompt: answer.txt, exemplar: none, quote: QUOTE, temperature: 0.7, max_tokens: 128}
  judging: {mode: verdict, answer_criteria: [grounded.txt, helpful.txt], question_criteria: [fit.txt]}
"""
QUESTION = "Write one question on the document."
SHARED = "{{ document }}\n{{ question }}\n"
PROMPTS = {
    "context.txt": "Write a text.",
    "question.txt": "{{ document }}\n{{ questions | join('\\n') }}\n" + QUESTION,
    "answer.txt": SHARED + "Answer from the document.",
    "fit.txt": SHARED + "Can it be asked without the document? YES or NO.",
    "grounded.txt": SHARED + "{{ answer }}\nDoes the document say so? YES or NO.",
    "helpful.txt": SHARED + "{{ answer }}\nDoes it answer the question? YES or NO.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the engine saw it."""

    prompt: tuple[int, ...]
    request: Request
    tokens: int  # of its answer

    @property
    def kind(self) -> str:
        """What a stream asked it for."""
        if self.request.choices is not None:
            return "verdicts"
        if self.request.json_schema is not None:
            return "quotations"
        return "questions" if self.request.messages[-1].content.endswith(QUESTION) else "answers"


def told_mix(asked: Sequence[Asked]) -> Iterator[str]:
    """A line for each kind of request: how many, and their tokens on the average."""
    for kind in ("questions", "answers", "quotations", "verdicts"):
        of_kind = [one for one in asked if one.kind == kind]
        if of_kind:
            prompt = statistics.mean(len(one.prompt) for one in of_kind)
            answer = statistics.mean(one.tokens for one in of_kind)
            yield f"{len(of_kind):6,} {kind:10} {prompt:6.0f} prompt tokens {answer:6.1f} answer tokens"


class Recorder:
    """The teacher, with a note of everything that was put to it."""

    def __init__(self, teacher: VllmTeacher) -> None:
        self._teacher = teacher
        self.notes: list[tuple[Request, Completion]] = []
        self.identity = teacher.identity
        self.concurrency = teacher.concurrency
        self.unknown_words = teacher.unknown_words

    async def complete(self, request: Request) -> Completion:
        completion = await self._teacher.complete(request)
        self.notes.append((request, completion))
        return completion

    async def close(self) -> None:
        """The engine goes on to the next round."""


def write_taxonomy(folder: Path, leaves: int) -> None:
    """A committed repository of knowledge leaves, each with a document of about four passages, and the recipe."""
    chance = random.Random(0)
    builder = RepositoryBuilder(folder)
    builder.write("recipes/occupancy.yaml", RECIPE + _streams())
    for name, text in PROMPTS.items():
        builder.write(f"recipes/{name}", text)
    seeds = "".join(
        f"  - context: Seed {n}.\n    questions_and_answers:\n"
        + "".join(
            f"      - question: What is the {word} of part {n}?\n        answer: The {word} {n}.\n"
            for word in WORDS[:3]
        )
        for n in range(5)
    )
    for leaf in range(leaves):
        place = f"taxonomy/knowledge/towns/part_{leaf}"
        builder.write(
            f"{place}/qna.yaml",
            "version: 3\ncreated_by: bench\ndomain: towns\ndocument_outline: A town\n"
            f"document:\n  patterns:\n    - town.md\nseed_examples:\n{seeds}",
        )
        paragraphs = (" ".join(chance.choices(WORDS, k=100)) + "." for _ in range(4))
        builder.write(f"{place}/town.md", "\n\n".join(paragraphs) + "\n")
    builder.commit("leaves")


def _streams() -> str:
    def stream(name: str, attempts: int, quote: bool) -> str:
        return f"{name}:\n" + STREAM.replace("ATTEMPTS", str(attempts)).replace("QUOTE", str(quote).lower())

    context = "  context: {prompt: context.txt, max_tokens: 8}\n"
    return (
        stream("freeform", 1, False)
        + stream("grounded", 1, False)
        + context
        + stream("knowledge_short", 5, False)
        + stream("knowledge_long", 3, True)
    )


def write_model(folder: Path) -> Path:
    """A model of about four million random weights, its tokens learnt from the words of the documents."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=256 + VOCABULARY,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    chance = random.Random(1)
    texts = [" ".join(chance.choices(WORDS, k=200)) for _ in range(20)] + [*PROMPTS.values(), "YES NO"]
    tokenizer.train_from_iterator(texts, trainer)
    merges = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    merges += [
        (letter, '"') for letter in ascii_letters
    ]  # they end a string of JSON: 16 tokens on the average
    return build_byte_model(folder, merges=merges, hidden=256, layers=4, context=CONTEXT, ends=ENDS)


async def pipeline(
    sources: Sequence[LeafSource], recipe: Path, teacher: VllmTeacher
) -> tuple[float, list[Asked]]:
    """Wall seconds of a whole run into a new store, and what the engine was asked."""
    await (await teacher.running_engine()).reset_prefix_cache()
    recorder = Recorder(teacher)
    plan = load_recipe(str(recipe))
    with tempfile.TemporaryDirectory() as store:
        journaled = JournaledTeacher(recorder, Journal.open(Path(store) / "journal.sqlite"))
        start = time.monotonic()
        outcomes = await generate(sources, recipe=plan, teacher=journaled, store=SampleStore.open(store))
        took = time.monotonic() - start
        await journaled.close()
    assert {outcome.outcome for outcome in outcomes} == {Outcome.GENERATED}, outcomes
    chat = teacher._local.chat
    asked = []
    for request, completion in recorder.notes:
        prompt = chat.tokens(request.messages)
        assert not isinstance(prompt, str) and completion.completion_tokens, completion
        asked.append(Asked(prompt, request, completion.completion_tokens))
    return took, asked


async def replay(asked: Sequence[Asked], teacher: VllmTeacher, *, same: bool) -> float:
    """Wall seconds that the bare engine takes when every request is there from the beginning."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    engine = await teacher.running_engine()
    await engine.reset_prefix_cache()
    vocabulary = int(engine.model_config.get_vocab_size())

    def parameters(one: Asked) -> Any:
        if same:
            return sampling_parameters(one.request, CONTEXT - len(one.prompt), vocabulary)
        return SamplingParams(
            max_tokens=one.tokens,
            ignore_eos=True,
            temperature=one.request.temperature,
            seed=one.request.seed % (1 << 63),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )

    async def put(number: int, one: Asked) -> int:
        name = f"replay-{time.monotonic_ns()}-{number}"
        last: Any = None
        async for output in engine.generate(
            {"prompt_token_ids": list(one.prompt)}, parameters(one), request_id=name
        ):
            last = output
        return len(last.outputs[0].token_ids)

    start = time.monotonic()
    lengths = await asyncio.gather(*(put(number, one) for number, one in enumerate(asked)))
    took = time.monotonic() - start
    assert same or list(lengths) == [one.tokens for one in asked]
    return took


async def rounds(folder: Path, leaves: int, count: int) -> list[dict[str, float]]:
    """Seconds of the pipeline and of both replays, round by round."""
    write_taxonomy(folder / "repository", leaves)
    repository = Repository.open(folder / "repository")
    sources = read_sources(repository, commit=repository.resolve("HEAD"), taxonomy_root="taxonomy")
    recipe = folder / "repository/recipes/occupancy.yaml"
    teacher = load_vllm_teacher(
        str(write_model(folder / "model")),
        settings=VllmSettings(kv_cache_memory_bytes=1 << 30),
        concurrency=256,
    )
    found = []
    try:
        _, asked = await pipeline(sources[:2], recipe, teacher)  # warm
        _, asked = await pipeline(sources, recipe, teacher)
        print(*told_mix(asked), sep="\n", flush=True)
        for number in range(count):
            seconds: dict[str, float] = {}
            steps = ("pipeline", "bare", "same") if number % 2 else ("same", "bare", "pipeline")
            for step in steps:
                if step == "pipeline":
                    seconds[step], asked = await pipeline(sources, recipe, teacher)
                else:
                    seconds[step] = await replay(asked, teacher, same=step == "same")
            print(", ".join(f"{name} {took:.2f} s" for name, took in sorted(seconds.items())), flush=True)
            found.append(seconds)
    finally:
        await teacher.close()
    return found


def measure(leaves: int = LEAVES, count: int = ROUNDS) -> dict[str, float]:
    """The figures that the head of this file describes."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(rounds(Path(folder), leaves, count))
    return {
        "occupancy_vllm_cpu": statistics.median(one["bare"] / one["pipeline"] for one in found),
        "occupancy_vllm_cpu_same": statistics.median(one["same"] / one["pipeline"] for one in found),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leaves", type=int, default=LEAVES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    figures = measure(options.leaves, options.rounds)
    for name, value in figures.items():
        print(f"{name}: {value:.3f}")
    if options.json:
        rounded = {name: round(value, 4) for name, value in figures.items()}
        options.json.write_text(json.dumps({"figures": rounded}, indent=2) + "\n", encoding="utf-8")
    return 0 if figures["occupancy_vllm_cpu"] >= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
