"""The demo's plot: a first release, a pull request, a second release with replay and, to compare, one without."""

from __future__ import annotations

import importlib.util
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from seedbed.errors import ExitCode, MissingExtraError, UsageError
from seedbed_training.demo.command import Say, SeedbedCommand
from seedbed_training.demo.result import FIRST, WITH, WITHOUT, DemoResult, gather
from seedbed_training.demo.scratch_repository import ScratchRepository
from seedbed_training.evaluation.result_file import read_evaluation
from seedbed_training.planning.plan_file import read_plan
from seedbed_training.releasing.workspace import Workspace

OLD = (
    "knowledge/harbours/velm",
    "knowledge/machines/calder_press",
    "foundational_skills/counting/how_many",
    "foundational_skills/word_order/backwards",
    "compositional_skills/cards/read_a_field",
    "compositional_skills/lists/bullet_points",
)
FRESH = (
    "knowledge/board_games/tarn",
    "foundational_skills/word_order/swap_ends",
    "compositional_skills/cards/name_tag",
)
TYPO = ("    answer:", "    anwser:")
BROKEN = "foundational_skills/word_order/swap_ends"
BRANCH = "new-leaves"
MARKER = ".seedbed-demo"


@dataclass(frozen=True, slots=True)
class Cast:
    """The leaves of the story; each ships with Seedbed and is one that the sandbox can teach."""

    old: tuple[str, ...] = OLD  # of the first release
    fresh: tuple[str, ...] = FRESH  # of the pull request
    broken: str = BROKEN  # a skill among the fresh ones, which comes with a typo at first


WHOLE_CAST = Cast()


def tell(out: Path, *, seed: int, say: Say, cast: Cast = WHOLE_CAST) -> DemoResult:
    """Play the whole story in `out`, which is made anew; returns what was measured.

    Raises UsageError when `out` holds something that no demo made, DemoError when a step ends as it should not.
    """
    started = time.monotonic()
    _require_extras()
    out = out.resolve()  # the commands run inside it, where a relative path would mean another place
    repository = ScratchRepository.create(_fresh_folder(out) / "repository")
    seedbed = SeedbedCommand(repository.root, say)
    say(f"# 1 A first release; {_leaves(len(cast.old))}")
    _first_release(repository, seedbed, cast, seed)
    say(f"# 2 A pull request: a leaf with a typo, then {_leaves(len(cast.fresh))} without")
    _pull_request(repository, seedbed, cast, out, seed)
    say("# 3 Merged: only the new leaves are generated")
    repository.merge(BRANCH)
    seedbed.run("status")
    seedbed.run("generate", "--seed", str(seed))
    say("# 4 The second release without replay, to see what is forgotten")
    _train(seedbed, WITHOUT, seed, "--no-replay")
    say("# 5 The second release with replay, through the gate")
    _train(seedbed, WITH, seed)
    seedbed.run("release", "--release", WITH)
    repository.commit("Release 2")
    return _measured(repository, cast, seed, time.monotonic() - started)


def _require_extras() -> None:
    for module in ("torch", "transformers", "pyarrow", "matplotlib"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("the demo", "train", module)


def _fresh_folder(out: Path) -> Path:
    try:
        if out.exists() and any(out.iterdir()) and not (out / MARKER).exists():
            raise UsageError(
                f"{out} is not empty and was not made by a demo",
                hint="name another folder: seedbed demo --out FOLDER",
            )
        if out.exists():
            shutil.rmtree(out)
        out.mkdir(parents=True)
        note = "made by `seedbed demo`, which removes this folder when run again\n"
        (out / MARKER).write_text(note, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the demo cannot write in {out}: {error.strerror}",
            hint="name another folder: seedbed demo --out FOLDER",
        ) from error
    return out


def _first_release(repository: ScratchRepository, seedbed: SeedbedCommand, cast: Cast, seed: int) -> None:
    for leaf in cast.old:
        repository.add_leaf(leaf)
    repository.commit("First leaves")
    seedbed.run("check", "--all")
    seedbed.run("generate", "--seed", str(seed))
    _train(seedbed, FIRST, seed)
    seedbed.run("release", "--release", FIRST)
    repository.commit("Release 1")


def _pull_request(
    repository: ScratchRepository, seedbed: SeedbedCommand, cast: Cast, out: Path, seed: int
) -> None:
    repository.branch(BRANCH)
    broken = repository.add_leaf(cast.broken)
    good = broken.read_text(encoding="utf-8")
    broken.write_text(good.replace(*TYPO, 1), encoding="utf-8")
    repository.commit("A leaf")
    seedbed.run("check", expected=ExitCode.FINDINGS)
    broken.write_text(good, encoding="utf-8")
    for leaf in cast.fresh:
        repository.add_leaf(leaf)
    repository.commit("Mend the typo; more leaves")
    seedbed.run("check")
    student = repository.root / ".seedbed" / "releases" / FIRST
    seedbed.run("preview", "--student", str(student), "--samples", "3", "--seed", str(seed))
    seedbed.write(
        out / "preview.md",
        *("preview", "--student", str(student), "--seed", str(seed), "--format", "markdown"),
    )


def _train(seedbed: SeedbedCommand, release: str, seed: int, *how: str) -> None:
    plan = str(Path(".seedbed") / f"{release}.plan.safetensors")
    seedbed.run("plan", "--release", release, "--seed", str(seed), *how, "--output", plan)
    seedbed.run("train", "--plan", plan)
    seedbed.run("eval", "--release", release)


def _measured(repository: ScratchRepository, cast: Cast, seed: int, seconds: float) -> DemoResult:
    workspace = Workspace.open(repository.root)
    runs = {name: workspace.run_directory(name) for name in (WITHOUT, WITH)}
    return gather(
        read_evaluation(runs[WITH] / "evaluation.json"),
        read_evaluation(runs[WITHOUT] / "evaluation.json"),
        fresh=cast.fresh,
        old=cast.old,
        replay_token_share=read_plan(runs[WITH] / "plan.safetensors").replay_token_share,
        seconds=seconds,
        seed=seed,
    )


def _leaves(count: int) -> str:
    return f"{count} leaf" if count == 1 else f"{count} leaves"
