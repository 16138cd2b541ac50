"""Every rule, in the order of its code. A new rule is a file in this folder and a line in this table.

A rule's file has `CODE`, `SEVERITY`, `check(leaf, around) -> Iterator[Finding]`, and a docstring that is its manual
page: `seedbed explain CODE` prints it. A rule that asks what the reader found names its `KINDS` of faults.

SB1xx reading and form · SB2xx files and folders · SB3xx seeds · SB4xx documents · SB5xx other leaves · SB6xx style ·
SB7xx the repository's policy (told by the check itself, not leaf by leaf)

A pattern that few leaves need is kept as text: `re` compiles it at its first use and keeps it, so that the start of a
command does not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol, cast

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.rules import (
    answer_copied,
    answer_unsupported,
    attribution,
    benchmark_question,
    blank_task,
    blank_text,
    context_not_in_document,
    created_by,
    created_by_other,
    deprecated_version,
    document_address,
    document_commit,
    document_missing,
    document_patterns,
    duplicate_key,
    empty_file,
    empty_value,
    encoding,
    executable,
    file_mode,
    file_name,
    final_newline,
    hidden_character,
    judge_marker,
    key_type,
    licence,
    missing_key,
    mixed_contexts,
    name_clash,
    nested_leaf,
    outside_branches,
    path_style,
    personal_data,
    placeholder,
    plain_value,
    policy_change,
    profanity,
    question_elsewhere,
    question_is_answer,
    question_nearby,
    repeated_item,
    repeated_question,
    repeated_seed,
    same_opening,
    secret,
    similar_leaf,
    special_token,
    stray_link,
    syntax,
    teacher_window,
    too_few,
    too_large,
    too_long,
    trailing_space,
    unknown_key,
    unreadable,
    unsafe_path,
    unused_ignore,
    version,
    wrong_branch,
    wrong_type,
    yaml_feature,
)
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile


class Check(Protocol):
    """What a rule does: look at one leaf and what is around it, and yield what is wrong."""

    def __call__(self, leaf: LeafFile, around: Surroundings) -> Iterator[Finding]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the table."""

    code: str
    name: str
    severity: Severity
    check: Check | None  # None for a rule about the repository as a whole
    manual: str  # the docstring; its first line is the title
    reads: bool = False  # whether it tells what the reader found

    @property
    def title(self) -> str:
        """What the rule asks for, in one line."""
        return self.manual.split("\n", 1)[0].rstrip(".")


def _rule(module: ModuleType) -> Rule:
    name = module.__name__.rsplit(".", 1)[1].replace("_", "-")
    assert module.__doc__ is not None
    check = cast(Check | None, getattr(module, "check", None))
    reads = hasattr(module, "KINDS")
    return Rule(module.CODE, name, module.SEVERITY, check, module.__doc__.strip(), reads)


RULES: tuple[Rule, ...] = tuple(
    _rule(module)
    for module in (
        syntax,
        encoding,
        too_large,
        yaml_feature,
        duplicate_key,
        key_type,
        plain_value,
        empty_file,
        unreadable,
        missing_key,
        unknown_key,
        wrong_type,
        empty_value,
        too_few,
        repeated_item,
        version,
        wrong_branch,
        deprecated_version,
        file_name,
        unsafe_path,
        path_style,
        file_mode,
        executable,
        outside_branches,
        name_clash,
        stray_link,
        attribution,
        licence,
        created_by,
        created_by_other,
        nested_leaf,
        placeholder,
        blank_text,
        question_is_answer,
        repeated_seed,
        repeated_question,
        mixed_contexts,
        too_long,
        special_token,
        hidden_character,
        blank_task,
        answer_copied,
        teacher_window,
        same_opening,
        judge_marker,
        secret,
        personal_data,
        profanity,
        document_commit,
        document_address,
        document_patterns,
        document_missing,
        context_not_in_document,
        answer_unsupported,
        question_elsewhere,
        question_nearby,
        similar_leaf,
        benchmark_question,
        trailing_space,
        final_newline,
        policy_change,
        unused_ignore,
    )
)
"""All rules, by code."""
