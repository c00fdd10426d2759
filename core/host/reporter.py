"""Tells control what happens in a session: written to the journal first, offered until control has it.

Nothing is dropped for a full disk or a store that fails; an agent's log waits, and the agent goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from core.events import Event
from core.host.journal import Journal
from core.host.patience import patiently
from core.ports import HostLink, Record

log = logging.getLogger(__name__)
MOST_WAITING = 1000  # records control has not taken; an agent that has more to say is read later


class Reporter:
    """The way of a session's records."""

    def __init__(self, journal: Journal, link: HostLink, on_told: Callable[[], None]) -> None:
        self._journal = journal
        self._link = link
        self._on_told = on_told
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        if journal.waiting:
            self._news.set()

    async def room(self) -> None:
        """Return when not too much waits to be told."""
        await self._room.wait()

    async def write(self, events: Sequence[Event], offset: int | None) -> None:
        """Write events down as soon as there is space to; without an offset they came from no log."""

        async def append() -> None:
            self._journal.append(events, self._journal.offset if offset is None else offset)

        await patiently(f"session {self._journal.session} cannot be written", append, over=OSError)
        if self._journal.waiting >= MOST_WAITING:
            self._room.clear()
        self._news.set()

    async def run(self) -> None:
        """Hand records over until control has stored them; what is not confirmed is offered again."""
        while True:
            await self._news.wait()
            self._news.clear()
            while batch := self._journal.unconfirmed():
                await patiently("records are not taken", partial(self._hand_over, batch))
                self._confirm(batch[-1].seq)
            self._on_told()

    async def _hand_over(self, batch: Sequence[Record]) -> None:
        await asyncio.to_thread(self._journal.sync)
        await self._link.append(batch)

    def _confirm(self, seq: int) -> None:
        try:
            self._journal.ack(seq)
        except OSError as error:  # control has them: after a restart they are offered again and known
            log.warning("session %s: what was told is not noted: %s", self._journal.session, error)
        if self._journal.waiting < MOST_WAITING:
            self._room.set()
