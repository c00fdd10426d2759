"""One SQLite connection in its own thread. The only place that touches what aiosqlite keeps private."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

import aiosqlite

T = TypeVar("T")


class Connection:
    """A connection whose functions run in its thread, one after the other."""

    def __init__(self, inner: aiosqlite.Connection) -> None:
        self._inner = inner

    @classmethod
    async def open(cls, connect: Callable[[], sqlite3.Connection]) -> Connection:
        """Start the thread and connect in it; raises what `connect` raises."""
        inner = aiosqlite.Connection(connect, iter_chunk_size=64)
        # A program that dies without closing must not hang on this thread; a commit it cuts off is undone.
        inner._thread.daemon = True  # noqa: SLF001
        try:
            connected = await inner
        except BaseException:
            # The thread still reports its end to the loop, which may be closed right after this.
            await asyncio.to_thread(inner._thread.join)  # noqa: SLF001
            raise
        return cls(connected)

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function over the connection: one trip to the thread, however many statements it executes.

        The public methods of aiosqlite make a trip a statement, and a trip costs more than most statements;
        statements of several tasks would also meet in one transaction.
        """
        result: T = await self._inner._execute(function, self._inner._conn)  # type: ignore[no-untyped-call]  # noqa: SLF001
        return result

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await self._inner.close()
