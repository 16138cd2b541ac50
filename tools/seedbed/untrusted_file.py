"""A JSON file that another job left, and that a stranger may have written: bounded, and of a known form or refused."""

from __future__ import annotations

import json
import stat
from functools import cache
from pathlib import Path
from typing import Any

from seedbed.bundled_files import bundled_file
from seedbed.errors import UsageError


def read_untrusted(path: Path, *, what: str, schema: str, limit: int) -> dict[str, Any]:
    """The document at `path`, which is valid by the bundled `schema` and at most `limit` bytes large.

    Raises UsageError otherwise. What is wrong is said in our words alone, with `what` as the name of the file: its own
    text could be anything.
    """
    try:
        kind = path.lstat().st_mode
        if stat.S_ISLNK(kind):
            raise UsageError(f"the {what} is a link")
        if not stat.S_ISREG(kind):  # a pipe would be waited for
            raise UsageError(f"the {what} is no file")
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except FileNotFoundError as error:
        raise UsageError(f"the {what} is missing") from error
    except OSError as error:
        raise UsageError(f"the {what} cannot be read") from error
    if len(raw) > limit:
        raise UsageError(f"the {what} is larger than {limit >> 20} MiB")
    try:
        document = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the {what} is not JSON") from error
    if not _validator(schema).is_valid(document):
        raise UsageError(f"the {what} is not of the form that {schema} says")
    return dict(document)


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(bundled_file(f"schema/{schema}").read_text(encoding="utf-8")))
