"""The seeds of a leaf, flat: one question and its answer each, with the context that it is asked about."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.generation.sample import Stage
from seedbed.taxonomy.leaf import Kind, Leaf

SHORT_ANSWER_WORDS = 8
"""A knowledge seed's answer of at most so many words belongs to the short stage (LAB names no cut; this is ours)."""


def user_message(question: str, context: str | None) -> str:
    """What a user says: the context, a blank line, the question."""
    return f"{context}\n\n{question}" if context is not None else question


@dataclass(frozen=True, slots=True)
class Seed:
    """One question and answer that a person wrote."""

    question: str
    answer: str
    context: str | None
    kind: Kind

    @property
    def identity(self) -> str:
        """The text that tells this seed from others: knowledge is asked without its context."""
        return self.question if self.kind is Kind.KNOWLEDGE else user_message(self.question, self.context)

    @property
    def is_long(self) -> bool:
        return len(self.answer.split()) > SHORT_ANSWER_WORDS


def leaf_seeds(leaf: Leaf) -> tuple[Seed, ...]:
    """Every question of every seed example, in the order of the file."""
    return tuple(
        Seed(
            pair.question.strip(),
            pair.answer.strip(),
            example.context.strip() if example.context else None,
            leaf.kind,
        )
        for example in leaf.seed_examples
        for pair in example.questions_and_answers
    )


def leaf_stages(leaf: Leaf) -> tuple[Stage, ...]:
    """The stages that samples of a leaf belong to (LAB paper, table 1)."""
    if leaf.kind is Kind.KNOWLEDGE:
        return (Stage.KNOWLEDGE_SHORT, Stage.KNOWLEDGE_LONG)
    return (Stage.FOUNDATIONAL,) if leaf.branch == "foundational_skills" else (Stage.COMPOSITIONAL,)


def seed_stage(leaf: Leaf, seed: Seed) -> Stage:
    """The stage that a seed itself would be a sample of."""
    if leaf.kind is Kind.KNOWLEDGE:
        return Stage.KNOWLEDGE_LONG if seed.is_long else Stage.KNOWLEDGE_SHORT
    return leaf_stages(leaf)[0]
