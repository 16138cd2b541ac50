"""A whole run: what it writes, and that no interruption changes what it ends in."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_sample, toy_samples

from seedbed.errors import ConfigurationError, StoreError, TrainingError, UsageError
from seedbed.generation.sample import Sample, Stage
from seedbed_training.learning import train as train_module
from seedbed_training.learning.interruption import postponed_interruption
from seedbed_training.learning.model import model_digest
from seedbed_training.learning.progress import StepReport
from seedbed_training.learning.run_files import sole_user
from seedbed_training.learning.train import train
from seedbed_training.planning.plan import TrainingPlan

STEPS = (5, 4)


class Listener:
    """Keeps what it is told; fails on the k-th step if asked to."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.steps: list[StepReport] = []
        self.said: list[str] = []
        self._fail_at = fail_at

    def step(self, report: StepReport) -> None:
        self.steps.append(report)
        if len(self.steps) == self._fail_at:
            raise RuntimeError("killed")

    def say(self, message: str) -> None:
        self.said.append(message)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("base") / "student")


@pytest.fixture(scope="module")
def world() -> tuple[TrainingPlan, dict[str, Sample]]:
    phases = (toy_samples(7, stage=Stage.KNOWLEDGE_SHORT), toy_samples(9))
    return toy_plan(phases, steps=STEPS), phases[0] | phases[1]


