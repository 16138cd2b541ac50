"""Views of passages, judged against the passage; how many facts the questions cover; how different samples are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scripted_teacher import ScriptedTeacher, prompt_text
from support.small_taxonomy import KNOWLEDGE, small_taxonomy
from support.training_samples import TEACHER

from seedbed.errors import ConfigurationError
from seedbed.generation.diversity import WORDS_MEASURED, diversity
from seedbed.generation.fact_coverage import fact_coverage
from seedbed.generation.funnel import Loss
from seedbed.generation.generate import generate
from seedbed.generation.leaf_outcome import LeafOutcome
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.generation.store import SampleStore
from seedbed.reports.diversity import coverage_line, diversity_line
from seedbed.taxonomy.leaf import Span
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.teacher import Message, Request

VIEWS = load_recipe("views")


def document(request: Request) -> str:
    """The document that a request holds."""
    return prompt_text(request).split(" ===\n", 1)[1].split("\n=== end", 1)[0]


def quoted(request: Request) -> str:
    return document(request).rsplit("\n\n", 1)[-1]


def view_of(request: Request, **changes: Any) -> str | None:
    """A good view where one is asked for; None where a question or an answer is."""
    known = request.json_schema["properties"] if request.json_schema else {}
    assert isinstance(known, dict)
    if "text" in known:
        fields = {
            "subject": quoted(request)[:30],
            "quote": quoted(request),
            "text": f"Told again, {request.seed}.",
        }
        return json.dumps({**fields, **changes})
    if "facts" in known:
        facts = [
            {"quote": quoted(request), "fact": "The pier is kept by Ada."},
            {"quote": "never said here", "fact": "No."},
        ]
        return json.dumps({"subject": quoted(request)[:30], "facts": facts, **changes})
    return None


def teacher(view: Callable[[Request], str | None] = view_of) -> ScriptedTeacher:
    def override(request: Request) -> str | None:
        if request.choices:
            return None
        words = f"Some text about number {request.seed} and {request.seed % 97}"
        return view(request) or (
            json.dumps({"quote": quoted(request), "answer": words}) if request.json_schema else words
        )

    return ScriptedTeacher(override=override)


def run(tmp_path: Path, asked: ScriptedTeacher) -> tuple[LeafOutcome, tuple[Sample, ...]]:
    small_taxonomy(tmp_path / "repository")
    repository = Repository.open(tmp_path / "repository")
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy", names=[KNOWLEDGE])
    store = SampleStore.open(tmp_path / "store")
    recipe = with_samples(VIEWS, 2)
    (outcome,) = asyncio.run(generate(sources, recipe=recipe, teacher=asked, store=store))
    return outcome, store.read(outcome.key or "")


def test_every_passage_is_told_in_every_form(tmp_path: Path) -> None:
    asked = teacher()
    outcome, samples = run(tmp_path, asked)
    told = [one for one in samples if "view" in one.provenance.parameters]
    passages = {one.provenance.passage for one in told}
    for view in VIEWS.views:
        mine = [one for one in told if one.provenance.parameters["view"] == view.name]
        assert {one.provenance.passage for one in mine} == passages and len(passages) == 3
        opening = view.instruction.split("{", 1)[0]
        assert all(one.question.startswith(opening) and one.stage is Stage.KNOWLEDGE_LONG for one in mine)
    assert not any(one.held_out for one in told)  # study texts, not questions
    for funnel in outcome.funnels.values():
        assert funnel.asked == funnel.kept + sum(funnel.lost.values())


def test_a_view_is_judged_against_its_passage_and_never_a_view(tmp_path: Path) -> None:
    asked = teacher()
    run(tmp_path, asked)
    grounded = [
        one
        for one in asked.requests
        if one.choices and "Does the document before it state" in prompt_text(one)
    ]
    assert any("Told again" in prompt_text(one) for one in grounded)
    assert all("is kept by" in document(one) and "Told again" not in document(one) for one in grounded)


def test_a_fact_without_its_quotation_is_left_out_alone(tmp_path: Path) -> None:
    _, samples = run(tmp_path, teacher())
    facts = [one for one in samples if one.provenance.parameters.get("view_form") == "facts"]
    assert facts and all(one.answer == "- The pier is kept by Ada." for one in facts)


@pytest.mark.parametrize(
    ("changes", "loss"),
    [
        ({"quote": "words that nobody wrote there"}, Loss.QUOTE_NOT_FOUND),
        ({"text": 7, "facts": "none"}, Loss.UNPARSABLE),
        ({"subject": " "}, Loss.EMPTY),
        ({"facts": [{"fact": "no quote"}], "text": ""}, Loss.EMPTY),
    ],
)
def test_a_view_that_is_not_borne_falls(tmp_path: Path, changes: dict[str, Any], loss: Loss) -> None:
    def bad(request: Request) -> str | None:
        good = view_of(request)
        fields = json.loads(good) if good else {}
        return (
            json.dumps({**fields, **{key: changes[key] for key in changes if key in fields}})
            if good
            else None
        )

    outcome, _ = run(tmp_path, teacher(bad))
    assert outcome.total.lost[loss] > 0


def test_a_recipe_extends_another(tmp_path: Path) -> None:
    lab = load_recipe("lab")
    assert replace(VIEWS, name="lab", description=lab.description, views=(), prompts=lab.prompts) == lab
    own = tmp_path / "own.yaml"
    own.write_text("extends: views\nname: own\nnear_copy: 0.7\n")
    found = load_recipe(str(own))
    assert (found.near_copy, found.views, found.name) == (0.7, VIEWS.views, "own")
    (tmp_path / "second.yaml").write_text("extends: own.yaml\nname: second\n")
    assert load_recipe(str(tmp_path / "second.yaml")).near_copy == 0.7
    for text, message in (
        ("extends: labb\nname: x\n", "there is no such recipe"),
        ("extends: [lab]\nname: x\n", "there is no such recipe"),
        ("extends: own.yaml\nname: x\n", "back to itself"),
    ):
        own.write_text(text)
        with pytest.raises(ConfigurationError, match=message):
            load_recipe(str(own))


def test_mistakes_in_a_view(tmp_path: Path) -> None:
    text = (Path(load_recipe.__code__.co_filename).parent / "recipes" / "views.yaml").read_text()
    own = tmp_path / "own.yaml"
    for old, new, message in (
        ("name: facts", "name: summary", r"views\[1\].name is 'summary'"),
        ("Explain {subject} to", "Explain it to", r"expected text with \{subject\} in it"),
        ("form: facts", "form: fact", "'fact'"),
        ("attempts: 2", "attempt: 2", r"there is no key views\[2\].attempt; did you mean attempts\?"),
        ("prompt: lab/view_facts.txt", "prompt: lab/view_fact.txt", "names the template"),
    ):
        own.write_text(text.replace(old, new, 1))
        with pytest.raises(ConfigurationError, match=message):
            load_recipe(str(own))


def told(question: str, answer: str, number: int = 0, **parameters: str) -> Sample:
    made = Provenance("b" * 40, "p" * 64, TEACHER, number, parameters, "d.md", "e" * 40, Span(1, 1, 2, 1))
    return Sample(
        KNOWLEDGE,
        Stage.KNOWLEDGE_LONG,
        (Message("user", question), Message("assistant", answer)),
        False,
        made,
    )


def test_coverage_counts_facts_that_a_question_of_the_passage_tells() -> None:
    facts = told(
        "List the facts.",
        "- The pier was built in 1869.\n- Ada keeps the pier.",
        view="facts",
        view_form="facts",
    )
    asked = told("When was the north pier built?", "In 1869.")
    found = fact_coverage([facts, asked])
    assert (found.facts, found.covered, found.uncovered) == (2, 1, ("Ada keeps the pier.",))
    elsewhere = replace(asked, provenance=replace(asked.provenance, passage=Span(9, 1, 9, 9)))
    assert fact_coverage([facts, elsewhere]).covered == 0
    assert fact_coverage([asked]).share == 1.0


words = st.lists(st.sampled_from([f"word{number}" for number in range(40)]), min_size=1, max_size=30).map(
    " ".join
)
many = st.lists(words, min_size=2, max_size=12)


@given(many)
def test_diversity_figures_are_bounded_and_do_not_depend_on_order(texts: list[str]) -> None:
    samples = [told(text, "yes", number) for number, text in enumerate(texts)]
    found = diversity(samples)
    assert found is not None and found == diversity(samples[::-1])
    assert 0 <= found.self_repetition <= 1 and 0 < found.distinct_2 <= 1 and 0 <= found.nearest_distance <= 1


@given(words, st.integers(2, 9))
def test_copies_have_no_diversity(text: str, count: int) -> None:
    found = diversity([told(text, "so it is", number) for number in range(count)])
    assert found is not None and found.nearest_distance == 0


def test_diversity_of_different_and_of_like_samples() -> None:
    def leaf(form: Callable[[int], str], count: int) -> Any:
        return diversity([told(form(number), "yes", number) for number in range(count)])

    different = leaf(lambda number: " ".join(f"w{number * 31 + place}" for place in range(20)), 60)
    alike = leaf(lambda number: f"Please say how many apples Ada has if she buys {number} more of them", 60)
    assert different.compression_ratio < alike.compression_ratio
    assert different.self_repetition == 0 and alike.self_repetition == 1
    assert different.distinct_2 > 0.9 > alike.distinct_2
    assert different.nearest_distance > 0.9 > alike.nearest_distance


def test_diversity_is_measured_on_so_many_words_whatever_the_size() -> None:
    samples = [
        told(" ".join(f"w{number}x{place}" for place in range(50)), "yes", number) for number in range(400)
    ]
    found = diversity(samples)
    assert found is not None and found.words == WORDS_MEASURED and found.samples < 50
    assert diversity(samples[:1]) is None


def test_the_lines_that_people_read() -> None:
    assert diversity_line(None) == "diversity: too few samples to compare"
    line = diversity_line(diversity([told("one two three", "yes", 1), told("four five six", "no", 2)]))
    assert line.startswith("diversity: compression ") and line.endswith("(2 samples, 8 words)")
    facts = told(
        "List.",
        "\n".join(f"- Fact number {n}00 is here." for n in range(1, 6)),
        view="facts",
        view_form="facts",
    )
    asked = told("What is fact number 100?", "It is here.")
    assert coverage_line(fact_coverage([facts, asked])) == (
        "facts: 1 of 5 asked for; not: Fact number 200 is here.; Fact number 300 is here.; Fact number 400 is here. and 1 more"
    )
    assert coverage_line(fact_coverage([asked])) == ""
