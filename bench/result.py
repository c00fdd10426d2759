"""What a measurement says: a figure, its baseline from the same run, and what is expected of the two."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """What the design asks for: of the value itself, of its ratio, or of what it adds to the baseline."""

    of: Literal["value", "ratio", "beyond"]
    most: float


@dataclass(frozen=True, slots=True)
class Result:
    """One figure against its baseline; `limit` is the largest ratio that passes, the goal is only told."""

    name: str
    value: float
    baseline: float
    unit: str
    against: str
    limit: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float:
        """Return value per baseline."""
        return self.value / self.baseline if self.baseline else float("inf")

    @property
    def passed(self) -> bool:
        """Tell whether the ratio is within its limit."""
        return self.limit is None or self.ratio <= self.limit

    def told(self) -> str:
        """Return the goal and whether it was reached, in a few words; empty without one."""
        if self.goal is None:
            return ""
        is_ = {"value": self.value, "ratio": self.ratio, "beyond": self.value - self.baseline}[self.goal.of]
        unit = "×" if self.goal.of == "ratio" else f" {self.unit}"
        what = " more" if self.goal.of == "beyond" else ""
        reached = "reached" if is_ <= self.goal.most else "MISSED"
        return f"goal ≤ {self.goal.most:g}{unit}{what}: {is_:.2f}, {reached}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def pairs(
    name: str,
    unit: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    against: str,
    *,
    limit: float,
    goal: Goal | None = None,
) -> list[Result]:
    """Compare two series: their medians, which are gated, and their 95th percentiles, which have the goal."""
    middle = (percentile(ours, 0.5), percentile(theirs, 0.5))
    high = (percentile(ours, 0.95), percentile(theirs, 0.95))
    return [
        Result(f"{name}, p50", *middle, unit, against, limit),
        Result(f"{name}, p95", *high, unit, against, None, goal),
    ]


def repeats(usual: int) -> int:
    """Return how often to measure: as usual, or what LEADHAND_BENCH_REPEATS says."""
    return int(os.environ.get("LEADHAND_BENCH_REPEATS", usual))
