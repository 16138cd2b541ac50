"""How fast is training, against the limit of the machine, against padding, and beside TRL's SFTTrainer?

    python benchmarks/train.py [--peer-python PYTHON] [--rounds N] [--precision fp32|bf16] [--json FILE]

A Llama of 5.3 million weights is trained by one CPU thread on two sets of samples: lengths that are nearly uniform (54
to 64 tokens) and log-normal ones (8 to 512, mean about 90); the answer is the latter half of each. What counts is real
tokens per second of processor time, prompts with, padding without, from the first step's end to the last's: encoding by
the chat template, batching, masking, loss, clipping, optimiser and logging are all in it. Arms take turns, `--rounds`
times, and the best round of each counts, so that a busy machine disturbs them least.

- the limit: the same model, optimiser and number of tokens a step as dense batches of ready tensors, as long as the
  set's samples are on average; every token in the loss, causal attention without a mask, nothing else done;
- ours: `train` with `batching: packed`, as the command runs it;
- padded: `train` too, but with random batches padded to their longest sample;
- TRL: SFTTrainer in the interpreter of --peer-python (a virtual environment with trl 1.16 and torch 2.13.0), on the
  same model and log-normal samples, tokenised beforehand, at several of its settings.

`uniform_vs_dense` and `lognormal_vs_dense` are ours over the limit, `vs_padded` ours over padded, none of them
compiled. Beside TRL, both sides are compiled too, and the fastest setting of each counts: `vs_trl`. `vs_trl_as_it_comes`
leaves out what TRL's user has to ask for, sorting by length and compilation. How far a trainer can be ahead of another
one depends on the processor: where products of matrices are slow, both spend their time in them, and no trainer is
faster than those. `gigaflops` is what one such product reaches here, a second of one thread. All arms multiply with `set_float32_matmul_precision("medium")`, which is as exact in fp32 on most
CPUs and faster.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.teacher.teacher import Message, TeacherIdentity
from seedbed_training.learning.encode import load_encoder
from seedbed_training.learning.loss import Batching
from seedbed_training.learning.packing import MicroBatch
from seedbed_training.learning.progress import StepReport
from seedbed_training.learning.train import train
from seedbed_training.planning.plan import PhasePlan, PlannedSample, PlannedSamples, Steps, TrainingPlan, Why
from seedbed_training.planning.recipe import PhaseRecipe, ReplayRecipe, TrainingRecipe

WORDS = tuple(f"w{number}" for number in range(2000))
BATCH_SAMPLES, STEPS, PASS_TOKENS = 64, 6, 4096
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
OUR_SETTINGS = (
    {"tokens": PASS_TOKENS, "compile": False},
    {"tokens": 1024, "compile": False},
    {"tokens": 1024, "compile": True},
)
TRL_AS_IT_COMES = (
    {"batch": 8, "sampling": "random", "packing": False, "compile": False},
    {"batch": 4, "sampling": "random", "packing": True, "compile": False},
)
TRL_SORTED = (
    {"batch": 2, "sampling": "group_by_length", "packing": False, "compile": False},
    {"batch": 4, "sampling": "group_by_length", "packing": False, "compile": False},
    {"batch": 8, "sampling": "group_by_length", "packing": False, "compile": False},
    {"batch": 4, "sampling": "group_by_length", "packing": False, "compile": True},
    {"batch": 8, "sampling": "group_by_length", "packing": False, "compile": True},
)
"""Small batches of like lengths: hardly a token is padding, while each pass still has some hundred tokens. Larger ones are
slower. A batch of 4 when packing, since each row is then one of 512 tokens or more."""


def make_model(directory: Path) -> None:
    """A Llama of 5.3 million random weights with a vocabulary of words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ("<|pad|>", "<|unk|>", "<|user|>", "<|assistant|>", "<|end|>")
    ids = {token: index for index, token in enumerate((*special, *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<|unk|>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        unk_token="<|unk|>",
        eos_token="<|end|>",
        additional_special_tokens=["<|user|>", "<|assistant|>"],
    )
    fast.chat_template = TEMPLATE
    config = LlamaConfig(
        vocab_size=2048,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        eos_token_id=ids["<|end|>"],
        bos_token_id=None,
        pad_token_id=ids["<|pad|>"],
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    print(
        f"model: {sum(weight.numel() for weight in model.parameters()) / 1e6:.2f} million weights", flush=True
    )
    model.save_pretrained(directory)
    fast.save_pretrained(directory)


def lengths(kind: str, count: int) -> list[int]:
    """Lengths of samples in tokens."""
    draw = random.Random(20260101)
    if kind == "uniform":
        return [draw.randint(54, 64) for _ in range(count)]
    return [min(512, max(8, round(draw.lognormvariate(4.2, 0.77)))) for _ in range(count)]


def make_samples(kind: str) -> dict[str, Sample]:
    """As many as the steps see; each has four tokens of the template and half of the rest in its answer."""
    draw = random.Random(1)
    samples = []
    for number, length in enumerate(lengths(kind, STEPS * BATCH_SAMPLES)):
        words = draw.choices(WORDS, k=length - 4)
        middle = len(words) // 2
        samples.append(
            Sample(
                leaf="foundational_skills/made",
                stage=Stage.FOUNDATIONAL,
                messages=(
                    Message("user", " ".join(words[:middle])),
                    Message("assistant", " ".join(words[middle:])),
                ),
                held_out=False,
                provenance=Provenance(
                    leaf_blob=f"{number:040x}",
                    prompts_digest="0" * 64,
                    teacher=TeacherIdentity("transformers", "nobody", "0" * 40),
                    seed=number,
                    parameters={},
                ),
            )
        )
    return {sample.id: sample for sample in samples}


def make_plan(samples: dict[str, Sample], model: Path, precision: str) -> TrainingPlan:
    """One phase that sees every sample once."""
    encoder = load_encoder(model)
    phase = PhaseRecipe("only", (Stage.FOUNDATIONAL,), (), epochs=1.0, learning_rate=1e-4, warmup_steps=2)
    recipe = TrainingRecipe(
        name="measured",
        description="for a measurement",
        base_model=str(model),
        phases=(phase,),
        replay=ReplayRecipe(0.0, 0.0, 0, "balanced", "every_phase"),
        batch_samples=BATCH_SAMPLES,
        micro_batch_tokens=PASS_TOKENS,
        max_tokens=512,
        precision=precision,
        matmul_precision="medium",
        checkpoint_steps=10**6,
    )
    planned = [
        PlannedSample(identity, sample.leaf, Why.FRESH, len(encoder.encode(sample).input_ids), 1)
        for identity, sample in samples.items()
    ]
    steps = [range(start, start + BATCH_SAMPLES) for start in range(0, len(planned), BATCH_SAMPLES)]
    return TrainingPlan(
        release="measured",
        parent=None,
        taxonomy_commit="c" * 40,
        recipe=recipe,
        seed=0,
        sample_keys={},
        blobs={},
        fresh=(),
        replayed=(),
        removed=(),
        phases=(PhasePlan(phase, PlannedSamples.of(planned), Steps.of(steps)),),
    )


@dataclass
class Clock:
    """Listens to a run: processor time and tokens from the first step's end on, since that step warms up."""

    times: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    def step(self, report: StepReport) -> None:
        self.times.append(time.process_time())
        self.tokens.append(report.tokens)

    def say(self, message: str) -> None:
        print(message)

    @property
    def rate(self) -> float:
        return sum(self.tokens[1:]) / (self.times[-1] - self.times[0])


def ours(plan: TrainingPlan, samples: dict[str, Sample], model: Path) -> float:
    """Tokens per second of `train`, as it is."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as run, contextlib.redirect_stderr(io.StringIO()):
        train(plan, samples, base=model, run_directory=Path(run), progress=clock)
    return clock.rate


def with_setting(plan: TrainingPlan, setting: dict[str, Any]) -> TrainingPlan:
    """The plan with a recipe that cuts and compiles as `setting` says."""
    recipe = replace(plan.recipe, micro_batch_tokens=setting["tokens"], compile=setting["compile"])
    return replace(plan, recipe=recipe)


def padded(plan: TrainingPlan, samples: dict[str, Sample], model: Path) -> float:
    """`train` with the samples in random order, cut into batches that fit once padded to their longest."""

    def cut(self: Batching, rows: Sequence[Any]) -> tuple[MicroBatch, ...]:
        batches: list[list[Any]] = [[]]
        for row in rows:  # in the plan's order, which knows nothing of lengths
            width = max(len(other.input_ids) for other in (*batches[-1], row))
            if batches[-1] and width * (len(batches[-1]) + 1) > self.tokens:
                batches.append([])
            batches[-1].append(row)
        return tuple(tuple(batch) for batch in batches)

    plan = replace(plan, recipe=replace(plan.recipe, batching="padded"))
    with (
        patch.object(Batching, "cut", cut),
        patch("seedbed_training.learning.loop.split_over_ranks", lambda rows, _: (tuple(rows),)),
    ):
        return ours(plan, samples, model)


def dense(plan: TrainingPlan, model: Path, precision: str) -> float:
    """The limit: tokens per second of forward, backward, clipping and optimiser alone."""
    from transformers import AutoModelForCausalLM

    phase = plan.phases[0]
    width = round(phase.tokens / len(phase.samples))
    rows = PASS_TOKENS // width
    passes = max(1, round(phase.tokens / len(phase.steps) / (rows * width)))
    with contextlib.redirect_stderr(io.StringIO()):
        student: Any = AutoModelForCausalLM.from_pretrained(model).train()
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-4, fused=True)
    ids = torch.randint(5, 2000, (rows, width))
    times = []
    for _ in range(STEPS):
        optimizer.zero_grad(set_to_none=True)
        for _ in range(passes):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                logits = student(input_ids=ids, use_cache=False).logits
            loss = torch.nn.functional.cross_entropy(
                logits[:, :-1].flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="sum"
            )
            (loss / (passes * rows * width)).backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        times.append(time.process_time())
    return (STEPS - 1) * passes * rows * width / (times[-1] - times[0])


def gigaflops() -> float:
    """What a product as large as one of the model's layers reaches, in 10^9 operations a second of processor time."""
    left, right = torch.randn(PASS_TOKENS, 256), torch.randn(256, 704)
    seconds = []
    for _ in range(8):
        began = time.process_time()
        left @ right
        seconds.append(time.process_time() - began)
    return 2 * left.numel() * right.shape[1] / min(seconds) / 1e9


@contextmanager
def medium_products() -> Iterator[None]:
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")


def trl(python: str, data: Path, model: Path, setting: dict[str, Any], precision: str) -> float:
    """Tokens per second of SFTTrainer in another interpreter."""
    script = Path(__file__).with_name("train_trl.py")
    task = {
        **setting,
        "matmul": "medium",
        "data": str(data),
        "model": str(model),
        "precision": precision,
        "samples": BATCH_SAMPLES,
    }
    done = subprocess.run(
        [python, str(script), json.dumps(task)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"TRL failed with {setting}:\n{done.stderr[-3000:]}")
    return float(done.stdout.strip().splitlines()[-1])


def best_of(rounds: int, arms: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The best round of each arm; they take turns."""
    best: dict[str, float] = {}
    for number in range(rounds):
        for name, arm in arms.items():
            rate = arm()
            print(f"round {number + 1}: {name}: {rate:,.0f} tokens/s", flush=True)
            best[name] = max(best.get(name, 0.0), rate)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer-python", help="interpreter that has trl")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        make_model(model)
        sets = {kind: make_samples(kind) for kind in ("uniform", "lognormal")}
        plans = {kind: make_plan(samples, model, options.precision) for kind, samples in sets.items()}
        arms: dict[str, Callable[[], float]] = {}
        for kind, samples in sets.items():
            arms[f"{kind}: limit"] = partial(dense, plans[kind], model, options.precision)
            arms[f"{kind}: ours"] = partial(ours, plans[kind], samples, model)
        arms["lognormal: padded"] = partial(padded, plans["lognormal"], sets["lognormal"], model)
        with medium_products():
            speed = gigaflops()
            best = best_of(options.rounds, arms)
        load = ", ".join(f"{minutes:.1f}" for minutes in os.getloadavg())
        print(f"products of matrices: {speed:.0f} GFLOP/s; load average {load} on {os.cpu_count()} cores")
        figures = {
            "gigaflops": speed,
            "uniform_vs_dense": best["uniform: ours"] / best["uniform: limit"],
            "lognormal_vs_dense": best["lognormal: ours"] / best["lognormal: limit"],
            "vs_padded": best["lognormal: ours"] / best["lognormal: padded"],
        }
        if options.peer_python:
            data = Path(folder) / "data.jsonl"
            encoder = load_encoder(model)
            rows = [encoder.encode(sample) for sample in sets["lognormal"].values()]
            data.write_text(
                "".join(json.dumps({"ids": row.input_ids, "loss_from": row.loss_from}) + "\n" for row in rows)
            )
            own = {
                f"ours {setting}": partial(
                    ours, with_setting(plans["lognormal"], setting), sets["lognormal"], model
                )
                for setting in OUR_SETTINGS
            }
            peers = {
                f"TRL {setting}": partial(trl, options.peer_python, data, model, setting, options.precision)
                for setting in (*TRL_AS_IT_COMES, *TRL_SORTED)
            }
            with medium_products():
                beside = best_of(options.rounds, {**own, **peers})
            fastest = max(beside[name] for name in own)
            figures["vs_trl"] = fastest / max(beside[name] for name in peers)
            figures["vs_trl_as_it_comes"] = fastest / max(
                beside[f"TRL {setting}"] for setting in TRL_AS_IT_COMES
            )
    for name, value in figures.items():
        print(f"{name:20} {value:6.2f}")
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