@pytest.fixture(scope="module")
def unbroken(
    base: Path, world: tuple[TrainingPlan, dict[str, Sample]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    directory = tmp_path_factory.mktemp("unbroken")
    train(world[0], world[1], base=base, run_directory=directory)
    return directory


def weights(run: Path) -> bytes:
    return (run / "model" / "model.safetensors").read_bytes()


def metrics(run: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def test_result_and_record(base: Path, world: tuple[TrainingPlan, dict[str, Sample]], tmp_path: Path) -> None:
    plan, samples = world
    listener = Listener()
    result = train(plan, samples, base=base, run_directory=tmp_path, progress=listener)
    assert result.model == tmp_path / "model"
    assert result.digest == model_digest(result.model) != model_digest(base)
    assert [(phase.name, phase.steps) for phase in result.phases] == [("knowledge", 5), ("skills", 4)]
    assert [phase.tokens for phase in result.phases] == [phase.tokens for phase in plan.phases]
    assert [phase.replay_tokens for phase in result.phases] == [phase.replay_tokens for phase in plan.phases]
    assert [(report.phase, report.step) for report in listener.steps] == [
        *(("knowledge", step) for step in range(1, 6)),
        *(("skills", step) for step in range(1, 5)),
    ]
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["model_digest"] == result.digest
    assert record["identity"]["base"] == model_digest(base)
    for name in ("tokenizer.json", "chat_template.jinja", "generation_config.json"):
        assert (result.model / name).read_bytes() == (base / name).read_bytes()


def test_the_log_tells_which_samples_each_step_was_given(
    world: tuple[TrainingPlan, dict[str, Sample]], unbroken: Path
) -> None:
    given = [
        "\n".join(phase.samples[index].id for index in step)
        for phase in world[0].phases
        for step in phase.steps
    ]
    told = [line["samples"] for line in metrics(unbroken)]
    assert told == [hashlib.sha256(ids.encode()).hexdigest()[:16] for ids in given]
    assert len(set(told)) > 1


def test_the_model_learns(base: Path, tmp_path: Path) -> None:
    samples = toy_samples(4)
    recipe = toy_recipe(phases=(dataclasses.replace(toy_recipe().phases[1], learning_rate=2e-2),))
    plan = toy_plan((samples,), steps=(40,), recipe=dataclasses.replace(recipe, checkpoint_steps=100))
    listener = Listener()
    train(plan, samples, base=base, run_directory=tmp_path, progress=listener)
    assert listener.steps[-1].loss < 0.2 * listener.steps[0].loss


@pytest.mark.parametrize("k", range(1, sum(STEPS) + 1))
def test_killed_after_any_step_ends_in_the_same_weights(
    k: int, base: Path, world: tuple[TrainingPlan, dict[str, Sample]], unbroken: Path, tmp_path: Path
) -> None:
    plan, samples = world
    with pytest.raises(RuntimeError, match="killed"):
        train(plan, samples, base=base, run_directory=tmp_path, progress=Listener(fail_at=k))
    listener = Listener()
    train(plan, samples, base=base, run_directory=tmp_path, progress=listener)
    assert weights(tmp_path) == weights(unbroken)
    assert metrics(tmp_path) == metrics(unbroken)
    assert len(listener.steps) <= sum(STEPS) - k + plan.recipe.checkpoint_steps


def test_killed_between_training_and_saving(
    base: Path,
    world: tuple[TrainingPlan, dict[str, Sample]],
    unbroken: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan, samples = world
    with monkeypatch.context() as patch:
        patch.setattr(train_module, "write_record", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError, match="killed"):
            train(plan, samples, base=base, run_directory=tmp_path)
    listener = Listener()
    train(plan, samples, base=base, run_directory=tmp_path, progress=listener)
    assert listener.steps == []
    assert weights(tmp_path) == weights(unbroken)


CHILD = """
import sys
import time
from pathlib import Path
from support.tiny_student import toy_plan, toy_samples
from seedbed.generation.sample import Stage
from seedbed_training.learning.train import train

class Aloud:
    def step(self, report):
        print(report.phase, report.step, flush=True)
    def say(self, message):
        pass

phases = (toy_samples(7, stage=Stage.KNOWLEDGE_SHORT), toy_samples(9))
train(toy_plan(phases, steps=(5, 4)), phases[0] | phases[1], base=Path(sys.argv[1]),
      run_directory=Path(sys.argv[2]), progress=Aloud())
"""


def test_kill_9_in_another_process(
    base: Path, world: tuple[TrainingPlan, dict[str, Sample]], unbroken: Path, tmp_path: Path
) -> None:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))),
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }
    command = [sys.executable, "-c", CHILD, str(base), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        for _ in range(6):
            assert child.stdout.readline()
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert not (tmp_path / "training.json").exists()
    train(world[0], world[1], base=base, run_directory=tmp_path)
    assert weights(tmp_path) == weights(unbroken)
    assert metrics(tmp_path) == metrics(unbroken)


@pytest.mark.parametrize(
    ("number", "ending"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_an_interrupted_run_saves_first(
    number: signal.Signals,
    ending: type[BaseException],
    base: Path,
    world: tuple[TrainingPlan, dict[str, Sample]],
    unbroken: Path,
    tmp_path: Path,
) -> None:
    class Interrupting(Listener):
        def step(self, report: StepReport) -> None:
            super().step(report)
            if len(self.steps) == 3:  # no checkpoint is due after it
                signal.raise_signal(number)

    handler = signal.getsignal(number)
    with pytest.raises(ending) as caught:
        train(world[0], world[1], base=base, run_directory=tmp_path, progress=Interrupting())
    if isinstance(caught.value, SystemExit):
        assert caught.value.code == 143
    assert signal.getsignal(number) is handler
    listener = Listener()
    train(world[0], world[1], base=base, run_directory=tmp_path, progress=listener)
    assert len(listener.steps) == sum(STEPS) - 3
    assert weights(tmp_path) == weights(unbroken)
    assert metrics(tmp_path) == metrics(unbroken)


def test_a_second_interruption_is_obeyed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with postponed_interruption() as interruption:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # as torchrun's echo comes
        assert interruption.signal == signal.SIGINT
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 3.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_finished_run_is_not_run_again(
    base: Path, world: tuple[TrainingPlan, dict[str, Sample]], tmp_path: Path
) -> None:
    first = train(world[0], world[1], base=base, run_directory=tmp_path)
    listener = Listener()
    assert train(world[0], world[1], base=base, run_directory=tmp_path, progress=listener) == first
    assert listener.steps == []


def test_another_machine_or_library_is_told(
    base: Path,
    world: tuple[TrainingPlan, dict[str, Sample]],
    unbroken: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan, samples = world
    with monkeypatch.context() as patch:
        patch.setattr(torch, "__version__", "2.0.0")
        with pytest.raises(RuntimeError, match="killed"):
            train(plan, samples, base=base, run_directory=tmp_path, progress=Listener(fail_at=3))
    listener = Listener()
    train(plan, samples, base=base, run_directory=tmp_path, progress=listener)
    (told,) = [line for line in listener.said if "may differ" in line]
    assert told.startswith(f"the checkpoint was made with torch 2.0.0, here: torch {torch.__version__};")
    assert weights(tmp_path) == weights(unbroken)


def test_another_plan_or_base_is_refused(
    base: Path, world: tuple[TrainingPlan, dict[str, Sample]], tmp_path: Path
) -> None:
    plan, samples = world
    with pytest.raises(RuntimeError, match="killed"):
        train(plan, samples, base=base, run_directory=tmp_path / "run", progress=Listener(fail_at=4))
    other_plan = dataclasses.replace(plan, seed=12)
    with pytest.raises(UsageError, match=r"something else: plan \w+ there, \w+ here"):
        train(other_plan, samples, base=base, run_directory=tmp_path / "run")
    other_recipe = dataclasses.replace(plan, recipe=dataclasses.replace(plan.recipe, gradient_clip=2.0))
    with pytest.raises(UsageError, match="recipe"):
        train(other_recipe, samples, base=base, run_directory=tmp_path / "run")
    other_base = tiny_student(tmp_path / "other", seed=1)
    with pytest.raises(UsageError, match=r"something else: base"):
        train(plan, samples, base=other_base, run_directory=tmp_path / "run")
    template = other_base / "chat_template.jinja"
    template.write_text(template.read_text() + "\n")
    with pytest.raises(UsageError, match=r"tokenizer \w+ there"):
        train(plan, samples, base=other_base, run_directory=tmp_path / "run")


def test_a_finished_run_of_another_plan_is_refused(
    base: Path, world: tuple[TrainingPlan, dict[str, Sample]], unbroken: Path
) -> None:
    before = weights(unbroken)
    with pytest.raises(UsageError, match="something else: plan"):
        train(dataclasses.replace(world[0], seed=12), world[1], base=base, run_directory=unbroken)
    assert weights(unbroken) == before


def test_divergence_stops_the_run(base: Path, tmp_path: Path) -> None:
    poisoned = tiny_student(tmp_path / "poisoned")
    tensors = load_file(poisoned / "model.safetensors")
    tensors["model.embed_tokens.weight"][0, 0] = float("nan")
    save_file(tensors, poisoned / "model.safetensors", metadata={"format": "pt"})
    samples = toy_samples(6)
    plan = toy_plan(({}, samples), steps=(0, 3))
    with pytest.raises(
        TrainingError, match=r"the loss \(nan\) is not a finite number in phase skills, step 1"
    ) as caught:
        train(plan, samples, base=poisoned, run_directory=tmp_path / "run")
    assert caught.value.exit_code == 1
    assert next(iter(samples)) in caught.value.message
    assert not (tmp_path / "run" / "model").exists()


def test_too_long_and_unreadable_samples_are_left_out_and_counted(base: Path, tmp_path: Path) -> None:
    long = toy_sample(50, answer=" ".join(["w1"] * 80))
    unreadable = toy_sample(51, answer="something unheard of")
    samples = toy_samples(6) | {long.id: long, unreadable.id: unreadable}
    plan = toy_plan(({}, samples), steps=(0, 2))
    listener = Listener()
    result = train(plan, samples, base=base, run_directory=tmp_path, progress=listener)
    assert {entry.id: entry.reason for entry in result.left_out} == {
        long.id: "longer than 64 tokens",
        unreadable.id: "its answer holds words that the model's vocabulary cannot write",
    }
    told = f"1 of 8 samples are left out: longer than 64 tokens (the first: {long.id} of {long.leaf})"
    assert told in listener.said
    left = {long.id, unreadable.id}
    assert result.phases[1].tokens == sum(
        sample.tokens * sample.times for sample in plan.phases[1].samples if sample.id not in left
    )


def test_phases_without_steps_are_recorded(base: Path, tmp_path: Path) -> None:
    samples = toy_samples(5)
    result = train(toy_plan(({}, samples), steps=(0, 2)), samples, base=base, run_directory=tmp_path / "last")
    assert (result.phases[0].steps, result.phases[0].tokens) == (0, 0)
    result = train(
        toy_plan((samples, {}), steps=(2, 0)), samples, base=base, run_directory=tmp_path / "first"
    )
    assert result.phases[0].checkpoint_digest == result.phases[1].checkpoint_digest


def test_what_cannot_be_trained_is_refused(base: Path, tmp_path: Path) -> None:
    samples = toy_samples(5)
    plan = toy_plan((samples, {}), steps=(2, 0))
    with pytest.raises(UsageError, match="no step to train"):
        train(toy_plan(({}, {}), steps=(0, 0)), {}, base=base, run_directory=tmp_path)
    first, *rest = samples
    with pytest.raises(
        UsageError, match=f"1 samples of the plan are not in the store, the first of them {first}"
    ):
        train(plan, {identity: samples[identity] for identity in rest}, base=base, run_directory=tmp_path)
    altered = samples | {first: toy_sample(77)}
    with pytest.raises(UsageError, match="not what the plan was made with"):
        train(plan, altered, base=base, run_directory=tmp_path)
    held_out = {sample.id: sample for sample in [toy_sample(1, held_out=True)]}
    with pytest.raises(UsageError, match="held out"):
        train(toy_plan((held_out, {}), steps=(1, 0)), held_out, base=base, run_directory=tmp_path)
    with pytest.raises(ConfigurationError, match="max_tokens is 4096"):
        long = toy_plan((samples, {}), steps=(2, 0), recipe=toy_recipe(max_tokens=4096))
        train(long, samples, base=base, run_directory=tmp_path)
    with pytest.raises(ConfigurationError, match="base model cannot be used"):
        train(plan, samples, base=tmp_path / "nothing", run_directory=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        train(plan, samples, base=base, run_directory=tmp_path / "file")


def test_a_loss_that_leaves_at_once_stops_the_run(base: Path, tmp_path: Path) -> None:
    samples = toy_samples(12)
    recipe = toy_recipe(
        phases=(dataclasses.replace(toy_recipe().phases[1], learning_rate=3.0),), checkpoint_steps=1000
    )
    plan = toy_plan((samples,), steps=(20,), recipe=recipe)
    listener = Listener()
    with pytest.raises(TrainingError, match="for good; step"):
        train(plan, samples, base=base, run_directory=tmp_path, progress=listener)
    assert len(listener.steps) < 10


def test_a_directory_in_use_is_refused(
    base: Path, world: tuple[TrainingPlan, dict[str, Sample]], tmp_path: Path
) -> None:
    with sole_user(tmp_path), pytest.raises(UsageError, match="another process is training"):
        train(world[0], world[1], base=base, run_directory=tmp_path)


def test_bf16_trains_and_resumes_alike(base: Path, tmp_path: Path) -> None:
    samples = toy_samples(6)
    plan = toy_plan((samples, {}), steps=(5, 0), recipe=toy_recipe(precision="bf16"))
    train(plan, samples, base=base, run_directory=tmp_path / "whole")
    with pytest.raises(RuntimeError, match="killed"):
        train(plan, samples, base=base, run_directory=tmp_path / "broken", progress=Listener(fail_at=3))
    train(plan, samples, base=base, run_directory=tmp_path / "broken")
    assert weights(tmp_path / "broken") == weights(tmp_path / "whole")


def test_the_callers_random_state_is_left_alone(
    base: Path, world: tuple[TrainingPlan, dict[str, Sample]], tmp_path: Path
) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(world[0], world[1], base=base, run_directory=tmp_path)
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()


def test_checkpoints_kept(unbroken: Path) -> None:
    names = sorted(path.name for path in (unbroken / "checkpoints").iterdir())
    assert names == ["knowledge-5", "skills-2", "skills-4"]
    assert not list(itertools.chain(unbroken.glob(".model*"), unbroken.glob("checkpoints/.*")))
