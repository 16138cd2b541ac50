"""What would be said on every real pull request of a corpus? For a person to read, one file each.

    python benchmarks/conversations.py CORPUS_DIR [--output FOLDER] [--number N]

CORPUS_DIR is the one of corpus_agreement.py. Each pull request is checked as its workflow would, the report goes through
its file, and what the publisher would do is written to FOLDER/<number>-<verdict>.md, as a dry run prints it. Printed is a
line for each: verdict, length of the comment in lines, labels, and sentences that stand in it more than once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from corpus_agreement import SETTINGS, Corpus, Pull, build

from seedbed.checking.check import check
from seedbed.forge.actions import Action, AddLabels, WriteComment, actions_of, describe
from seedbed.forge.facts import CheckRun, Facts, PullRequest
from seedbed.forge.make_report import make_report
from seedbed.forge.report_file import read_report_file, write_report
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.repository import Repository

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
RUN = "https://forge.example/taxonomy/actions/runs/1"


def actions_on(corpus: Corpus, pull: Pull, folder: Path) -> tuple[bool, tuple[Action, ...]]:
    """Whether the check fails, and what is done about it."""
    repository = Repository.open(corpus.folder)
    report = check(repository, SETTINGS, base=Base("corpus", pull.base, pull.head), head=pull.head)
    file = folder / "report.json"
    left = make_report(repository, report, taxonomy_root=SETTINGS.taxonomy.root, head=pull.head)
    file.write_text(write_report(left), encoding="utf-8")
    run = CheckRun(pull.head, "failure" if report.failed else "success", RUN, read_report_file(file))
    facts = Facts(PullRequest(pull.number, pull.head, "contributor", NOW), NOW, run)
    return report.failed, actions_of(facts)


def repeated(body: str) -> list[str]:
    """Sentences that are said more than once outside of fences."""
    prose = "".join(body.split("```")[::2])
    counts = Counter(
        line.strip()
        for line in prose.splitlines()
        if len(line.split()) > 5 and not line.startswith("The same at")
    )
    return [f"{count}x {line[:90]}" for line, count in counts.items() if count > 1]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--output", type=Path, help="folder for what would be done, one file each")
    parser.add_argument("--number", type=int, help="this pull request alone")
    options = parser.parse_args()
    if options.corpus is None or not (options.corpus / "pulls.jsonl").exists():
        print("skipped: no corpus given (benchmarks/conversations.py CORPUS_DIR)")
        return 0
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        corpus = build(options.corpus, folder / "corpus.git")
        wrong = [
            pull.number
            for pull in corpus.pulls
            if options.number in (None, pull.number) and not _show(corpus, pull, folder, options.output)
        ]
    if wrong:
        print(f"said twice in {len(wrong)}: {', '.join(map(str, wrong))}", file=sys.stderr)
    return 1 if wrong else 0


def _show(corpus: Corpus, pull: Pull, folder: Path, output: Path | None) -> bool:
    failed, actions = actions_on(corpus, pull, folder)
    verdict = "fails" if failed else "passes"
    if output is not None:
        (output / f"{pull.number:04}-{verdict}.md").write_text(describe(actions), encoding="utf-8")
    [body] = [action.body for action in actions if isinstance(action, WriteComment)]
    labels = [name for action in actions if isinstance(action, AddLabels) for name in action.names]
    twice = repeated(body)
    print(f"{pull.number:>5} {verdict:6} {len(body.splitlines()):>4} lines  {', '.join(labels)}")
    print("".join(f"        {line}\n" for line in twice), end="")
    return not twice


if __name__ == "__main__":
    sys.exit(main())
