from __future__ import annotations

import pytest

from seedbed.config.plain_yaml import read_plain_yaml
from seedbed.errors import ConfigurationError


def test_yaml_1_2_values() -> None:
    text = "a: no\nb: 2.0e-5\nc: [1, true, null]\nd: 0o17\n"
    assert read_plain_yaml(text, source="r.yaml") == {"a": "no", "b": 2e-5, "c": [1, True, None], "d": 15}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb: c: d\n", "r.yaml:2:5"),
        ("a: [1\n", "r.yaml:2:1"),
        ("a: 1\na: 2\n", "r.yaml:2:1"),
        ("a: !!python/name:os.system x\n", "r.yaml:1:4"),
        ("a: 1\n---\nb: 2\n", "r.yaml"),
        ("a: \x00\n", "r.yaml"),
    ],
)
def test_trouble_is_an_error_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_plain_yaml(text, source="r.yaml")
    assert caught.value.message.startswith(place)
    assert caught.value.hint
