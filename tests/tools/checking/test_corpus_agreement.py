"""The benchmark's builder on a small made-up corpus: nothing is lost, and the exit code tells."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from support.repositories import ATTRIBUTION, SKILL

SCRIPT = Path(__file__).parents[3] / "benchmarks/corpus_agreement.py"
PATH = "compositional_skills/places/capitals/qna.yaml"


@pytest.fixture(scope="module")
def agreement() -> ModuleType:
    import sys

    specification = importlib.util.spec_from_file_location("corpus_agreement", SCRIPT)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["corpus_agreement"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two leaves of one path from one repository, one from another, and one pull request."""
    folder = tmp_path / "corpus"
    (folder / "leaves").mkdir(parents=True)
    texts = {"a": SKILL, "b": SKILL.replace("Oslo", "no"), "c": "version: 3\ttab\n"}
    verdict = {"errors": 0, "exception": None}
    index = [
        {
            "file": "leaves/a",
            "path": PATH,
            "repository": "one/taxonomy",
            "instructlab_schema_verdict": verdict,
        },
        {
            "file": "leaves/b",
            "path": PATH,
            "repository": "one/taxonomy",
            "instructlab_schema_verdict": verdict,
        },
        {"file": "leaves/c", "path": "knowledge/x.yaml", "repository": "two/taxonomy"},
    ]
    for name, text in texts.items():
        (folder / "leaves" / name).write_text(text)
    (folder / "index.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in index))
    for side, text in (("base", SKILL), ("head", texts["b"])):
        target = folder / "pulls/7" / side / PATH
        target.parent.mkdir(parents=True)
        target.write_text(text)
        target.with_name("attribution.txt").write_text(ATTRIBUTION)
    (folder / "pulls.jsonl").write_text(json.dumps({"pull": 7, "leaves": [{"path": PATH}]}) + "\n")
    return folder


def test_every_leaf_and_pull_request_gets_a_verdict(
    agreement: ModuleType, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = agreement.build(corpus, tmp_path / "corpus.git")
    assert sum(len(tree.files) for tree in built.trees) == 3
    options = argparse.Namespace(findings=True, peer_python=None)
    assert agreement.run(built, corpus, options) == 0
    printed = capsys.readouterr().out
    assert "leaves: 3 of 3" in printed and "pull requests: 1, 1 fail" in printed
    assert "leaves: 2 compared" in printed and "they pass, we fail with SB107" in printed


def test_a_finding_without_a_place_is_reported(agreement: ModuleType) -> None:
    from dataclasses import replace

    from support.sample_reports import everything

    from seedbed.taxonomy.leaf import Span

    report = everything()
    nowhere = replace(report.findings[0], span=Span(1, 1, 1, 1))
    assert agreement.misplaced(replace(report, findings=(nowhere,))) == [nowhere]
    assert agreement.misplaced(report) == []
