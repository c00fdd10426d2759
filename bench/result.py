"""What a measurement says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One figure against its baseline; `limit` is the largest ratio that passes."""

    name: str
    value: float
    baseline: float
    unit: str
    against: str
    limit: float | None = None

    @property
    def ratio(self) -> float:
        """Return value per baseline."""
        return self.value / self.baseline if self.baseline else float("inf")

    @property
    def passed(self) -> bool:
        """Tell whether the ratio is within its limit."""
        return self.limit is None or self.ratio <= self.limit


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
