"""What a preview shows: which leaves, at which commits, by which settings and recipe."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seedbed.documents.fetch import FetchPolicy
from seedbed.errors import UsageError
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.preview_budget import Caps
from seedbed.generation.preview_request import PreviewRequest, estimated, requested_leaf
from seedbed.generation.project import Project, open_project, recipe_at, settings_at
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import GenerationRecipe
from seedbed.taxonomy.changes import Base, ChangeKind, all_leaves, changed_leaves, find_base, leaf_name


@dataclass(frozen=True, slots=True)
class Scope:
    """Leaves with what became of them, in the order of their names, and what decides what is asked about them."""

    project: Project
    found: Base
    recipe: GenerationRecipe
    sources: tuple[tuple[LeafSource, str], ...]
    removed: tuple[str, ...]
    left_out: tuple[str, ...]
    samples: int
    limit: int
    seed: int

    @property
    def caps(self) -> Caps:
        """Most that may be spent, by the settings."""
        settings = self.project.settings.preview
        return Caps(settings.most_tokens, settings.most_seconds, settings.most_cost)

    def request(self) -> PreviewRequest:
        """The same as plain values. Raises UsageError where the working tree is shown, which nobody could show again."""
        if self.found.head is None:
            raise UsageError(
                "a request names the commit that it is about",
                hint="seedbed preview --head REV --prepare FILE",
            )
        return PreviewRequest(
            self.found.base,
            self.found.head,
            self.found.rung,
            self.recipe.name,
            self.recipe.digest,
            self.samples,
            self.limit,
            self.seed,
            tuple(requested_leaf(source, change) for source, change in self.sources),
            self.removed,
            self.left_out,
            self.caps,
            estimated([source for source, _ in self.sources], self.recipe, self.samples),
        )


def scope_of(
    paths: Sequence[str],
    *,
    everything: bool,
    base: str | None,
    head: str | None,
    samples: int,
    limit: int,
    recipe: str | None,
    seed: int | None,
) -> Scope:
    """The changed leaves of the repository here, or those under `paths`. With `head`, settings and recipe are those at the
    tip of the branch that it is compared with."""
    project = open_project(Path.cwd())
    found = _base(project, base, head, everything)
    settings = settings_at(project.repository, found.trusted) if found.head is not None else project.settings
    project = replace(project, settings=settings)
    changes = _changes(project, found, paths, everything)
    present = sorted(name for name, change in changes.items() if change != ChangeKind.REMOVED)
    return Scope(
        project,
        found,
        _recipe(project, found, recipe),
        tuple(_sources(project, found, {name: changes[name] for name in present[:limit]})),
        tuple(sorted(name for name, change in changes.items() if change == ChangeKind.REMOVED)),
        tuple(present[limit:]),
        samples,
        limit,
        settings.generation.seed if seed is None else seed,
    )


def _base(project: Project, base: str | None, head: str | None, everything: bool) -> Base:
    if everything and base is None and head is None:
        return Base("--all", project.repository.head(), None)
    return find_base(
        project.repository,
        base=base,
        head=head,
        environment=os.environ,
        default_branch=project.settings.taxonomy.default_branch,
    )


def _recipe(project: Project, found: Base, flag: str | None) -> GenerationRecipe:
    if flag is not None:  # whoever types the command names a file of their own machine
        return load_recipe(flag)
    if found.head is not None:
        return recipe_at(project.repository, found.trusted, project.settings.generation.recipe)
    return project.recipe(None, None)


def _changes(project: Project, found: Base, paths: Sequence[str], everything: bool) -> dict[str, str]:
    """Leaf names with what became of them; paths narrow (and, for unchanged leaves, widen) the choice."""
    root = project.settings.taxonomy.root
    repository = project.repository
    changed = {
        change.name: str(change.kind)
        for change in changed_leaves(repository, base=found.base, head=found.head, taxonomy_root=root)
    }
    if not (everything or paths):
        return changed
    every = {
        leaf_name(file.path, root): file.path
        for file in all_leaves(repository, revision=found.head, taxonomy_root=root)
    }
    folders = [_from_root(project, path) for path in paths]
    picked = {
        name: path for name, path in every.items() if not paths or any(_under(path, one) for one in folders)
    }
    return {name: changed.get(name, str(ChangeKind.UNCHANGED)) for name in picked}


def _from_root(project: Project, path: str) -> str:
    """A path as typed, seen from the repository's root."""
    here = Path(os.path.normpath(Path.cwd() / path))
    root = project.repository.root.resolve()
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else path


def _under(path: str, folder: str) -> bool:
    return folder == "." or path == folder or path.startswith(f"{folder.rstrip('/')}/")


def _sources(project: Project, found: Base, changes: Mapping[str, str]) -> list[tuple[LeafSource, str]]:
    sources = read_sources(
        project.repository,
        commit=found.head,
        taxonomy_root=project.settings.taxonomy.root,
        names=changes,
        policy=FetchPolicy(hosts=project.settings.documents.hosts),
    )
    return [(source, changes[source.name]) for source in sources]
