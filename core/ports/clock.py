"""The seam to time."""

from __future__ import annotations

from typing import Protocol

from core.model import Millis


class Clock(Protocol):
    """Where time comes from; tests bring their own."""

    def now(self) -> Millis:
        """Return UTC milliseconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
