"""Decoding with a transformers model: batches of fixed shape, each row with its own settings and its own chance."""

from __future__ import annotations

import hashlib
import inspect
import random
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

DECISION_GRID = (
    1000.0  # logits are rounded to 1/1000 before a choice; nearer ones tie and the lower token id wins
)


@dataclass(frozen=True, slots=True)
class Continuation:
    """One prompt to go on from. `ends` says of the tokens so far whether a stop string has appeared."""

    tokens: tuple[int, ...]
    max_tokens: int
    temperature: float
    seed: int
    ends: Callable[[Sequence[int]], bool] | None = None

    def chances(self) -> list[float]:
        """One number in [0, 1) per token to draw: from this row's seed and prompt and nothing else."""
        prompt = ",".join(map(str, self.tokens))
        stream = random.Random(hashlib.sha256(f"{self.seed}:{prompt}".encode()).digest())
        return [stream.random() for _ in range(self.max_tokens)]


@dataclass(frozen=True, slots=True)
class Answer:
    """The tokens that a row produced, without the end token; `ended` is false when `max_tokens` cut it off."""

    tokens: tuple[int, ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """A prompt and one possible whole answer to it, to be scored."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


class Decoder:
    """A causal language model in inference mode; one thread may use it at a time."""

    def __init__(self, model: Any, *, pad: int, ends: Sequence[int], banned: Sequence[int]) -> None:
        """`ends` are the tokens that end an answer, `banned` those that no answer may hold."""
        self._model = model
        self._pad = pad
        self._ends = sorted(ends)
        self._banned = sorted(set(banned) - set(ends))
        self._keeps_logits = "logits_to_keep" in inspect.signature(model.forward).parameters

    def continue_all(
        self, work: Sequence[Continuation], *, length: int, rows: int, cancelled: Callable[[], bool]
    ) -> list[Answer]:
        """Answers in the order of `work`, which fills at most `rows` rows of `length` padded prompt tokens.

        Raises CancelledError between two tokens once `cancelled()` is true.
        """
        import torch
        from transformers import DynamicCache

        with torch.inference_mode():
            tokens, attention = self._padded([item.tokens for item in work], length, rows)
            positions = (attention.cumsum(1) - 1).clamp(min=0)
            cache = DynamicCache(config=self._model.config)
            chances = [item.chances() if item.temperature > 0 else [] for item in work]
            temperatures = torch.tensor(
                [[item.temperature or 1.0] for item in work] + [[1.0]] * (rows - len(work)),
                dtype=torch.float64,
                device=tokens.device,
            )
            produced: list[list[int]] = [[] for _ in work]
            open_rows = {row for row, item in enumerate(work) if item.max_tokens > 0}
            ended: set[int] = set()
            for step in range(max((item.max_tokens for item in work), default=0)):
                if cancelled():
                    raise CancelledError
                logits = self._logits(tokens, attention, positions, cache, keep=1)[:, -1]
                drawn = [row_chances[step] if step < len(row_chances) else -1.0 for row_chances in chances]
                chosen = self._choose(logits, temperatures, drawn + [-1.0] * (rows - len(work)))
                for row in sorted(open_rows):
                    if chosen[row] in self._ends:
                        ended.add(row)
                    else:
                        produced[row].append(chosen[row])
                        stop = work[row].ends
                        if stop is not None and stop(produced[row]):
                            ended.add(row)
                    if row in ended or len(produced[row]) == work[row].max_tokens:
                        open_rows.remove(row)
                if not open_rows:
                    break
                tokens = torch.tensor([[token] for token in chosen], device=tokens.device)
                attention = torch.cat([attention, torch.ones_like(attention[:, :1])], dim=1)
                positions = positions[:, -1:] + 1
        return [Answer(tuple(found), row in ended) for row, found in enumerate(produced)]

    def score_all(self, work: Sequence[Ending], *, length: int, rows: int, keep: int) -> list[float]:
        """Per item the log-probability (natural) that the model gives the whole answer, its end token included.

        `keep` is at least the longest answer's tokens plus one, and follows from each item alone.
        """
        import torch

        with torch.inference_mode():
            tokens, attention = self._padded([item.prompt + item.answer for item in work], length, rows)
            positions = (attention.cumsum(1) - 1).clamp(min=0)
            logits = self._logits(tokens, attention, positions, None, keep=keep)[:, -keep:]
            probabilities = torch.log_softmax(logits.double(), dim=-1)
            totals = []
            for row, item in enumerate(work):
                first = keep - 1 - len(item.answer)
                told = sum(
                    float(probabilities[row, first + at, token]) for at, token in enumerate(item.answer)
                )
                totals.append(told + float(probabilities[row, -1, self._ends].logsumexp(0)))
        return totals

    def _padded(self, sequences: Sequence[tuple[int, ...]], length: int, rows: int) -> tuple[Any, Any]:
        """Tokens and attention mask, (rows, length) each, padded on the left; empty rows repeat the first one."""
        import torch

        filled = [*sequences, *[sequences[0]] * (rows - len(sequences))]
        device = self._model.device
        tokens = torch.tensor(
            [[self._pad] * (length - len(row)) + list(row) for row in filled], device=device
        )
        attention = torch.tensor(
            [[0] * (length - len(row)) + [1] * len(row) for row in filled], device=device
        )
        return tokens, attention

    def _logits(self, tokens: Any, attention: Any, positions: Any, cache: Any, *, keep: int) -> Any:
        extra = {"logits_to_keep": keep} if self._keeps_logits else {}
        output = self._model(
            input_ids=tokens,
            attention_mask=attention,
            position_ids=positions,
            past_key_values=cache,
            use_cache=cache is not None,
            **extra,
        )
        return output.logits

    def _choose(self, logits: Any, temperatures: Any, chances: Sequence[float]) -> list[int]:
        """One token per row: the likeliest where the chance is negative, else the one that the chance falls on."""
        import torch

        logits = (logits.double() * DECISION_GRID).round() / DECISION_GRID
        logits[:, self._banned] = -torch.inf
        chosen = logits.argmax(dim=-1)
        if max(chances) >= 0:
            drawn = torch.tensor(
                [[max(chance, 0.0)] for chance in chances], dtype=torch.float64, device=logits.device
            )
            cumulative = torch.softmax(logits / temperatures, dim=-1).cumsum(dim=-1)
            sampled = torch.searchsorted(cumulative, drawn * cumulative[:, -1:], right=True).squeeze(1)
            sampled = sampled.clamp(max=logits.shape[1] - 1)
            use = torch.tensor([chance >= 0 for chance in chances], device=logits.device)
            chosen = torch.where(use, sampled, chosen)
        return [int(token) for token in chosen.tolist()]
