"""The queue updates come in by: each is stored before Telegram hears of it, and replayed after a crash.

python-telegram-bot confirms an update with the next poll, after `put` has returned; a webhook answers then.
So nothing is lost, everything is handled at least once, and what comes twice is dropped.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any, Protocol

from telegram import Bot, Update

log = logging.getLogger(__name__)

LARGEST_BODY = 1 << 20
MOST_WAITING = 1000
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class InboxPort(Protocol):
    """Where updates are kept; each step is one transaction."""

    async def journal(self, update: int, body: str) -> bool:
        """Store an update; False when it is known already."""
        ...

    async def handled(self, update: int) -> None:
        """Mark an update as handled."""
        ...

    async def waiting(self) -> Sequence[tuple[int, str]]:
        """Return updates that were stored and not handled, in order."""
        ...


class JournalQueue(asyncio.Queue[object]):
    """The application's update queue. It takes no more than a bounded number of unhandled updates."""

    def __init__(self, port: InboxPort, *, most: int = MOST_WAITING) -> None:
        super().__init__()
        self._port = port
        self._room = asyncio.Semaphore(most)

    async def put(self, item: object) -> None:
        """Store an update and queue it. Returns once it is safe; tries for ever while the store fails."""
        if not isinstance(item, Update):
            self.put_nowait(item)  # the signal to stop
            return
        body = item.to_json()
        if len(body) > LARGEST_BODY:
            log.error("update %d was refused: %d bytes", item.update_id, len(body))
            return
        await self._room.acquire()
        # Between storing and queueing nothing may come: a cancelled poll leaves no stored update behind.
        await asyncio.shield(self._take(item, body))

    async def replay(self, bot: Bot) -> int:
        """Queue what was stored and not handled, once updates are being handled and before polling."""
        count = 0
        for update, body in await self._port.waiting():
            item = _revive(body, bot)
            if item is None:
                log.error("stored update %d cannot be read; it is dropped", update)
                await self._port.handled(update)
                continue
            await self._room.acquire()
            self.put_nowait(item)
            count += 1
        return count

    def task_done(self) -> None:
        """An update was handled (or dropped at the end): there is room for another."""
        super().task_done()
        self._room.release()

    async def _take(self, item: Update, body: str) -> None:
        if await self._journal(item.update_id, body):
            self.put_nowait(item)
        else:
            log.info("update %d came twice", item.update_id)
            self._room.release()

    async def _journal(self, update: int, body: str) -> bool:
        attempt = 0
        while True:
            try:
                return await self._port.journal(update, body)
            except Exception:
                # Raising would end the poll without a word; returning would confirm the update.
                log.exception("update %d cannot be stored; it is not confirmed", update)
            await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            attempt += 1


def readable(raw: Any) -> bool:
    """Tell whether the library understands an update; what it cannot read would block the poll for ever."""
    try:
        return isinstance(raw["update_id"], int) and Update.de_json(raw, None) is not None
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is not an update
        return False


def _revive(body: str, bot: Bot) -> Update | None:
    try:
        return Update.de_json(json.loads(body), bot)
    except Exception:  # noqa: BLE001  # a row nobody can read must not stop the start
        return None
