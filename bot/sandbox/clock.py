"""The sandbox's only clock; tests move or stop it, so limits and expiries need no waiting."""

import time

NANO = 1_000_000_000


class Clock:
    """Wall-clock seconds plus a shift; may be frozen."""

    def __init__(self) -> None:
        self._shift = 0.0
        self._frozen: float | None = None

    def now(self) -> float:
        """Seconds since the epoch, as the sandbox sees them."""
        base = time.time_ns() / NANO if self._frozen is None else self._frozen
        return base + self._shift

    def stamp(self) -> int:
        """Whole seconds since the epoch, as messages carry them."""
        return int(self.now())

    def freeze(self) -> None:
        """Stop the clock; only `advance` moves it from now on."""
        if self._frozen is None:
            self._frozen = time.time_ns() / NANO

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._shift += seconds
