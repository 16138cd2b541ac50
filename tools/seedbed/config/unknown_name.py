"""The error of a name in a file of ours that nobody knows."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.errors import ConfigurationError


def unknown_name(shown: str, word: str, known: Sequence[str], source: str, noun: str) -> ConfigurationError:
    """The error about `word`, written as `shown` in the file `source`, that is none of the `known`; names the nearest."""
    near = nearest(word, known)
    guess = f"; did you mean {near}?" if near else ""
    return ConfigurationError(f"{source}: there is no {shown}{guess}", hint=f"{noun}: {', '.join(known)}")


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known name that was probably meant by `word`, if any comes near."""
    import difflib  # takes longer to load than this whole package; only wrong files need it

    near = difflib.get_close_matches(word[:100], known, n=1, cutoff=0.6)
    return str(near[0]) if near else None
