"""A bot's update queue: long poll, confirmation by offset, one poller at a time."""

import asyncio
from collections import deque
from collections.abc import Sequence

from bot.sandbox.errors import CONFLICT, TERMINATED_BY_POLL, ApiError
from bot.sandbox.records import Json

ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
FIRST_ID = 100_000_001
MAX_LIMIT = 100


class UpdateQueue:
    """Updates that were not confirmed yet."""

    def __init__(self) -> None:
        self.pending: deque[Json] = deque()
        self.allowed: list[str] | None = None
        self._next_id = FIRST_ID
        self._poll: asyncio.Future[None] | None = None

    def put(self, kind: str, payload: Json) -> None:
        """Queue an update, unless the bot did not ask for its kind."""
        if not self.wants(kind):
            return
        self.pending.append({"update_id": self._next_id, kind: payload})
        self._next_id += 1
        if self._poll and not self._poll.done():
            self._poll.set_result(None)

    def wants(self, kind: str) -> bool:
        """Whether `allowed_updates` lets this kind through."""
        return kind in self.allowed if self.allowed else kind not in ON_REQUEST

    def allow(self, kinds: Sequence[str] | None) -> None:
        """Remember `allowed_updates`; None keeps what was set before."""
        if kinds is not None:
            self.allowed = list(kinds) or None

    def confirm(self, offset: int) -> None:
        """Forget what the offset confirms; a negative one keeps only the newest."""
        if offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()
            return
        while self.pending and self.pending[0]["update_id"] < offset:
            self.pending.popleft()

    def interrupt(self, description: str | None) -> None:
        """End a waiting poll: with a conflict, or with an empty answer for None."""
        poll, self._poll = self._poll, None
        if poll is None or poll.done():
            return
        if description is None:
            poll.set_result(None)
        else:
            poll.set_exception(ApiError(CONFLICT, description))

    async def poll(self, offset: int, limit: int, wait: float) -> list[Json]:
        """Answer one getUpdates; a poll that is still waiting loses to this one."""
        self.interrupt(TERMINATED_BY_POLL)
        self.confirm(offset)
        if not self.pending and wait > 0:
            await self._sleep(wait)
        count = min(limit or MAX_LIMIT, MAX_LIMIT)
        return list(self.pending)[:count]

    async def first(self) -> Json:
        """Wait for the oldest unconfirmed update."""
        while not self.pending:
            poll = self._poll = asyncio.get_running_loop().create_future()
            await poll
        return self.pending[0]

    async def _sleep(self, wait: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(wait):
                await poll
        except TimeoutError:
            pass
        finally:
            if self._poll is poll:
                self._poll = None
