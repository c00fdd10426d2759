"""Homes that are cleaned up, each with a Bot API server of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.outside.rig import Outside


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Callable[..., Outside]]:
    """Make a home; `run()` starts it."""
    made: list[Outside] = []

    def make(**options: Any) -> Outside:
        made.append(Outside(tmp_path / f"o{len(made)}", **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def outside_one(outside: Callable[..., Outside]) -> Outside:
    """A running bot nobody else uses."""
    return outside().run()
