"""What a leaf's YAML may not hold, in words: one function for each kind of fault that the composer meets."""

from __future__ import annotations

from seedbed.taxonomy.leaf import Fault, Span, YamlPath
from seedbed.taxonomy.places import place_name, shown
from seedbed.taxonomy.plain_values import is_null, quoted

MAXIMUM_DEPTH = 12
MAXIMUM_NODES = 20_000


def empty(span: Span) -> Fault:
    message = "the file holds nothing; a leaf needs at least a task description and seed examples"
    help = "`seedbed new` writes one to start from; to remove a leaf, delete its file"
    return Fault("empty", message, span, help=help)


def not_a_mapping(data: object, span: Span) -> Fault:
    """Of a document that is a list or one text; `span` is its first character."""
    if isinstance(data, list):
        message = "the leaf is a list; expected a mapping, with the list under `seed_examples:`"
        help = "put `version: 3`, `created_by`, `task_description` and `seed_examples:` above it"
    else:
        message = "the leaf is one text; expected `key: value` lines"
        help = "`seedbed new` writes a leaf to start from"
    return Fault("not_a_mapping", message, span, help=help)


def directive(found: str, span: Span) -> Fault:
    message = "a directive (`%…`) changes how YAML is read; a leaf may have none"
    return Fault("directive", message, span, value=found[:80], help="remove the line")


def several_documents(found: str, span: Span) -> Fault:
    message = "a second document begins here; a leaf is one document"
    help = "make it a leaf of its own, or remove `---`"
    return Fault("several_documents", message, span, value=found[:80], help=help)


def too_many_nodes(path: YamlPath, span: Span) -> Fault:
    return Fault("nodes", f"more than {MAXIMUM_NODES:,} values; a leaf has a few dozen", span, path)


def too_deep(found: str, path: YamlPath, span: Span) -> Fault:
    message = f"nesting deeper than {MAXIMUM_DEPTH} levels; a leaf needs five"
    help = "quote the value if its brackets or dashes are text"
    return Fault("depth", message, span, path, value=found, help=help)


def anchor(name: str, found: str, path: YamlPath, span: Span) -> Fault:
    message = f"the anchor {shown('&' + name)} names a value for reuse; a leaf says everything in full"
    help = "quote the value if it is meant to begin with `&`"
    return Fault("anchor", message, span, path, value=found[:80], help=help)


_ALWAYS_THERE = {
    "created_by": "write who made the leaf: your user name on the forge",
    "seed_examples": "write the seed examples below it, five or more",
    "question": "write the question",
    "answer": "write the answer that the model is to give",
}
"""Keys that no version of the format does without, and what to do where one is empty."""


def tag(found: str, path: YamlPath, span: Span) -> Fault:
    message = "a tag (`!…`) asks the reader for another type; every value of a leaf is text"
    help = "quote the value if it is meant to begin with `!`"
    return Fault("tag", message, span, path, value=found[:80], help=help)


def alias(name: str, found: str, path: YamlPath, span: Span) -> Fault:
    message = f"the alias {shown('*' + name)} repeats a value from elsewhere; a leaf says everything in full"
    help = "write the text out, or quote it if `*` is part of it"
    return Fault("alias", message, span, path, value=found[:80], help=help)


def empty_value(path: YamlPath, span: Span) -> Fault:
    """YAML readers make nothing (null) of a key without a value, where the format wants text or a list."""
    return Fault("empty_value", f"{place_name(path)} has no value", span, path, help=fill_in(path))


def fill_in(path: YamlPath) -> str:
    """What to do about a key without a value: some keys every leaf has."""
    if path and (what := _ALWAYS_THERE.get(str(path[-1]))):
        return what
    return "write a value, or remove the key if it may be left out"


def plain_value(value: str, reading: str, path: YamlPath, span: Span) -> Fault:
    """`reading` is what some reader takes the unquoted `value` for."""
    null = is_null(value)
    help = (
        "write a value, remove the key if it may be left out, or quote the word"
        if null
        else f"quote it: {quoted(value)}"
    )
    return Fault(
        "plain_value",
        f"{shown(value)} without quotes is {reading} to YAML readers, not text",
        span,
        path,
        value=value[:80],
        help=help,
        replacement=quoted(value),
        safe=not null,
    )


def key_type(key: str, reading: str, path: YamlPath, span: Span) -> Fault:
    message = f"the key {shown(key)} is {reading}, not text; a leaf's keys are words such as `question`"
    help = "quote it if it is meant as a word; else remove it"
    return Fault("key_type", message, span, path, value=key[:80], help=help)


def container_as_key(found: str, path: YamlPath, span: Span) -> Fault:
    message = "a list or mapping stands where a key belongs; keys are words such as `question`"
    help = "quote the text if it is meant to begin with `[`, `{` or `? `"
    return Fault("key_type", message, span, path, value=found, help=help)


def duplicate_key(key: str, first_line: int, path: YamlPath, span: Span) -> Fault:
    message = (
        f"the key {shown(key)} stands twice in this mapping, first on line {first_line}; "
        "most readers silently keep only one of the two"
    )
    help = "a list item may lack its `- `; else keep one of the two"
    return Fault("duplicate_key", message, span, path, value=key[:80], help=help)
