"""One thing to grow: a stage of a leaf, or of one passage of a knowledge leaf's documents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from seedbed.generation.enclosure import enclosed_document
from seedbed.generation.held_out import SeedSplit
from seedbed.generation.recipe import GenerationRecipe, Register, StepRecipe, StreamRecipe, ViewRecipe
from seedbed.generation.sample import Stage
from seedbed.generation.seed import Seed, user_message
from seedbed.generation.templates import Templates
from seedbed.taxonomy.leaf import Kind, Leaf, Span
from seedbed.teacher.teacher import Message, Request


@dataclass(frozen=True, slots=True)
class SourcePassage:
    """A passage as prompts show it, and where it stands; of a converted document (PDF, HTML) also what converted it,
    and from which page to which it goes, where there are pages. `span` is then one of the converted text."""

    text: str
    path: str
    blob: str
    span: Span
    parser: str | None = None
    pages: tuple[int, int] | None = None

    @property
    def conversion(self) -> Mapping[str, str | int]:
        """What a sample's provenance says of the conversion; nothing for a document that was read as it is."""
        if self.parser is None:
            return {}
        first_last = {"first_page": self.pages[0], "last_page": self.pages[1]} if self.pages else {}
        return {"parser": self.parser, **first_last}


@dataclass(frozen=True, slots=True)
class Written:
    """An answer, and the words of the passage that bear it, where the recipe asks for them."""

    answer: str
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that the teacher wrote, with the context or passage that it is about."""

    question: str
    context: str | None
    kind: Kind
    written: Written | None = None
    """The answer, where question and answer came together."""

    @property
    def sample_question(self) -> str:
        """The user message of the sample: knowledge is closed-book, a skill brings its context."""
        return self.question if self.kind is Kind.KNOWLEDGE else user_message(self.question, self.context)


@dataclass(frozen=True, slots=True)
class Task:
    """Everything that the requests of one stage are made from."""

    leaf: Leaf
    stage: Stage
    recipe: GenerationRecipe
    templates: Templates
    seeds: SeedSplit
    run_seed: int
    passage: SourcePassage | None = None
    view: ViewRecipe | None = None
    pool: tuple[Seed, ...] = ()
    """Training seeds of other leaves too, where the recipe draws from them."""

    @property
    def stream(self) -> StreamRecipe:
        if self.view is not None:
            return self.view.stream
        return self.recipe.stream(self.leaf.kind, self.stage)

    @property
    def register(self) -> Register:
        return self.recipe.register(self.leaf)

    def request_seed(self, attempt: int, role: str) -> int:
        """31 bits from the run's seed, the leaf, the stage, the passage, the attempt and what is asked."""
        passage = self.passage.text if self.passage else ""
        parts = (str(self.run_seed), self.leaf.name, self.stage, passage, str(attempt), role)
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:4], "big") >> 1

    def random(self, attempt: int, role: str) -> Random:
        """Draws for one prompt, the same on every run."""
        return Random(self.request_seed(attempt, f"{role} draw"))

    @property
    def shown(self) -> tuple[Seed, ...]:
        """The seeds that prompts may show."""
        return self.pool or self.seeds.training

    def exemplars(self) -> tuple[Seed, ...]:
        """The training seeds that may stand as an example: for knowledge those of the stage's length, if any are."""
        training = self.shown
        if self.leaf.kind is not Kind.KNOWLEDGE:
            return training
        long = self.stage is Stage.KNOWLEDGE_LONG
        return tuple(seed for seed in training if seed.is_long == long) or training

    def request(
        self,
        step: StepRecipe,
        variables: dict[str, object],
        *,
        attempt: int,
        role: str,
        turns: tuple[Message, ...] = (),
    ) -> Request:
        """One request of a step; `turns` stand between the system message and the prompt."""
        known = self.known(variables)
        system = (Message("system", self.templates.render(step.system, known)),) if step.system else ()
        prompt = Message("user", self.templates.render(step.prompt, known))
        return Request(
            messages=(*system, *turns, prompt),
            max_tokens=step.max_tokens,
            temperature=step.heat(self.register),
            seed=self.request_seed(attempt, role),
        )

    def known(self, variables: Mapping[str, object]) -> dict[str, object]:
        """What one prompt may use: the variables of all prompts and its own. `document` is its context between marks."""
        context = variables.get("context")
        document = enclosed_document(context if isinstance(context, str) else None)
        return {**self.variables(), "document": document, **variables}

    def variables(self) -> dict[str, object]:
        """What every template may use."""
        return {
            "task_description": self.leaf.task_description,
            "domain": self.leaf.domain or "",
            "document_outline": self.leaf.document_outline or "",
            "register": str(self.register),
        }
