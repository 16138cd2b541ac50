"""Which tokens may come next in an answer that is held to a JSON schema, by llguidance."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seedbed.errors import MissingExtraError

COMPILED = 64  # schemas whose grammar is kept; a recipe has a handful


class JsonGrammars:
    """The grammars of one tokenizer: each schema is compiled once."""

    def __init__(self, tokenizer: Any, *, vocabulary: int, ends: Sequence[int]) -> None:
        """`vocabulary` is how many tokens the model scores, `ends` are those that end an answer."""
        self._source = tokenizer
        self._vocabulary = vocabulary
        self._ends = list(ends)
        self._tokenizer: Any = None
        self._compiled: dict[str, Any] = {}

    def start(self, schema: Mapping[str, object]) -> Callable[[], JsonAnswer] | str:
        """What begins an answer to `schema`, or why this model cannot be held to it.

        Raises MissingExtraError when llguidance is not installed.
        """
        text = json.dumps(schema, ensure_ascii=True, default=dict)
        matcher = self._compiled.get(text)
        if matcher is None:
            matcher = self._compile(text)
            if isinstance(matcher, str):
                return matcher
            if len(self._compiled) >= COMPILED:
                self._compiled.pop(next(iter(self._compiled)))
            self._compiled[text] = matcher
        return lambda: JsonAnswer(matcher.deep_copy(), self._vocabulary)

    def _compile(self, schema: str) -> Any:
        try:
            from llguidance import LLMatcher, LLTokenizer
            from llguidance.hf import from_tokenizer
        except ImportError as error:
            raise MissingExtraError("an answer held to a JSON schema", "train", "llguidance") from error
        if self._tokenizer is None:
            try:
                self._tokenizer = from_tokenizer(
                    self._source,
                    n_vocab=self._vocabulary,
                    eos_token=self._ends,
                    slices=LLTokenizer.json_slices(),
                )
            except ValueError as error:
                why = str(error).partition(":")[0]  # what follows is the whole decoder, as Rust prints it
                if "decoder type" in why:
                    why = "llguidance reads only those whose tokens are bytes or can fall back to bytes"
                return f"the model's tokenizer cannot be held to a JSON schema: {why}"
        # Without it a weak model fills its answer with blanks until its tokens are spent.
        grammar = LLMatcher.grammar_from_json_schema(schema, overrides={"whitespace_flexible": False})
        matcher = LLMatcher(self._tokenizer, grammar)
        return f"the JSON schema has no grammar: {matcher.get_error()}" if matcher.is_error() else matcher


class JsonAnswer:
    """One answer as it is written, token by token."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        from llguidance.numpy import allocate_token_bitmask

        self._matcher = matcher
        self._vocabulary = vocabulary
        self._bits = allocate_token_bitmask(1, vocabulary)

    def allowed(self) -> Any:
        """A boolean array over the vocabulary; all false when no token goes on from here."""
        import numpy
        from llguidance.numpy import fill_next_token_bitmask

        if self._matcher.is_error():
            return numpy.zeros(self._vocabulary, dtype=bool)
        fill_next_token_bitmask(self._matcher, self._bits, 0)
        bits = numpy.unpackbits(self._bits[0].view(numpy.uint8), bitorder="little")
        return bits[: self._vocabulary].astype(bool)

    def take(self, token: int) -> bool:
        """Go on with `token`, which was allowed; true when the document is whole and nothing may follow."""
        self._matcher.consume_token(token)
        return bool(self._matcher.is_stopped() and self._matcher.is_accepting())
