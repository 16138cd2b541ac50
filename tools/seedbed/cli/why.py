"""`seedbed why`: where a sample comes from."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from seedbed.cli.leaf_progress import watched_leaves
from seedbed.cli.options import form_option, recipe_option, write_out
from seedbed.generation.explain_sample import explain_sample
from seedbed.generation.find_samples import find_sample
from seedbed.generation.project import open_project
from seedbed.reports.sample_json import explanation_json
from seedbed.reports.sample_text import explanation_text


@click.command()
@click.argument("sample")
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
@recipe_option
@form_option
def why(sample: str, store: str | None, recipe: str | None, form: str) -> None:
    """Follow SAMPLE (an id, or how it begins) back to its leaf, commit, author, licence, passage, prompt and teacher.

    Prompts and answers come from the request journal of this machine; what cannot be had any more is said.
    """
    project = open_project(Path.cwd(), store=store, reading=True)
    with watched_leaves() as watch:
        found = find_sample(project.store, sample, watch)
    told = explain_sample(project, found, recipe=recipe)
    width = shutil.get_terminal_size((100, 24)).columns
    write_out(explanation_json(told) if form == "json" else explanation_text(told, width=width))
