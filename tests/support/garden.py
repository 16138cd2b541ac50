"""A taxonomy in git with samples in a real store, and a tiny base model: enough to plan, train, score and release."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.repositories import RepositoryBuilder
from support.training_samples import TEACHER, made_sample, small_recipe

from seedbed.generation.sample import Stage
from seedbed.generation.store import Making
from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed_training.planning.recipe import TrainingRecipe
from seedbed_training.releasing.workspace import Workspace

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = ("question", *map(str, range(40)), *NUMBERS, "yes", "no")


@dataclass(frozen=True)
class Garden:
    """The repository, its workspace and the recipe to train it with."""

    builder: RepositoryBuilder
    workspace: Workspace
    recipe: TrainingRecipe

    def add_leaf(self, name: str) -> None:
        """Write and commit a leaf that is unlike all others."""
        text = f"version: 3\ncreated_by: robin\ntask_description: {name}\nseed_examples: []\n"
        self.builder.write_leaf(f"taxonomy/{name}", text)
        self.builder.commit(f"add {name}")

    def generate(
        self,
        name: str,
        answer: str,
        *,
        stage: Stage = Stage.COMPOSITIONAL,
        count: int = 12,
        topic: str = "",
    ) -> str:
        """Store samples for the leaf as it is now: every question has the one answer; a quarter is held out.

        With a `topic`, one of `WORDS`, a model can tell from a question that it never saw which leaf asks it.
        """
        root = self.workspace.settings.taxonomy.root
        files = all_leaves(self.workspace.repository, revision=self.builder.head, taxonomy_root=root)
        blob = next(file.blob for file in files if leaf_name(file.path, root) == name)
        offset = len(name) % 20
        samples = [
            made_sample(
                name,
                f"{topic} {offset + number}".strip(),
                stage=stage,
                answer=answer,
                held_out=number % 4 == 0,
                blob=blob,
            )
            for number in range(count)
        ]
        making = Making(name, blob, (), "sandbox", "d" * 64, TEACHER, 0)
        store = self.workspace.open_store()
        with store.writing():
            return store.write(making, samples, {}).key


def make_garden(folder: Path, base_model: Path) -> Garden:
    """An empty taxonomy in `folder`, to be trained from the model in `base_model`."""
    builder = RepositoryBuilder(folder)
    builder.write(".gitignore", ".seedbed/\n")
    builder.commit("begin")
    recipe = small_recipe(base_model=str(base_model), epochs=12, leaf_share=0.25, minimum_per_leaf=2)
    return Garden(builder, Workspace.open(builder.path), recipe)


def planted_garden(folder: Path, base_model: Path) -> Garden:
    """Two leaves of different stages with samples, and one that has none."""
    garden = make_garden(folder, base_model)
    for name in ("knowledge/town", "compositional_skills/agree", "compositional_skills/waiting"):
        garden.add_leaf(name)
    garden.generate("knowledge/town", "seven", stage=Stage.KNOWLEDGE_SHORT)
    garden.generate("compositional_skills/agree", "yes")
    return garden
