"""A bot of one's own for a module, and one for a single test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.outside.rig import Outside


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Callable[..., Outside]]:
    """Make a home that is cleaned up; `run()` starts it."""
    made: list[Outside] = []

    def make(**options: Any) -> Outside:
        made.append(Outside(tmp_path / f"o{len(made)}", **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """One running bot for the tests that do not disturb it."""
    one = Outside(tmp_path_factory.mktemp("shared") / "o")
    try:
        yield one.run()
    finally:
        one.close()
