"""Real time, behind the port that tests replace."""

from __future__ import annotations

import asyncio
import time

from core.model import Millis


class SystemClock:
    """The clock of the machine."""

    def now(self) -> Millis:
        """Return UTC milliseconds."""
        return Millis(time.time_ns() // 1_000_000)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
