"""What tokens and time cost, where `[teacher]` says so."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.config import TeacherSettings

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """In one currency, whichever it is."""

    prompt: float = 0.0  # a million tokens
    completion: float = 0.0  # a million tokens
    hour: float = 0.0  # of the engine

    @classmethod
    def of(cls, settings: TeacherSettings) -> Prices | None:
        """The prices in the settings; None when they name none."""
        named = (settings.prompt_price, settings.completion_price, settings.hour_price)
        return cls(*(price or 0.0 for price in named)) if any(price is not None for price in named) else None

    def tokens(self, prompt: int, completion: int) -> float:
        """The price of so many tokens."""
        return (prompt * self.prompt + completion * self.completion) / _MILLION

    def time(self, seconds: float) -> float:
        """The price of so long a use."""
        return seconds / 3600 * self.hour
