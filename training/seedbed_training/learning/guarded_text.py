"""What a message may say: any text, but no token that only the chat template or the tokenizer itself may write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from seedbed.teacher.neutralise import neutralise
from seedbed_training.learning.written_chat import ChatForm

_MARKER_SHAPE = re.compile("<[|\uff5c].*[|\uff5c]>", re.DOTALL)
_BYTE_LETTERS = re.compile("[\u00a1-\u0143]")  # what byte-level tokenizers write other bytes as


class GuardedText:
    """The tokens that no message may bring in, and how they are kept out.

    They are the special ones, and all added tokens that the template writes itself or that are shaped as a role's
    marker is, whether or not they are flagged as special: what marks a turn for the model is what its template writes.
    """

    def __init__(self, tokenizer: Any, form: ChatForm, *, ends: Iterable[int]) -> None:
        """`ends` are the ids of the end tokens."""
        self._tokenizer = tokenizer
        added = tokenizer.added_tokens_decoder
        guarded = {
            *tokenizer.all_special_ids,
            *ends,
            *(index for index, token in added.items() if token.special),
            *_markers({index: str(token.content) for index, token in added.items()}, form),
        }
        # An unknown word is no special token, unless what stands for it means something else too.
        unknown = {tokenizer.unk_token_id} - {*ends, tokenizer.bos_token_id}
        self.ids = frozenset(guarded - unknown)
        texts = {str(tokenizer.convert_ids_to_tokens(index)) for index in guarded}
        self.tokens = tuple(sorted(texts | {*tokenizer.all_special_tokens}))
        self._normalise = _normaliser(tokenizer)
        shapes = {shape for token in self.tokens for shape in self._shapes(token)}
        self._shape = re.compile("|".join(map(re.escape, sorted(shapes - {""}))))
        self._always = self._normalise is None or "" in shapes or self._may_write_unseen()

    def plain(self, text: str) -> str:
        """`text` with every guarded token broken by a visible space; unchanged if it holds none."""
        return neutralise(text, self.tokens)

    def may_hold(self, plain: str) -> bool:
        """Whether a text that `plain` made could still bring in a guarded token; False is certain.

        Normalisation can put together again what was broken, and a tokenizer may take blanks for letters: such a text
        has to be tokenised to know. Hardly any has.
        """
        return self._always or any(self._shape.search(shape) for shape in self._shapes(plain))

    def _shapes(self, text: str) -> Iterator[str]:
        """`text` and what normalisation makes of it, both without blanks."""
        yield _without_blanks(text)
        if self._normalise is not None and (normal := self._normalise(text)) != text:
            yield _without_blanks(normal)

    def _may_write_unseen(self) -> bool:
        """Whether a guarded id may stand for text that does not hold its token."""
        model = self._tokenizer.backend_tokenizer.model
        unknown = self._tokenizer.unk_token_id in self.ids and getattr(model, "unk_token", True)
        return bool(unknown) or any(_BYTE_LETTERS.search(token) for token in self.tokens)


def _without_blanks(text: str) -> str:
    return "".join(text.split()).replace("▁", "")  # as sentencepiece writes a blank


def _normaliser(tokenizer: Any) -> Any:
    """What a fast tokenizer does to text first; None where that cannot be told."""
    if not tokenizer.is_fast:
        return None
    normaliser = tokenizer.backend_tokenizer.normalizer
    return normaliser.normalize_str if normaliser is not None else str


def _markers(added: dict[int, str], form: ChatForm) -> Iterator[int]:
    written = [text for source in form.sources for text in _literals(source)] + list(_probes(form))
    for index, token in added.items():
        core = token.strip()
        # A plain word, such as `user`, is left alone: without it people could not write.
        if core.isalnum() or not core:
            continue
        if _MARKER_SHAPE.fullmatch(core) or any(core in text for text in written):
            yield index


def _literals(source: str) -> list[str]:
    """Every text that a template may write of its own; the whole of it where it cannot be taken apart."""
    from jinja2 import Environment, TemplateSyntaxError, nodes

    try:
        tree = Environment(extensions=["jinja2.ext.loopcontrols"]).parse(source)
    except TemplateSyntaxError:  # it has tags of its own, such as `generation`
        return [source]
    texts = [node.data for node in tree.find_all(nodes.TemplateData)]
    return texts + [node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)]


def _probes(form: ChatForm) -> Iterator[str]:
    """Conversations as the template writes them: it may put markers together from roles."""
    from jinja2.exceptions import TemplateError

    for roles in (
        ("user",),
        ("user", "assistant"),
        ("system", "user", "assistant"),
        ("user", "assistant", "tool"),
    ):
        try:
            yield form.render([{"role": role, "content": "x"} for role in roles], add_generation_prompt=True)
        except TemplateError:
            continue  # it does not take these roles, so no sample has them
