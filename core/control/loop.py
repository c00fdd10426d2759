"""Joins the rules to the world: records in, orders out, one transaction each.

Every change goes through `Control.decide`: it runs a rule in a transaction and sends the orders the
rule stored once they are committed. At start, what was not confirmed is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from core.control import orders, records
from core.control.work import Work
from core.errors import StartError
from core.model import Millis
from core.ports import Clock, Command, ControlLink, Record, Store, Tx

T = TypeVar("T")
log = logging.getLogger(__name__)
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0


class Control:
    """Runs rules over the store and talks to hosts over the link."""

    def __init__(self, store: Store, link: ControlLink, clock: Clock) -> None:
        self.store = store
        self.changed = asyncio.Event()  # set when there may be something new to show
        self._link = link
        self._clock = clock
        self._leaving: asyncio.Queue[tuple[str, Command]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def now(self) -> Millis:
        """Return UTC milliseconds."""
        return self._clock.now()

    async def start(self) -> None:
        """Send unconfirmed orders again and begin to take records."""
        for order in await self.store.read(lambda tx: list(tx.commands.open())):
            self._leaving.put_nowait(order)
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._send_orders(), name="control-orders"),
            loop.create_task(self._take_records(), name="control-records"),
            loop.create_task(self._take_acks(), name="control-acks"),
        ]

    async def close(self) -> None:
        """Stop taking records."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def decide(self, rule: Callable[[Work], T]) -> T:
        """Run a rule in one transaction, then send its orders. Nothing leaves when it is not committed."""
        # A caller that goes away while the rule is committed must not keep its orders from leaving.
        return await asyncio.shield(self._decide(rule))

    async def _decide(self, rule: Callable[[Work], T]) -> T:
        def change(tx: Tx) -> tuple[T, Work]:
            work = Work(tx, self._clock.now())
            return rule(work), work

        result, work = await self.store.write(change)
        for order in work.orders:
            self._leaving.put_nowait(order)
        if work.notified:
            self.changed.set()
        return result

    async def _send_orders(self) -> None:
        """Send orders one after the other, in the order they were committed in."""
        while True:
            host, command = await self._leaving.get()
            try:
                await self._link.send(host, command)
            except Exception:  # it stays unconfirmed, so the next start sends it again
                log.exception("order %s could not be sent", command.id)

    # ---- records ----------------------------------------------------------------------------------

    async def _take_records(self) -> None:
        async for batch, confirm in self._link.records():
            await self._apply(batch)
            await confirm()

    async def _apply(self, batch: Sequence[Record]) -> None:
        """Apply a batch at once, or what can be applied of it: one bad record must not stop a session."""

        def rule(work: Work) -> None:
            for record in batch:
                records.apply(work, record)

        try:
            await self._until_stored(rule)
        except Exception:
            log.exception("a batch of %d records is applied one by one", len(batch))
            for record in batch:
                await self._apply_one(record)

    async def _apply_one(self, record: Record) -> None:
        what = f"record {record.seq} ({record.event.kind}) of session {record.session}"
        try:
            await self._until_stored(lambda work: records.apply(work, record))
        except Exception:
            log.exception("%s is skipped", what)
            try:
                await self._until_stored(lambda work: records.skip(work, record))
            except Exception:
                log.exception("%s could not even be noted", what)

    async def _until_stored(self, rule: Callable[[Work], None]) -> None:
        """Run a rule; while the store itself fails, try again: nothing is dropped for that."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                await self.decide(rule)
            except StartError as error:
                log.warning("the store does not take what happened, trying again: %s", error)
                await self._clock.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                return

    async def _take_acks(self) -> None:
        async for command in self._link.acks():
            try:
                await self._until_stored(partial(orders.confirm, id=command))
            except Exception:  # unconfirmed, it is sent again and known by its id
                log.exception("order %s could not be confirmed", command)
