"""A keeper for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.keeper.harness import keeper_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.core.keeper.harness import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with keeper_in(tmp_path) as house:
        yield house
