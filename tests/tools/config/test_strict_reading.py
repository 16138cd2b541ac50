"""The one reader of settings and recipes: what it says, and what cannot make it say too much."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from seedbed.config.keys import Bounds, says
from seedbed.config.plain_yaml import locate_in_yaml, read_plain_yaml
from seedbed.config.strict_reading import Origin, dotted, read_as
from seedbed.errors import ConfigurationError
from seedbed.generation.read_recipe import load_recipe


@dataclass(frozen=True, slots=True)
class Bed:
    """A part."""

    length: float = field(metadata=says("Its long side.", unit="metres", above=0))
    flowers: tuple[str, ...] = field(default=(), metadata=says("What grows in it."))


@dataclass(frozen=True, slots=True)
class Garden:
    """A whole."""

    beds: tuple[Bed, ...] = field(metadata=says("What is dug.", some=True))
    name: str = field(default="", metadata=says("What it is called.", trimmed=True))
    path: Bed | None = field(default=None, metadata=says("What one walks on."))


def read(text: str) -> Garden:
    origin = Origin(locate_in_yaml(text, source="g.yaml"))
    return read_as(Garden, read_plain_yaml(text, source="g.yaml"), origin)


def refused(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return caught.value


def test_values_become_what_was_declared() -> None:
    text = "beds:\n- {length: 2}\n- length: 2e-1\n  flowers: [rose]\nname: ' north '\npath: null\n"
    assert read(text) == Garden((Bed(2.0), Bed(0.2, ("rose",))), "north", None)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("- 1\n", "g.yaml:1: is a list of 1; expected a mapping of keys to values", "write `key: value` lines"),
        ("", "g.yaml:1: is empty; expected a mapping of keys to values", "write `key: value` lines"),
        ("name: x\n", "g.yaml:1: beds is missing", "add `beds: …`: What is dug."),
        ("beds: [{}]\n", "g.yaml:1: beds[0].length is missing", "add `length: …`: Its long side. Unit: metres."),
        ("beds:\n- length: 1\n- 7\n", "g.yaml:3: beds[1] is 7; expected a mapping of keys to values", "write `key:"),
        ("beds:\n- length: 1\n  lenght: 2\n",
         "g.yaml:3: there is no key beds[0].lenght; did you mean length?", "keys here: length, flowers"),
        ("beds:\n- length: '2'\n", "g.yaml:2: beds[0].length is '2'; expected a number above 0", "Its long side. Unit: metres."),
        ("beds:\n- length: 1\n  flowers:\n  - rose\n  - [lily]\n",
         "g.yaml:5: beds[0].flowers[1] is a list of 1; expected text", "What grows in it."),
        ("beds: [{length: 1}]\nname: 2026-01-31\n",
         "g.yaml:2: name is of another kind (date); expected text", "What it is called."),
    ],
)  # fmt: skip
def test_an_error_names_line_key_what_was_found_and_what_was_expected(
    text: str, message: str, hint: str
) -> None:
    error = refused(text)
    assert error.message == message
    assert error.hint is not None and error.hint.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        f"beds: [{{length: {'x' * 10**5}}}]",
        f"beds: [{{length: 1}}]\n{'k' * 10**5}: 1",
        "beds: [{length: 1}]\n\"two\\nlines\\x1b[31m\": 1",
        "beds: [{length: 1}]\nname: &a [*a]",
        "beds: &a [*a]",
        "beds: [{length: 1}]\n" + "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)) + "name: *a8",
        f"beds: [{{length: {'9' * 5000}}}]",
        "beds: [{length: 1}]\n1: x",
        "beds: [{length: 1}]\nnull: x",
        "beds: [{length: 1}]\n? [a, b]\n: x",
    ],
    ids=["long text", "long key", "key of lines", "list in itself", "part in itself", "laughs", "digits", "1", "null",
         "list as key"],
)  # fmt: skip
def test_a_message_is_short_and_on_one_line_whatever_the_file_holds(text: str) -> None:
    error = refused(text)
    assert len(error.message) < 300 and error.message.isprintable()


def test_bounds_are_said_and_kept_to() -> None:
    assert str(Bounds(minimum=0, below=1)) == " of at least 0 and below 1" and not str(Bounds())
    held = [value for value in (-1, 0, 0.5, 1, 2) if Bounds(above=0, maximum=1).hold(value)]
    assert held == [0.5, 1]


def test_a_path_as_people_write_it() -> None:
    assert dotted(("phases", 1, "name")) == "phases[1].name" and dotted(()) == ""


def test_of_a_recipe_that_extends_another_the_file_is_named_that_holds_the_key(tmp_path: Path) -> None:
    (tmp_path / "above.yaml").write_text("extends: lab\n\nnear_copy: 2\n")
    (tmp_path / "own.yaml").write_text("extends: above.yaml\nname: own\n")
    own = str(tmp_path / "own.yaml")
    with pytest.raises(
        ConfigurationError, match=r"own\.yaml, through above\.yaml:3: near_copy is 2; expected"
    ):
        load_recipe(own)
    (tmp_path / "own.yaml").write_text("extends: lab\nname: own\n\nnear_copy: 2\n")
    with pytest.raises(ConfigurationError, match=r"own\.yaml:4: near_copy is 2; expected"):
        load_recipe(own)
