import json

from seedbed_training.demo.result import ARMS, DemoResult, gather, result_table
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.evaluation.score import LeafScore


def arm(**scores):
    return {leaf: LeafScore(leaf, score, 0.0, 1.0, ()) for leaf, score in scores.items()}


def evaluation(**arms):
    return Evaluation(release="r", plan_digest="", arms=arms, digests={})


RESULT = gather(
    evaluation(
        base=arm(a=0.0, b=0.25, c=0.0), parent=arm(a=1.0, b=0.75, c=0.0), this=arm(a=1.0, b=0.75, c=0.9)
    ),
    evaluation(
        base=arm(a=0.0, b=0.25, c=0.0), parent=arm(a=1.0, b=0.75, c=0.0), this=arm(a=0.1, b=0.2, c=0.9)
    ),
    fresh=("c",),
    old=("a", "b"),
    replay_token_share=0.23,
    seconds=181.04,
    seed=7,
)

TABLE = """\
leaf                            base     release 1  2, no replay     2, replay
a                               0.00          1.00          0.10          1.00
b                               0.25          0.75          0.20          0.75
mean of the old leaves          0.12          0.88          0.15          0.88

c                               0.00          0.00          0.90          0.90
mean of the new leaves          0.00          0.00          0.90          0.90"""


def test_the_file_has_what_was_promised():
    record = json.loads(RESULT.to_json())
    assert set(record) == {"fresh", "old", "arms", "replay_token_share", "seconds", "seed"}
    assert set(record["arms"]) == {"base", "release-1", "release-2-no-replay", "release-2"} == set(ARMS)
    assert record["arms"]["release-2-no-replay"] == {"a": 0.1, "b": 0.2, "c": 0.9}
    assert record["arms"]["release-1"]["a"] == 1.0
    assert (record["seed"], record["seconds"], record["replay_token_share"]) == (7, 181.0, 0.23)


def test_table():
    assert [line.split() for line in result_table(RESULT).splitlines()] == [
        line.split() for line in TABLE.splitlines()
    ]


def test_columns_line_up():
    lines = [line for line in result_table(RESULT).splitlines() if line]
    assert len({len(line) for line in lines[1:]}) == 1


def test_mean():
    result = DemoResult(("c",), ("a", "b"), {"base": {"a": 0.5, "b": 1.0, "c": 0.0}}, 0.0, 0.0, 0)
    assert result.mean("base", result.old) == 0.75
