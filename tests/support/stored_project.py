"""A repository whose three leaves have real samples in a real store and journal, by the scripted teacher."""

from __future__ import annotations

import asyncio
from pathlib import Path

from support.repositories import RepositoryBuilder
from support.scripted_teacher import ScriptedTeacher
from support.small_taxonomy import small_taxonomy

from seedbed.generation.generate import generate
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.journal import Journal, JournaledTeacher

SAMPLES = 3


def stored_project(path: Path) -> RepositoryBuilder:
    """The small taxonomy, committed, with `SAMPLES` wanted of each leaf or passage."""
    return store_samples(small_taxonomy(path))


def store_samples(builder: RepositoryBuilder) -> RepositoryBuilder:
    """Commit settings, and generate."""
    builder.write(".gitignore", ".seedbed/\n")
    builder.write("seedbed.toml", f'[generation]\nrecipe = "sandbox"\nsamples_per_leaf = {SAMPLES}\n')
    builder.commit("settings")
    generate_all(builder)
    return builder


def generate_all(builder: RepositoryBuilder) -> None:
    """Store samples of every leaf as it is committed."""
    repository = Repository.open(builder.path)
    teacher = JournaledTeacher(ScriptedTeacher(), Journal.open(builder.path / ".seedbed" / "journal.sqlite"))

    async def run() -> None:
        try:
            await generate(
                read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy"),
                recipe=with_samples(load_recipe("sandbox"), SAMPLES),
                teacher=teacher,
                store=SampleStore.open(builder.path / ".seedbed"),
            )
        finally:
            await teacher.close()

    asyncio.run(run())
