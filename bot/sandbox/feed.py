"""The stream of changes that tests wait on and the page shows; bounded, with ids to resume from."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

KEPT = 2000
QUEUE = 500


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed: which kind, in which chat, and which message or topic."""

    id: int
    kind: str
    chat: str = ""
    ref: int = 0
    data: dict[str, object] | None = None


class Feed:
    """Numbered changes; the last ones are kept for readers who come back."""

    def __init__(self) -> None:
        self.last = 0
        self._kept: deque[Change] = deque(maxlen=KEPT)
        self._queues: set[asyncio.Queue[Change | None]] = set()
        self._waiters: list[asyncio.Future[None]] = []

    def emit(self, kind: str, chat: str = "", ref: int = 0, data: dict[str, object] | None = None) -> int:
        """Record a change and wake everybody; gives its id."""
        self.last += 1
        change = Change(self.last, kind, chat, ref, data)
        self._kept.append(change)
        for queue in self._queues:
            self._offer(queue, change)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        return self.last

    @staticmethod
    def _offer(queue: asyncio.Queue[Change | None], change: Change) -> None:
        """A reader that is too slow loses its queue and is told to start over (None)."""
        if queue.full():
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(None)
            return
        queue.put_nowait(change)

    def since(self, last: int) -> list[Change] | None:
        """The changes after `last`, or None when they are no longer all known."""
        if last > self.last:
            return None
        found = [change for change in self._kept if change.id > last]
        return found if len(found) == self.last - last else None

    async def pulse(self) -> None:
        """Wait for the next change."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    @contextmanager
    def reader(self) -> Iterator[asyncio.Queue[Change | None]]:
        """A bounded queue of changes from now on."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(QUEUE)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)
