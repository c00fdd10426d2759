"""The one writer: changes wait in a bounded line and are committed in groups.

Nobody waits for a group to fill: whatever came while the last one was committed is the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from core.errors import StoreBroken
from core.store import group
from core.store.connection import Connection
from core.store.rows import Refused
from core.store.tx import SqliteTx

T = TypeVar("T")
LINE = 1024  # changes that may wait; the next caller waits for a place
GROUP = 128  # changes in one commit: enough to share its cost, few enough to keep it short
_Ticket = tuple[Callable[[SqliteTx], Any], "asyncio.Future[Any]"]


class Writer:
    """Takes changes from many tasks and commits them in the order they came."""

    def __init__(self, connection: Connection, path: Path, tx: SqliteTx) -> None:
        self._connection = connection
        self._path = path
        self._tx = tx
        self._places = asyncio.Semaphore(LINE)
        self._waiting: deque[_Ticket] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._work(), name="store-writer")

    @classmethod
    async def start(cls, connection: Connection, path: Path, refused: Refused) -> Writer:
        """Start the task that commits."""
        return cls(connection, path, await connection.run(lambda conn: SqliteTx(conn, refused)))

    async def write(self, change: Callable[[SqliteTx], T]) -> T:
        """Commit a change and return its result. A caller that is cancelled may find it committed."""
        async with self._places:
            if self._closing or self._task.done():
                raise StoreBroken(path=self._path, reason="is closed")
            answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            self._waiting.append((change, answer))
            self._wake.set()
            return await answer

    async def stop(self) -> None:
        """Commit what waits and end."""
        self._closing = True
        self._wake.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(self._task)

    async def _work(self) -> None:
        try:
            while self._waiting or not self._closing:
                if not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                await self._commit(self._next_group())
        finally:
            for _, answer in self._waiting:
                answer.cancel()

    def _next_group(self) -> list[_Ticket]:
        """Take the changes whose callers still wait."""
        tickets = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        return [ticket for ticket in tickets if not ticket[1].done()]

    async def _commit(self, tickets: list[_Ticket]) -> None:
        if not tickets:
            return
        changes = [change for change, _ in tickets]
        try:
            outcomes = await self._connection.run(
                partial(group.run, tx=self._tx, path=self._path, changes=changes)
            )
        except asyncio.CancelledError:
            for _, answer in tickets:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - border: a caller must never wait for ever
            outcomes = [group.Outcome(error=error) for _ in changes]
        for (_, answer), outcome in zip(tickets, outcomes, strict=True):
            _answer(answer, outcome)


def _answer(answer: asyncio.Future[Any], outcome: group.Outcome) -> None:
    if answer.done():
        return
    if outcome.error is None:
        answer.set_result(outcome.result)
    elif isinstance(outcome.error, StopIteration):  # a future cannot carry it
        answer.set_exception(RuntimeError("the change raised StopIteration"))
    else:
        answer.set_exception(outcome.error)
