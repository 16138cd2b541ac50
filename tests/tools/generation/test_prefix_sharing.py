"""The prefix-cache lint: what the lab recipe's requests of one document have in common stands first."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.golden import assert_golden
from support.small_taxonomy import FREEFORM, GROUNDED, KNOWLEDGE, small_taxonomy

from seedbed.generation.held_out import split_seeds
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.prefix_sharing import prompt_tokens, rehearsed_requests, shared_prefixes
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.seed import leaf_seeds, leaf_stages
from seedbed.generation.task import Task
from seedbed.generation.template_variables import recipe_templates
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.teacher import Message, Request

GOLDEN = Path(__file__).parent / "golden"
RECIPE = load_recipe("lab")


@pytest.fixture
def tasks(tmp_path: Path) -> dict[str, list[Task]]:
    """By leaf one task a stage, knowledge over one passage as long as the recipe's."""
    builder = small_taxonomy(tmp_path / "repository")
    fact = "The {} of the harbour was built in 18{:02} and is looked after by the keeper of the tower. "
    long = "".join(fact.format(word, number) for number, word in enumerate(["pier", "crane", "ramp"] * 5))
    builder.write(f"taxonomy/{KNOWLEDGE}/harbour.md", f"# Harbour\n\n{long}\n")
    builder.commit("a long passage")
    repository = Repository.open(tmp_path / "repository")
    found: dict[str, list[Task]] = {}
    for source in read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy"):
        assert source.leaf is not None
        seeds = split_seeds(leaf_seeds(source.leaf), RECIPE.held_out.seeds)
        passages = source_passages(source.documents, RECIPE.passages)
        found[source.name] = [
            Task(
                source.leaf,
                stage,
                RECIPE,
                recipe_templates(RECIPE),
                seeds,
                0,
                passages[0] if passages else None,
            )
            for stage in leaf_stages(source.leaf)
        ]
    return found


def test_requests_of_one_document_share_the_document(tasks: dict[str, list[Task]]) -> None:
    requests = [
        labelled
        for task in tasks[KNOWLEDGE]
        for attempt in range(4)
        for labelled in rehearsed_requests(task, attempt)
    ]
    shares = shared_prefixes(requests)
    for label in ("question", "answer", "grounded", "answers_question", "harmless", "no_profanity"):
        assert shares[label].share > 0.6, (label, shares[label])
    for label in ("answers_question", "harmless", "no_personal_data", "no_profanity"):
        assert shares[label].share > 0.75, (label, shares[label])  # question and answer are shared too
    shared = sum(share.shared for share in shares.values()) / sum(share.tokens for share in shares.values())
    assert shared > 0.6


def test_every_request_begins_with_the_same_system_message(tasks: dict[str, list[Task]]) -> None:
    requests = [
        request
        for several in tasks.values()
        for task in several
        for _, request in rehearsed_requests(task, 0)
    ]
    assert len({request.messages[0] for request in requests}) == 1
    assert requests[0].messages[0].role == "system"


def test_the_document_follows_the_system_message_at_once(tasks: dict[str, list[Task]]) -> None:
    for name in (KNOWLEDGE, GROUNDED):
        for label, request in rehearsed_requests(tasks[name][0], 1):
            if label not in ("context", "question_closed_book"):
                assert request.messages[1].content.startswith("=== document "), label


@pytest.mark.parametrize("name", [FREEFORM, GROUNDED, KNOWLEDGE])
def test_prompts_as_they_are_sent(tasks: dict[str, list[Task]], name: str) -> None:
    shown = [
        f"##### {label}\n" + "\n".join(f"[{message.role}]\n{message.content}" for message in request.messages)
        for label, request in rehearsed_requests(tasks[name][0], 1)
    ]
    assert_golden(GOLDEN / f"lab_{name.split('/', 1)[0]}_prompts.txt", "\n\n".join(shown) + "\n")


def test_sharing_counts_whole_blocks_from_the_first_token_on() -> None:
    def request(text: str) -> Request:
        return Request((Message("user", text),), 1)

    same = " ".join(str(number) for number in range(40))
    shares = shared_prefixes([("a", request(same)), ("a", request(same)), ("b", request(f"x {same}"))])
    assert len(prompt_tokens(request(same))) == 41  # the role, then forty numbers
    assert (shares["a"].tokens, shares["a"].shared) == (82, 32)
    assert shares["b"].shared == 0  # one word before it and nothing is shared
