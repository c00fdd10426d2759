"""Updates of one chat are handled one after the other, those of different chats at the same time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

log = logging.getLogger(__name__)

MOST_AT_ONCE = 32
MOST_TAKEN = 100_000  # the queue bounds what is taken; here only the order is kept


class PerChat(BaseUpdateProcessor):
    """Keeps the order within a chat; `handled` is called with the id of each update that was handled."""

    def __init__(self, handled: Callable[[int], Awaitable[None]], *, at_once: int = MOST_AT_ONCE) -> None:
        super().__init__(MOST_TAKEN)
        self._handled = handled
        self._running = asyncio.Semaphore(at_once)
        self._chats: dict[int, _Turns] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def chats(self) -> int:
        """Return how many chats are busy."""
        return len(self._chats)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Let go of what hangs: it stays open in the inbox and is handled at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Handle an update when it is its chat's turn."""
        chat = place(update)
        turns = self._chats.setdefault(chat, _Turns())
        turns.waiting += 1
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            # The chat's turn first: updates that wait for it must not use up the room of other chats.
            async with turns.lock, self._running:
                await coroutine
                await self._done(update)
        finally:
            if isinstance(coroutine, Coroutine):
                coroutine.close()  # not begun when it was cancelled before its turn
            turns.waiting -= 1
            if not turns.waiting:
                self._chats.pop(chat, None)

    async def _done(self, update: object) -> None:
        if not isinstance(update, Update):
            return
        try:
            await self._handled(update.update_id)
        except Exception:
            # It stays open and is handled again at the next start; handlers are idempotent by its id.
            log.exception("update %d cannot be marked as handled", update.update_id)


class _Turns:
    """Who waits in a chat."""

    __slots__ = ("lock", "waiting")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


def place(update: object) -> int:
    """Return the chat whose order an update belongs to; without one, the person's, and else one for all."""
    if not isinstance(update, Update):
        return 0
    if update.effective_chat is not None:
        return update.effective_chat.id
    return update.effective_user.id if update.effective_user is not None else 0
