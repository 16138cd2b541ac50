"""From samples in the store to a second release, with real git, real weights and a real store."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from support.full_disk import full_disk
from support.garden import NUMBERS, Garden
from support.openai_server import answer, openai_server, served

from seedbed.bundled_files import bundled_file
from seedbed.errors import ConfigurationError, NothingToDoError, StoreError, TrainingError, UsageError
from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed_training.evaluation.gate import Limits
from seedbed_training.evaluation.score import Metric
from seedbed_training.planning.plan_file import read_plan, write_plan
from seedbed_training.releasing.leaf_judge import leaf_measures
from seedbed_training.releasing.prepare_plan import Preparation, open_preparation, prepare_plan
from seedbed_training.releasing.release import cut_release
from seedbed_training.releasing.run_evaluation import run_evaluation
from seedbed_training.releasing.run_training import run_training, settled_plan
from seedbed_training.releasing.verify import verify
from seedbed_training.releasing.workspace import Workspace

SYSTEM = "{system message}"
AGREE, TOWN, WAITING, COUNT = (
    "compositional_skills/agree",
    "knowledge/town",
    "compositional_skills/waiting",
    "compositional_skills/count",
)
ANYTHING = Limits(maximum_drop=1.0, minimum_score=0.0)


def release(garden: Garden, *, limits: Limits = ANYTHING, **options: Any) -> ReleaseManifest:
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe, **options)
    run_training(garden.workspace, preparation)
    evaluation = run_evaluation(garden.workspace, preparation)
    return cut_release(garden.workspace, preparation, evaluation, limits=limits)


def test_two_releases_the_second_replaying_the_first(garden: Garden) -> None:
    workspace = garden.workspace
    first = release(garden)
    assert first.name == "release-1"
    assert first.parent is None
    assert {leaf.name: leaf.role for leaf in first.leaves} == {AGREE: Role.FRESH, TOWN: Role.FRESH}
    assert first.leaf(AGREE).authors == ("Robin Test",)  # type: ignore[union-attr]
    assert first.leaf(AGREE).licence == "CC0-1.0"  # type: ignore[union-attr]
    assert workspace.releases() == (first,)

    garden.add_leaf(COUNT)
    garden.generate(COUNT, "three")
    second = release(garden)
    assert second.name == "release-2"
    assert second.parent == "release-1"
    roles = {leaf.name: leaf.role for leaf in second.leaves}
    assert roles == {AGREE: Role.REPLAYED, TOWN: Role.REPLAYED, COUNT: Role.FRESH}
    scores = {score.leaf: score for score in second.scores}
    assert scores[AGREE].parent == {score.leaf: score.score for score in first.scores}[AGREE]
    assert scores[COUNT].parent is not None
    assert scores[COUNT].base == 0.0  # random weights
    skills = second.phases[-1]
    assert 0 < skills.replay_tokens <= 0.25 * skills.tokens

    folder = workspace.release_directory("release-2")
    card = (folder / "README.md").read_text(encoding="utf-8")
    for expected in (AGREE, TOWN, COUNT, "Robin Test", "CC0-1.0", second.model_digest, "scores.png"):
        assert expected in card
    assert "made" in card and "up" in card
    assert "**Learned now:** 1 leaf, new or changed: mean score 0.00 → **" in card
    assert "**Taught before:** 2 leaves: mean score " in card
    assert "**Elsewhere:** not measured" in card
    assert f"- Compositional\\_skills/count — `{COUNT}`, from Robin Test, CC0-1.0: score 0.00 → **" in card
    assert "| `release-1` | **release-2** |" in card
    assert "every fresh leaf had to score 0 or more" in card and "Usual are 0.5 and 0.05." in card
    assert "| Robin Test | CC0-1.0 | robin |" in card
    for picture in ("scores.png", "forgetting.png", "losses.png"):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")
        assert f"]({picture})" in card
    assert verify(workspace, second) == ()


def test_a_judge_grades_the_leaf_with_long_answers(garden: Garden) -> None:
    with openai_server(otherwise=answer("2"), models=served("grader")) as server:
        garden.builder.write(
            "seedbed.toml",
            f'[evaluation]\njudge = "openai:{server.address}#grader"\n[evaluation.measures]\n"knowledge/*" = "f1"\n',
        )
        garden.add_leaf(COUNT)
        garden.generate(COUNT, " ".join(NUMBERS))  # ten words
        garden = dataclasses.replace(garden, workspace=Workspace.open(garden.builder.path))
        preparation = prepare_plan(
            garden.workspace, recipe=dataclasses.replace(garden.recipe, batch_samples=32)
        )
        run_training(garden.workspace, preparation)
        evaluation = run_evaluation(garden.workspace, preparation)
        asked = len(server.bodies)
        again = run_evaluation(garden.workspace, preparation)
    assert again == evaluation
    assert len(server.bodies) == asked
    judged = {
        leaf
        for scores in evaluation.arms.values()
        for leaf in scores
        if scores[leaf].metrics == (Metric.JUDGE,)
    }
    assert judged == {COUNT}
    cases = {case.case for scores in evaluation.arms.values() for case in scores[COUNT].cases}
    asked_about = {(case.question, case.answer) for case in cases if case.answer not in ("", case.reference)}
    assert asked == len(asked_about) > 0
    manifest = cut_release(garden.workspace, preparation, evaluation, limits=ANYTHING)
    measures = {score.leaf: score.measure for score in manifest.scores}
    assert measures == {AGREE: "exact match", TOWN: "telling F1", COUNT: "judge grader@unknown (openai)"}
    card = (garden.workspace.release_directory("release-1") / "README.md").read_text(encoding="utf-8")
    assert "graded 1, 2 or 3" in card
    assert server.address not in card
    assert verify(garden.workspace, manifest) == ()


def test_judged_leaves_need_a_judge(garden: Garden) -> None:
    garden.builder.write("seedbed.toml", '[evaluation.measures]\n"*" = "judge"\n')
    with pytest.raises(ConfigurationError, match="no judge is named"):
        leaf_measures(Workspace.open(garden.builder.path))
    garden.builder.write("seedbed.toml", '[evaluation]\njudge = "opnai:x"\n')
    with pytest.raises(ConfigurationError, match=r"evaluation\.judge: 'opnai:x' names no teacher"):
        leaf_measures(Workspace.open(garden.builder.path))


def test_the_card_shows_how_the_model_is_used(
    garden: Garden, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release(garden)
    folder = garden.workspace.release_directory("release-1")
    card = (folder / "README.md").read_text(encoding="utf-8")
    _, _, rest = card.partition("```python\n")
    code, _, rest = rest.partition("```")
    assert len(code.splitlines()) == 5
    said = re.search(r"It was not trained on this question, and answers: (.*)", rest)
    assert said is not None
    monkeypatch.chdir(folder)
    capsys.readouterr()
    exec(compile(code, "card", "exec"), {})  # noqa: S102 what a reader of the card would paste
    assert capsys.readouterr().out.strip() == said[1]


def test_the_manifest_follows_its_schema(garden: Garden) -> None:
    import jsonschema

    manifest = release(garden)
    schema = json.loads(bundled_file("schema/release.v1.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(manifest.to_json()), schema)
    assert ReleaseManifest.from_json(manifest.to_json(), source="the test") == manifest


def test_a_removed_leaf_is_dropped_and_never_replayed(garden: Garden) -> None:
    release(garden)
    for name in ("qna.yaml", "attribution.txt"):
        garden.builder.remove(f"taxonomy/{AGREE}/{name}")
    garden.add_leaf(COUNT)
    garden.generate(COUNT, "three")
    second = release(garden)
    assert second.leaf(AGREE).role is Role.DROPPED  # type: ignore[union-attr]
    plan = read_plan(garden.workspace.run_directory("release-2") / "plan.safetensors")
    assert {sample.leaf for phase in plan.phases for sample in phase.samples} == {TOWN, COUNT}


def test_without_replay_old_leaves_are_kept_but_not_trained_on(garden: Garden) -> None:
    release(garden)
    garden.add_leaf(COUNT)
    garden.generate(COUNT, "three")
    manifest = release(garden, replay=False)
    assert {leaf.name: leaf.role for leaf in manifest.leaves} == {
        AGREE: Role.KEPT,
        TOWN: Role.KEPT,
        COUNT: Role.FRESH,
    }
    assert all(phase.replay_tokens == 0 for phase in manifest.phases)
    card = (garden.workspace.release_directory("release-2") / "README.md").read_text(encoding="utf-8")
    assert "in an earlier phase; no old leaf was replayed; " in card
    assert "Replay: nothing for older leaves, " in card


def test_leaves_without_samples_wait(garden: Garden) -> None:
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    assert preparation.waiting == (WAITING,)
    assert set(preparation.plan.blobs) == {AGREE, TOWN}


def test_an_edited_leaf_waits_until_it_is_generated_again(garden: Garden) -> None:
    garden.builder.write_leaf(f"taxonomy/{AGREE}")
    garden.builder.commit("edit")
    assert prepare_plan(garden.workspace, recipe=garden.recipe).waiting == (AGREE, WAITING)


def test_lost_samples_of_an_old_leaf_are_an_error(garden: Garden) -> None:
    manifest = release(garden)
    key = manifest.leaf(AGREE).sample_keys[0]  # type: ignore[union-attr]
    (garden.workspace.state / "samples" / f"{key}.json").unlink()
    with pytest.raises(StoreError, match="has no samples of compositional_skills/agree") as error:
        prepare_plan(garden.workspace, recipe=garden.recipe)
    assert "seedbed generate" in (error.value.hint or "")


def test_nothing_fresh_is_nothing_to_train(garden: Garden) -> None:
    release(garden)
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    assert preparation.plan.fresh == ()
    with pytest.raises(NothingToDoError):
        run_training(garden.workspace, preparation)


def test_the_gate_refuses_and_nothing_is_written(garden: Garden) -> None:
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    run_training(garden.workspace, preparation)
    evaluation = run_evaluation(garden.workspace, preparation)
    worst = min(score.score for score in evaluation.arms["this"].values())
    limits = Limits(minimum_score=worst + 0.01)
    with pytest.raises(TrainingError, match="not learned") as error:
        cut_release(garden.workspace, preparation, evaluation, limits=limits)
    assert error.value.exit_code == 1
    assert garden.workspace.releases() == ()
    assert not garden.workspace.release_directory("release-1").exists()


def test_a_release_never_changes(garden: Garden) -> None:
    release(garden)
    run = garden.workspace.run_directory("release-1")
    preparation = open_preparation(garden.workspace, read_plan(run / "plan.safetensors"))
    evaluation = run_evaluation(garden.workspace, preparation)
    with pytest.raises(UsageError, match="exists already"):
        cut_release(garden.workspace, preparation, evaluation, limits=ANYTHING)


def test_a_full_disk_leaves_no_half_of_a_release(garden: Garden) -> None:
    workspace = garden.workspace
    preparation = prepare_plan(workspace, recipe=garden.recipe)
    run_training(workspace, preparation)
    evaluation = run_evaluation(workspace, preparation)
    with full_disk(2000), pytest.raises(StoreError, match=r"release-1: \[Errno 27\] File too large"):
        cut_release(workspace, preparation, evaluation, limits=ANYTHING)
    assert workspace.releases() == ()
    assert list((workspace.state / "releases").iterdir()) == []
    cut_release(workspace, preparation, evaluation, limits=ANYTHING)
    assert verify(workspace, workspace.releases()[0]) == ()


def test_an_evaluation_of_other_weights_is_refused(garden: Garden) -> None:
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    run_training(garden.workspace, preparation)
    evaluation = run_evaluation(garden.workspace, preparation)
    other = dataclasses.replace(evaluation, digests={**evaluation.digests, "this": "0" * 40})
    with pytest.raises(UsageError, match="other weights"):
        cut_release(garden.workspace, preparation, other, limits=ANYTHING)
    (garden.workspace.run_directory("release-1") / "model" / "tokenizer_config.json").open("a").write("\n")
    with pytest.raises(StoreError, match="was changed after training"):
        cut_release(garden.workspace, preparation, evaluation, limits=ANYTHING)


def test_a_second_evaluation_asks_nothing(garden: Garden, monkeypatch: pytest.MonkeyPatch) -> None:
    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    run_training(garden.workspace, preparation)
    first = run_evaluation(garden.workspace, preparation)
    asked: list[tuple[str, int, int]] = []
    again = run_evaluation(garden.workspace, preparation, progress=lambda *call: asked.append(call))
    assert asked == []
    assert again == first
    for path in (garden.workspace.state / "evaluations").rglob("*.json"):
        path.write_text("[]", encoding="utf-8")  # no answers, where there were questions
    assert run_evaluation(garden.workspace, preparation) == first


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[]", b'{"version": 1}', b'{"version": 2}'])
def test_a_manifest_that_is_none_is_told(garden: Garden, content: bytes) -> None:
    folder = garden.builder.path / "releases"
    folder.mkdir()
    (folder / "release-1.json").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"release-1\.json is"):
        garden.workspace.releases()


def test_a_role_that_no_leaf_has_is_told(garden: Garden) -> None:
    text = release(garden).to_json().replace('"role": "fresh"', '"role": "king"')
    with pytest.raises(ConfigurationError, match="is not a release manifest: 'king'"):
        ReleaseManifest.from_json(text, source="it")


def test_the_attribution_of_every_leaf_lies_beside_the_weights(garden: Garden) -> None:
    release(garden)
    text = (garden.workspace.release_directory("release-1") / "ATTRIBUTION.txt").read_text(encoding="utf-8")
    assert text.count("== ") == 2
    assert f"== {AGREE}\nCommit: " in text
    assert "License of the work: CC0-1.0" in text


def test_the_card_says_how_to_ask_and_where_answers_end(garden: Garden) -> None:
    from transformers import AutoTokenizer

    release(garden)
    folder = garden.workspace.release_directory("release-1")
    card = (folder / "README.md").read_text(encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "{question}"},
    ]  # this template takes system messages
    template = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    assert SYSTEM in template
    lines = f"prompt = {json.dumps(template)}\nstop_token = {json.dumps(tokenizer.eos_token)}"
    assert f"```python\n{lines}\n```" in card


def test_the_front_matter_keeps_the_hubs_rules(garden: Garden) -> None:
    """huggingface/hub-docs, modelcard.md: what a hub refuses when such a card is pushed to it."""
    from huggingface_hub import ModelCard

    release(garden)
    folder = garden.workspace.release_directory("release-1")
    data = ModelCard.load(folder / "README.md").data.to_dict()
    assert data["license"] == "other"
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", data["license_name"])
    assert data["license_link"] in ("LICENSE", "LICENSE.md")
    assert (folder / data["license_link"]).is_file()
    assert data["pipeline_tag"] == "text-generation"
    assert data["library_name"] == "transformers"
    assert "base_model" not in data  # a folder of this machine is nothing that a hub could link to


def test_benchmarks_enter_the_front_matter_as_hubs_index_them(garden: Garden) -> None:
    from huggingface_hub import ModelCard

    preparation = prepare_plan(garden.workspace, recipe=garden.recipe)
    run_training(garden.workspace, preparation)
    score = {"value": 58.891, "standard_error": 0.4, "metric": "acc,none", "cases": 100}
    graded = {"value": 7.2, "standard_error": 0.1, "metric": "grade 1 to 10", "cases": 80}
    this = {"mmlu": score, "mt_bench": graded, "own_task: [x]": score | {"metric": "exact_match,none"}}
    models = {"base": {"mmlu": score | {"value": 60.0}}, "this": this}
    evaluation = run_evaluation(garden.workspace, preparation)
    found = {"version": 1, "tool": "a harness", "models": models, "digests": {"base": "0" * 40}}
    path = garden.workspace.run_directory("release-1") / "benchmarks.json"
    path.write_text(json.dumps(found))
    with pytest.raises(ConfigurationError, match=r"other weights than those of now \(base, this\)"):
        cut_release(garden.workspace, preparation, evaluation, limits=ANYTHING)
    path.write_text(json.dumps(found | {"digests": evaluation.digests}))
    cut_release(garden.workspace, preparation, evaluation, limits=ANYTHING)
    card = ModelCard.load(garden.workspace.release_directory("release-1") / "README.md")
    result, own = card.data.eval_results or ()
    assert (own.dataset_name, own.dataset_type, own.metric_type) == ("own_task: [x]",) * 2 + ("exact_match",)
    assert (result.dataset_type, result.metric_type, result.metric_value) == ("cais/mmlu", "acc", 58.89)
    assert "**Elsewhere:** worse at MMLU (exam questions): 60.0 → **58.9**; measured MT-Bench" in card.text
    assert "| Labradorite-13b (LAB paper) | 7.23 | 58.89 |" in card.text


def test_a_leaf_of_two_works_is_under_both_licences(garden: Garden) -> None:
    text = "Title: A\nLicense of the work: CC-BY-4.0\nAuthor: Ann\n\nTitle: B\nLicense: MIT\nAuthor: Bo\n"
    garden.builder.write(f"taxonomy/{AGREE}/attribution.txt", text)
    garden.builder.write(f"taxonomy/{TOWN}/attribution.txt", "Author: Cy\nLicense: ask me first\n")
    garden.builder.commit("two works")
    manifest = release(garden)
    assert manifest.leaf(AGREE).licence == "CC-BY-4.0 AND MIT"  # type: ignore[union-attr]
    assert manifest.leaf(AGREE).authors == ("Ann", "Bo")  # type: ignore[union-attr]
    assert manifest.leaf(TOWN).licence == "LicenseRef-Unrecognised"  # type: ignore[union-attr]
    terms = (garden.workspace.release_directory("release-1") / "LICENSE.md").read_text(encoding="utf-8")
    assert f"## CC-BY-4.0 AND MIT\n\n- `{AGREE}`" in terms
    assert verify(garden.workspace, manifest) == ()


def test_a_run_begun_with_another_plan_is_refused(garden: Garden) -> None:
    run_training(garden.workspace, prepare_plan(garden.workspace, recipe=garden.recipe))
    other: Preparation = prepare_plan(garden.workspace, recipe=garden.recipe, seed=1)
    with pytest.raises(UsageError, match="begun with another plan"):
        run_training(garden.workspace, other)


def test_a_commit_that_touches_no_leaf_lets_a_run_go_on(garden: Garden) -> None:
    begun = prepare_plan(garden.workspace, recipe=garden.recipe).plan
    write_plan(begun, garden.workspace.run_directory("release-1") / "plan.safetensors")
    garden.builder.write("NOTES.md", "nothing to learn\n")
    garden.builder.commit("notes")
    later = prepare_plan(garden.workspace, recipe=garden.recipe).plan
    assert later != begun
    assert settled_plan(garden.workspace, later) == begun
    other = dataclasses.replace(garden.recipe, checkpoint_steps=7)
    with pytest.raises(UsageError, match="begun with another plan: the recipe changed since") as refused:
        settled_plan(garden.workspace, prepare_plan(garden.workspace, recipe=other).plan)
    assert "plan.safetensors goes on with it" in str(refused.value.hint)


@pytest.mark.parametrize("name", ["../up", "", "a/b", ".hidden", "-x", "a b"])
def test_release_names_that_cannot_be_files(garden: Garden, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a release's name"):
        prepare_plan(garden.workspace, recipe=garden.recipe, release=name or " ")
