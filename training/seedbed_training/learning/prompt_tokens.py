"""Token ids of prompts and their answers, many at a time, each text read once.

In use the prompt is all there is, so its tokens must be those that it has alone. They begin the whole, but for a token
across the line; to see that, prompt and whole both have to be tokenised, which reads the prompt twice. Mostly that can
be spared: fast tokenizers cut a text at its added tokens first and read the parts between without a look at each other.
So where every prompt ends with the same added token and the same few letters behind it, such as `<|assistant|>` and a
newline, the whole is the part up to that token and the part from it on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seedbed_training.learning.written_chat import ChatForm, Written

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Seam:
    """The added token that ends every prompt, and what the template writes behind it."""

    marker: str
    tail: str
    marker_id: int
    tail_ids: Ids


class PromptTokens:
    """A tokenizer, seen as a function from (prompt, answer) to their token ids."""

    def __init__(self, tokenizer: Any, form: ChatForm) -> None:
        self._tokenizer = tokenizer
        self._seam = self._find_seam(form)

    def ids(self, texts: Sequence[str]) -> list[Ids]:
        """The token ids of each text; the tokenizer's own threads share the work."""
        if not texts:
            return []
        return [tuple(ids) for ids in self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def both(self, written: Sequence[Written]) -> list[tuple[Ids, Ids]]:
        """For each the tokens of its prompt, and those of prompt and answer, which begin with them."""
        cut = [self._cut(each) for each in written]
        read = self.ids([part for parts in cut for part in parts])
        found = [self._joined(each, read[2 * i], read[2 * i + 1]) for i, each in enumerate(written)]
        odd = [number for number, ids in enumerate(found) if ids is None]
        again = self.ids(
            [text for i in odd for text in (written[i].prompt, written[i].prompt + written[i].answer)]
        )
        for place, number in enumerate(odd):
            found[number] = again[2 * place], again[2 * place + 1]
        return self._with_line([ids for ids in found if ids is not None], written)

    def _cut(self, written: Written) -> tuple[str, str]:
        """Two texts without a token across their seam, or the prompt and the whole."""
        seam = self._seam
        if seam is None or not written.prompt.endswith(seam.marker + seam.tail):
            return written.prompt, written.prompt + written.answer
        return written.prompt.removesuffix(seam.tail), seam.marker + seam.tail + written.answer

    def _joined(self, written: Written, first: Ids, second: Ids) -> tuple[Ids, Ids] | None:
        """Prompt and whole from what `_cut` gave; None if the tokenizer did not cut at the seam."""
        seam = self._seam
        if seam is None or not written.prompt.endswith(seam.marker + seam.tail):
            return first, second
        if first[-1:] != (seam.marker_id,) or second[:1] != (seam.marker_id,):
            return None
        return first + seam.tail_ids, first + second[1:]

    def _with_line(self, found: list[tuple[Ids, Ids]], written: Sequence[Written]) -> list[tuple[Ids, Ids]]:
        """Where a token straddles the line, it is split there: when the model is used its prompt ends at the line."""
        across = [i for i, (prompt, whole) in enumerate(found) if whole[: len(prompt)] != prompt]
        for i, answer in zip(across, self.ids([written[i].answer for i in across]), strict=True):
            found[i] = found[i][0], found[i][0] + answer
        return found

    def _find_seam(self, form: ChatForm) -> _Seam | None:
        from jinja2.exceptions import TemplateError

        if not self._tokenizer.is_fast:
            return None
        try:
            prompt = form.render([{"role": "user", "content": "x"}], add_generation_prompt=True)
        except TemplateError:
            return None
        added = self._tokenizer.added_tokens_decoder
        ends = [(prompt.rfind(token.content), index) for index, token in added.items() if _cuts(token, added)]
        start, index = max(ends, default=(-1, -1))
        if start < 0:
            return None
        marker = str(added[index].content)
        tail = prompt[start + len(marker) :]
        (ids,) = self.ids([marker + tail])
        return _Seam(marker, tail, index, ids[1:]) if ids[:1] == (index,) else None


def _cuts(token: Any, added: Any) -> bool:
    """Whether text is cut at this token wherever it stands, with no letter to its sides looked at or taken."""
    sides = token.normalized or token.lstrip or token.rstrip or token.single_word
    longer = any(token.content in other.content for other in added.values() if other.content != token.content)
    return bool(token.content) and not sides and not longer
