"""What a reader needs first: what the model learned, what it kept, what that cost, from whom it is, on which terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from seedbed.generation.release_manifest import Role, ScoreRecord
from seedbed.reports.plural import counted
from seedbed_training.releasing.attribution_file import ATTRIBUTION_FILE
from seedbed_training.releasing.card.benchmarks import changes_in_words
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.markdown import code, figure, first_few, inline
from seedbed_training.releasing.card.scores import means
from seedbed_training.releasing.licence_file import LICENCE_FILE, leaves_by_licence

_SEEN = 0.005  # a fall that two digits show


def summary_section(facts: CardFacts) -> str:
    """Two sentences and a list."""
    manifest = facts.manifest
    opening = (
        f"A language model that learned {counted(len(facts.kept), 'topic or skill', 'topics and skills')} from people. "
        "Each is a *leaf* of a taxonomy kept in git: somebody wrote a handful of examples, a teacher model wrote many "
        f"more in their manner, and the base model, {code(facts.base)}, was trained on those."
    )
    lines = [
        ("Learned now", _learned(facts)),
        ("Taught before", _taught_before(facts)),
        ("Elsewhere", _elsewhere(facts)),
        ("From whom", _from_whom(facts)),
        ("Licences", _licences(facts)),
        ("Trained", _trained(facts)),
    ]
    dropped = facts.names(Role.DROPPED)
    if dropped:
        names = first_few([code(name) for name in dropped])
        lines.append(
            ("Dropped", f"{names}; replayed no more, but what the weights still hold was not unlearned")
        )
    told = "\n".join(f"- **{title}:** {text}." for title, text in lines)
    return f"# {manifest.name}\n\n{opening}\n\n{told}\n"


def _learned(facts: CardFacts) -> str:
    fresh = facts.names(Role.FRESH)
    scores = [score for score in facts.manifest.scores if score.leaf in fresh]
    return f"{counted(len(fresh), 'leaf', 'leaves')}, new or changed: {_before_and_now(scores)}"


def _taught_before(facts: CardFacts) -> str:
    fresh = facts.names(Role.FRESH)
    old = [score for score in facts.manifest.scores if score.leaf not in fresh]
    if not old:
        return "nothing, this is the first release"
    return f"{counted(len(old), 'leaf', 'leaves')}: {_before_and_now(old)}; {falls_in_words(old)}"


def falls_in_words(old: Sequence[ScoreRecord]) -> str:
    """Which old leaves got worse, the deepest fall first."""
    falls = sorted(
        (score.score - score.parent, score.leaf, f"{figure(score.parent)} → **{figure(score.score)}**")
        for score in old
        if score.parent is not None
    )
    fallen = [f"{code(leaf)} ({change})" for fall, leaf, change in falls if fall <= -_SEEN]
    return f"worse: {first_few(fallen)}" if fallen else "no leaf fell"


def _before_and_now(scores: Sequence[ScoreRecord]) -> str:
    if not scores:
        return "nothing was held out to score it by"
    base, parent, now = means(scores)
    cases = counted(sum(score.cases for score in scores), "question", "questions")
    return (
        f"mean score {base if parent == figure(None) else parent} → **{now}** (of 1) on {cases} it never saw"
    )


def _elsewhere(facts: CardFacts) -> str:
    """What learning cost in abilities that no leaf is about."""
    return changes_in_words(facts.benchmarks) or (
        "not measured: no standard benchmark was run, so what this cost in other abilities is unknown"
    )


def _from_whom(facts: CardFacts) -> str:
    authors = Counter(author for leaf in facts.kept for author in leaf.authors)
    silent = sum(not leaf.authors for leaf in facts.kept)
    people = [f"{inline(name)} ({counted(count, 'leaf', 'leaves')})" for name, count in authors.most_common()]
    if silent:
        people.append(f"not stated ({counted(silent, 'leaf', 'leaves')})")
    return f"{first_few(people)}; samples written by {', '.join(facts.teachers) or 'nobody'}"


def _licences(facts: CardFacts) -> str:
    found = [
        f"{inline(licence)} ({counted(len(names), 'leaf', 'leaves')})"
        for licence, names in leaves_by_licence(facts.kept).items()
    ]
    base = f" ({inline(facts.base_licence)})" if facts.base_licence else ""
    return (
        f"{first_few(found)}; the terms of the base model{base} and of the teachers hold besides: "
        f"[{LICENCE_FILE}]({LICENCE_FILE}), [{ATTRIBUTION_FILE}]({ATTRIBUTION_FILE})"
    )


def _trained(facts: CardFacts) -> str:
    manifest = facts.manifest
    tokens = sum(phase.tokens for phase in manifest.phases)
    seconds = sum(phase.seconds for phase in manifest.phases)
    start = f"from {code(manifest.parent)}" if manifest.parent else "from the base model"
    replayed = facts.names(Role.REPLAYED)
    earlier = "in earlier releases or phases" if replayed else "in an earlier phase"
    forgone = facts.names(Role.KEPT) and not replayed
    without = "; no old leaf was replayed" if forgone else ""
    return (
        f"{start}, {sum(phase.steps for phase in manifest.phases):,} steps over {tokens:,} tokens, of which "
        f"{facts.replay_token_share:.1%} replayed what was taught {earlier}{without}; {_duration(seconds)} on "
        f"{inline(str(facts.environment.get('device', 'an unknown device')))}"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
