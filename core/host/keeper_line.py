"""The line to whichever keeper serves the home now: where one has ended, the next one is started.

A keeper that ended took its agents along, so the next one knows the old runs only as ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from core.host.keeper import Keeper, KeeperUnavailable

T = TypeVar("T")
log = logging.getLogger(__name__)
SETTLE_S = 1.0  # whoever ended the keeper on purpose waits until its lock is free


class KeeperLine:
    """Gives out a connection that works."""

    def __init__(self, home: Path, keeper: Keeper) -> None:
        self._home = home
        self._keeper = keeper
        self._connecting = asyncio.Lock()

    async def keeper(self) -> Keeper:
        """Return the connection, a new one where the old one was lost. Raises `KeeperUnavailable`."""
        if not self._keeper.lost:
            return self._keeper
        async with self._connecting:
            if self._keeper.lost:
                log.warning("the keeper has ended; starting another one")
                await asyncio.sleep(SETTLE_S)
                fresh = await Keeper.connect(self._home)
                await self._keeper.close()
                self._keeper = fresh
        return self._keeper

    async def ask(self, request: Callable[[Keeper], Awaitable[T]]) -> T:
        """Make a request; of a keeper that ended meanwhile its successor is asked, once."""
        try:
            return await request(await self.keeper())
        except KeeperUnavailable:
            return await request(await self.keeper())

    async def close(self) -> None:
        """Leave the keeper alone."""
        await self._keeper.close()
