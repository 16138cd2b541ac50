"""Which tasks are run, and how the harness's results are read; the harness itself where it is installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from support.tiny_model import build_tiny_model

from seedbed.errors import MissingExtraError, TrainingError, UsageError
from seedbed_training.evaluation.benchmark_table import benchmark_table
from seedbed_training.evaluation.harness import harness_version, run_task
from seedbed_training.evaluation.standard_benchmarks import (
    LAB_TASKS,
    BenchmarkScore,
    BenchmarkTask,
    chosen_tasks,
    read_results,
)

RESULTS = {
    "results": {
        "mmlu": {"alias": "mmlu", "acc,none": 0.25, "acc_stderr,none": 0.01},
        "own": {"alias": "own", "f1,none": 0.5, "exact_match,none": 0.125, "exact_match_stderr,none": "N/A"},
        "gsm8k": {"exact_match,flexible-extract": 0.5, "exact_match,strict-match": 0.25},
    },
    "n-samples": {"own": {"original": 8, "effective": 4}},
}
INSTALLED = importlib.util.find_spec("lm_eval") is not None


def test_lab_stands_for_its_five_tasks_with_their_shots() -> None:
    assert chosen_tasks(["own", "lab", "mmlu"]) == (BenchmarkTask("own"), *LAB_TASKS)
    assert {task.name: task.shots for task in LAB_TASKS} == {
        "mmlu": 5,
        "arc_challenge": 25,
        "hellaswag": 10,
        "winogrande": 5,
        "gsm8k": 5,
    }


def test_the_figure_of_a_task() -> None:
    mmlu, _, _, _, gsm8k = LAB_TASKS
    assert read_results(RESULTS, mmlu) == BenchmarkScore(25.0, 1.0, "acc,none", None)
    assert read_results(RESULTS, gsm8k).value == 25.0  # the strict match, as LAB's
    assert read_results(RESULTS, BenchmarkTask("own")) == BenchmarkScore(12.5, None, "exact_match,none", 4)


@pytest.mark.parametrize("task", [BenchmarkTask("absent"), BenchmarkTask("mmlu", metric="acc_norm,none")])
def test_a_figure_that_is_not_there(task: BenchmarkTask) -> None:
    with pytest.raises(TrainingError, match=f"no figure .*for {task.name}"):
        read_results(RESULTS, task)


def test_the_table() -> None:
    found = {
        "models": {
            "base": {"mmlu": {"value": 25.0, "standard_error": 1.0}},
            "this": {"mmlu": {"value": 26.0, "standard_error": None}, "own": {"value": 3.0}},
        },
        "judge": {"against": "base", "wins": 3, "losses": 1, "ties": 2, "undecided": 4},
    }
    assert benchmark_table(found).splitlines() == [
        "task            base            this",
        "mmlu    25.00 ± 1.00           26.00",
        "own                -            3.00",
        "beside base: 3 better, 1 worse, 2 alike, 4 undecided (the judge changed its mind with the order)",
    ]


def test_the_table_keeps_no_gap_quiet() -> None:
    found = {
        "models": {
            "base": {"mmlu": {"value": 25.0, "limit": 5}, "mt_bench": {"value": 6.0, "unread": 0}},
            "this": {"mmlu": {"value": 26.0, "limit": 8}, "mt_bench": {"value": 7.0, "unread": 1}},
        },
        "judge": {"against": "base", "wins": 1, "losses": 0, "ties": 0, "undecided": 0, "unread": 2},
    }
    assert benchmark_table(found).splitlines()[3:] == [
        "mmlu: the first 5 cases alone",
        "mt_bench: the judge gave no grade 1 time for this; these are left out",
        (
            "beside base: 1 better, 0 worse, 0 alike, 0 undecided (the judge changed its mind with the order), "
            "2 without a verdict"
        ),
    ]


HARNESS = """
import json, sys
from pathlib import Path
given = dict(zip(sys.argv[2::2], sys.argv[3::2]))
print("\\r50%", end="", file=sys.stderr, flush=True)
if given["--tasks"] == "absent":
    sys.exit("no such task\\udcff".encode("utf-8", "replace").decode())
results = {"results": {given["--tasks"]: {"acc,none": 0.25, "given": given}}}
(Path(given["--output_path"]) / "results_now.json").write_text(json.dumps(results))
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module in the harness's place, with its command line; it shows what a process of it is told and says."""
    folder = tmp_path / "packages"
    (folder / "lm_eval").mkdir(parents=True)
    (folder / "lm_eval" / "__init__.py").write_text("")
    (folder / "lm_eval" / "__main__.py").write_text(HARNESS)
    (folder / "lm_eval-0.0.dist-info").mkdir()
    (folder / "lm_eval-0.0.dist-info" / "METADATA").write_text("Name: lm-eval\nVersion: 0.0\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.mark.usefixtures("stand_in")
def test_a_process_of_the_harness_is_heard_and_its_last_words_are_kept(tmp_path: Path) -> None:
    heard: list[str] = []
    found = run_task(tmp_path, BenchmarkTask("own", shots=3), limit=2, hear=heard.append)
    assert found.value == 25.0
    assert "\r50%" in "".join(heard)
    with pytest.raises(TrainingError, match=r"could not run absent \(exit 1\):\n.*no such task"):
        run_task(tmp_path, BenchmarkTask("absent"))
    with pytest.raises(UsageError, match="reads the comma in"):
        run_task(tmp_path / "a,b", BenchmarkTask("own"))


@pytest.mark.skipif(INSTALLED, reason="lm-eval is installed")
def test_without_the_harness_the_extra_is_named() -> None:
    with pytest.raises(MissingExtraError, match="lm-eval"):
        harness_version()


@pytest.mark.skipif(not INSTALLED, reason="lm-eval is not installed: pip install 'seedbed[evaluate]'")
def test_a_task_of_ones_own_on_a_real_model(tmp_path: Path) -> None:
    model = build_tiny_model(tmp_path / "model", words=["question", "yes", "no", "one", "two"])
    cases = [
        {"question": "question one", "choices": ["yes", "no"], "answer": number % 2} for number in range(4)
    ]
    (tmp_path / "cases.jsonl").write_text(
        "".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8"
    )
    (tmp_path / "own.yaml").write_text(
        f"task: own_choice\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: {tmp_path / 'cases.jsonl'}\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: '{{question}}'\ndoc_to_choice: '{{choices}}'\n"
        "doc_to_target: answer\nmetric_list:\n  - metric: acc\n",
        encoding="utf-8",
    )
    found = run_task(model, BenchmarkTask("own_choice"), include=tmp_path)
    assert found.metric == "acc,none"
    assert found.value == 50.0  # the same question throughout: one choice is right for half of them
    assert found.cases == 4
    with pytest.raises(TrainingError, match="could not run absent_task"):
        run_task(model, BenchmarkTask("absent_task"), include=tmp_path)
