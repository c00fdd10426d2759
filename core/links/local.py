"""The in-process link: control and host in one program, behind the same Protocols as a fleet.

Commands are durable in control's store and records in the host's journal, so these queues may be
lost at any moment: both sides offer again what was not confirmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from core.ports import Beat, Command, Record

T = TypeVar("T")
_WAITING_BATCHES = 256  # more make the host wait; none is dropped


class _Closed:
    """Marks the end of a queue."""


class LocalLink:
    """Both ends: a `ControlLink` and a `HostLink`."""

    def __init__(self) -> None:
        self._commands: asyncio.Queue[Command | _Closed] = asyncio.Queue()
        self._acks: asyncio.Queue[str | _Closed] = asyncio.Queue()
        self._beats: asyncio.Queue[Beat | _Closed] = asyncio.Queue()
        self._records: asyncio.Queue[tuple[Sequence[Record], asyncio.Future[None]] | _Closed] = (
            asyncio.Queue()
        )
        self._places = asyncio.Semaphore(_WAITING_BATCHES)
        self._unconfirmed: set[asyncio.Future[None]] = set()
        self._closed = False

    # control's end

    async def send(self, host: str, command: Command) -> None:
        """Hand a command to the one host there is."""
        self._must_be_open()
        if host != "local":
            raise ValueError(f"there is no host {host} on this machine")
        self._commands.put_nowait(command)

    async def records(self) -> AsyncIterator[tuple[Sequence[Record], Callable[[], Awaitable[None]]]]:
        """Yield batches; the host goes on when a batch is confirmed."""
        async for batch, stored in _drain(self._records):

            async def confirm(stored: asyncio.Future[None] = stored) -> None:
                if not stored.done():
                    stored.set_result(None)

            yield batch, confirm

    def acks(self) -> AsyncIterator[str]:
        """Yield ids of commands the host is done with."""
        return _drain(self._acks)

    def beats(self) -> AsyncIterator[Beat]:
        """Yield what the host says about itself."""
        return _drain(self._beats)

    # the host's end

    def commands(self) -> AsyncIterator[Command]:
        """Yield commands in the order they were sent."""
        return _drain(self._commands)

    async def done(self, command: str) -> None:
        """Confirm a command."""
        self._must_be_open()
        self._acks.put_nowait(command)

    async def append(self, records: Sequence[Record]) -> None:
        """Hand over records and wait until control has stored them."""
        async with self._places:
            self._must_be_open()
            stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._unconfirmed.add(stored)
            self._records.put_nowait((records, stored))
            try:
                await stored
            finally:
                self._unconfirmed.discard(stored)

    async def beat(self, beat: Beat) -> None:
        """Say that this host lives."""
        self._must_be_open()
        self._beats.put_nowait(beat)

    async def close(self) -> None:
        """End every iterator and every wait; what was not confirmed is offered again after the next start."""
        self._closed = True
        for stored in self._unconfirmed:
            if not stored.done():
                stored.set_exception(ConnectionError("the link is closed"))
        while not self._records.empty():
            self._records.get_nowait()
        for queue in (self._commands, self._acks, self._beats, self._records):
            queue.put_nowait(_Closed())

    def _must_be_open(self) -> None:
        if self._closed:
            raise ConnectionError("the link is closed")


async def _drain(queue: asyncio.Queue[T | _Closed]) -> AsyncIterator[T]:
    while not isinstance(item := await queue.get(), _Closed):
        yield item
    queue.put_nowait(item)  # whoever iterates next ends too
