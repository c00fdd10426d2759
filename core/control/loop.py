"""Joins the rules to the world: records in, orders out, one transaction each.

Every change goes through `Control.decide`: it runs a rule in a transaction and sends the orders the
rule stored once they are committed. At start, what was not confirmed is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from core.control import records
from core.control.work import Work
from core.model import Millis
from core.ports import Clock, ControlLink, Record, Store, Tx

T = TypeVar("T")
log = logging.getLogger(__name__)


class Control:
    """Runs rules over the store and talks to hosts over the link."""

    def __init__(self, store: Store, link: ControlLink, clock: Clock) -> None:
        self.store = store
        self.changed = asyncio.Event()  # set when there may be something new to show
        self._link = link
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    def now(self) -> Millis:
        """Return UTC milliseconds."""
        return self._clock.now()

    async def start(self) -> None:
        """Send unconfirmed orders again and begin to take records."""
        for host, command in await self.store.read(lambda tx: list(tx.commands.open())):
            await self._link.send(host, command)
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._take_records(), name="control-records"),
            loop.create_task(self._take_acks(), name="control-acks"),
        ]

    async def close(self) -> None:
        """Stop taking records."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def decide(self, rule: Callable[[Work], T]) -> T:
        """Run a rule in one transaction, then send its orders."""

        def change(tx: Tx) -> tuple[T, Work]:
            work = Work(tx, self._clock.now())
            return rule(work), work

        result, work = await self.store.write(change)
        for host, command in work.orders:
            await self._link.send(host, command)
        if work.notified:
            self.changed.set()
        return result

    async def _take_records(self) -> None:
        async for batch, confirm in self._link.records():
            try:
                await self._apply(batch)
            except Exception:
                # One bad record must not stop every session: the batch is applied one by one, and
                # what fails is logged and left unconfirmed, so that the host offers it again.
                log.exception("records could not be applied")
                continue
            await confirm()

    async def _apply(self, batch: Sequence[Record]) -> None:
        def rule(work: Work) -> None:
            for record in batch:
                records.apply(work, record)

        await self.decide(rule)

    async def _take_acks(self) -> None:
        async for command in self._link.acks():

            def done(tx: Tx, command: str = command) -> None:
                tx.commands.done(command)

            await self.store.write(done)
