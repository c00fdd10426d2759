"""Every implementation of the store, opened afresh; contract tests run against each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from core.model import (
    Session,
)
from core.ports import Store
from core.store.db import SqliteStore
from tests.core.store import records

Open = Callable[[Path], Awaitable[Store]]
IMPLEMENTATIONS: list[Open] = [SqliteStore.open]


@pytest.fixture(params=IMPLEMENTATIONS, ids=["sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await request.param(tmp_path / "store.db")
    yield opened
    await opened.close()


@pytest.fixture
async def demo(store: Store) -> Session:
    return await store.write(lambda tx: tx.sessions.add(records.session()))
