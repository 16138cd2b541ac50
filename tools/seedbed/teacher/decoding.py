"""Decoding with a transformers model: batches of fixed shape, each row with its own settings and its own chance."""

from __future__ import annotations

import hashlib
import inspect
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any, Protocol

DECISION_GRID = (
    1000.0  # logits are rounded to 1/1000 before a choice; nearer ones tie and the lower token id wins
)


class Grammar(Protocol):
    """What one answer may say, followed token by token."""

    def allowed(self) -> Any:
        """A boolean array over the vocabulary; all false when no token goes on from here."""
        ...

    def take(self, token: int) -> bool:
        """Go on with `token`; true when the answer is whole and nothing may follow."""
        ...


@dataclass(frozen=True, slots=True)
class Continuation:
    """One prompt to go on from. `ends` says of the tokens so far whether a stop string has appeared."""

    tokens: tuple[int, ...]
    max_tokens: int
    temperature: float
    seed: int
    ends: Callable[[Sequence[int]], bool] | None = None
    grammar: Callable[[], Grammar] | None = None  # begins one

    def chances(self) -> list[float]:
        """One number in [0, 1) per token to draw: from this row's seed and prompt and nothing else."""
        prompt = ",".join(map(str, self.tokens))
        stream = random.Random(hashlib.sha256(f"{self.seed}:{prompt}".encode()).digest())
        return [stream.random() for _ in range(self.max_tokens)]


@dataclass(frozen=True, slots=True)
class Answer:
    """The tokens that a row produced, without the end token; `ended` is false when `max_tokens` cut it off.

    `stuck` is true when its grammar left no token to go on with: the vocabulary cannot write what it asks for.
    """

    tokens: tuple[int, ...]
    ended: bool
    stuck: bool = False


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
            open_rows = _Rows(work, self._ends)
            for step in range(max((item.max_tokens for item in work), default=0)):
                if cancelled():
                    raise CancelledError
                allowed = open_rows.allowed()
                logits = self._logits(tokens, attention, positions, cache, keep=1)[:, -1]
                drawn = [row_chances[step] if step < len(row_chances) else -1.0 for row_chances in chances]
                chosen = self._choose(logits, temperatures, drawn + [-1.0] * (rows - len(work)), allowed)
                if not open_rows.take(chosen):
                    break
                tokens = torch.tensor([[token] for token in chosen], device=tokens.device)
                attention = torch.cat([attention, torch.ones_like(attention[:, :1])], dim=1)
                positions = positions[:, -1:] + 1
        return open_rows.answers()

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

    def _choose(
        self, logits: Any, temperatures: Any, chances: Sequence[float], allowed: Mapping[int, Any]
    ) -> list[int]:
        """One token per row: the likeliest where the chance is negative, else the one that the chance falls on.

        A row in `allowed` chooses among the tokens that are true there.
        """
        import torch

        logits = (logits.double() * DECISION_GRID).round() / DECISION_GRID
        logits[:, self._banned] = -torch.inf
        for row, tokens in allowed.items():
            logits[row, torch.from_numpy(~tokens).to(logits.device)] = -torch.inf
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


class _Rows:
    """What each row of a batch has said so far, and which of them go on."""

    def __init__(self, work: Sequence[Continuation], ends: Sequence[int]) -> None:
        self._work = work
        self._ends = ends
        self._produced: list[list[int]] = [[] for _ in work]
        self._grammars = {row: item.grammar() for row, item in enumerate(work) if item.grammar is not None}
        self._open = {row for row, item in enumerate(work) if item.max_tokens > 0}
        self._ended: set[int] = set()
        self._stuck: set[int] = set()

    def allowed(self) -> dict[int, Any]:
        """For each open row with a grammar the tokens that may come next; a row with none is stuck, and closed."""
        found = {row: grammar.allowed() for row, grammar in self._grammars.items() if row in self._open}
        self._stuck |= {row for row, tokens in found.items() if not tokens.any()}
        self._open -= self._stuck
        return {row: tokens for row, tokens in found.items() if row in self._open}

    def take(self, chosen: Sequence[int]) -> bool:
        """Add one token to each open row; false when none is open any more."""
        for row in sorted(self._open):
            if chosen[row] in self._ends:
                self._ended.add(row)
            else:
                self._produced[row].append(chosen[row])
                if self._whole(row, chosen[row]):
                    self._ended.add(row)
            if row in self._ended or len(self._produced[row]) == self._work[row].max_tokens:
                self._open.remove(row)
        return bool(self._open)

    def answers(self) -> list[Answer]:
        return [
            Answer(tuple(found), row in self._ended, row in self._stuck)
            for row, found in enumerate(self._produced)
        ]

    def _whole(self, row: int, token: int) -> bool:
        if row in self._grammars:
            return self._grammars[row].take(token)
        stop = self._work[row].ends
        return stop is not None and stop(self._produced[row])
