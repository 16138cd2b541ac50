"""The commands of generation, run in a small repository with a tiny real model that knows its words."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

from support.repositories import RepositoryBuilder
from support.small_taxonomy import small_taxonomy
from support.tiny_model import build_tiny_model

from seedbed.cli.main import main


def tiny_recipe(*, closed: bool = False) -> str:
    """A recipe that takes a few of whatever the model says: half of its verdicts are YES."""
    step = "prompt: {}, temperature: 1.0, max_tokens: 8"
    judging = "judging: {mode: verdict, answer_criteria: [yes.txt]}"
    answer = "answer: {prompt: sandbox/answer.txt, temperature: 1.0, max_tokens: 6}"

    def stream(question: str, context: str = "") -> str:
        lines = [
            "samples: 2",
            "attempts: 8",
            f"question: {{{step.format(question)}}}",
            answer,
            judging,
            context,
        ]
        return "".join(f"  {line}\n" for line in lines if line)

    grounded = stream("sandbox/question.txt", f"context: {{{step.format('sandbox/context.txt')}}}")
    return (
        f"name: tiny\nentrance: 0\nclosed_vocabulary: {str(closed).lower()}\nnear_copy: 0.9\n"
        "held_out: {seeds: 0.25, samples: 0.12}\npassages: {words: 60, form: plain}\n"
        f"freeform:\n{stream('sandbox/freeform_question.txt')}grounded:\n{grounded}"
        f"knowledge_short:\n{stream('sandbox/question.txt')}knowledge_long:\n{stream('sandbox/long_question.txt')}"
    )


def growing_repository(path: Path, model: Path, *, closed: bool = False) -> RepositoryBuilder:
    """The small taxonomy with a recipe and settings, teacher and student both being `model`."""
    builder = small_taxonomy(path)
    builder.write("recipes/tiny.yaml", tiny_recipe(closed=closed))
    builder.write("recipes/yes.txt", "{{ question }} {{ answer }}")
    builder.write(
        "seedbed.toml",
        f'[teacher]\nmodel = "{model}"\n[generation]\nrecipe = "recipes/tiny.yaml"\n[student]\nmodel = "{model}"\n',
    )
    builder.write(".gitignore", ".seedbed/\n")
    builder.commit("settings")
    return builder


def words_of(path: Path) -> list[str]:
    """Every word and mark of a repository's leaves and documents."""
    texts = [
        file.read_text() for file in sorted(path.glob("taxonomy/**/*")) if file.suffix in (".yaml", ".md")
    ]
    texts.append("More like these contexts Ask about this for a sentence Like YES NO : - .")
    return sorted(set(re.findall(r"\w+|[^\w\s]", "\n".join(texts))))


def tiny_teacher(directory: Path, repository: Path) -> Path:
    """A random model that can read the leaves of a repository, and ends most answers before they are cut off."""
    build_tiny_model(directory, words=words_of(repository), seed=4)
    vocabulary = json.loads((directory / "tokenizer.json").read_text())["model"]["vocab"]
    config = directory / "generation_config.json"
    settings = json.loads(config.read_text())
    ends = [
        number
        for word, number in vocabulary.items()
        if number % 3 == 1 and number > 5 and word not in ("YES", "NO")
    ]
    config.write_text(json.dumps({**settings, "eos_token_id": [vocabulary["<|end|>"], *ends]}))
    return directory


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    exit_code: int
    output: str
    errors: str


def run_seedbed(*arguments: str) -> Outcome:
    """Run a command as the console script would, in the working directory."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            main(list(arguments))
        except SystemExit as end:
            return Outcome(int(end.code or 0), output.getvalue(), errors.getvalue())
    raise AssertionError("main always exits")
