"""Looks at every poll on its way: what the library would die of or loop on is answered here.

An update it cannot read is replaced by an empty one, a refused token and a lasting conflict end the process.
"""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any

from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData

from bot.inbox import readable
from core.errors import AlreadyRunning, LeadhandError, TokenRefused

log = logging.getLogger(__name__)

CONFLICT_S = 30.0  # another copy that is just ending is tolerated this long
QUIET_S = 60.0  # a conflict after so long a silence is a new one
REFUSALS = 3  # in a row, before a token that worked is believed to be refused


class Watch:
    """What the polls tell about the connection. `broken` is set to the error the process must end with."""

    def __init__(self, *, conflict_s: float = CONFLICT_S) -> None:
        self._conflict_s = conflict_s
        self._first = self._last = float("-inf")
        self._refusals = 0
        self._error: LeadhandError | None = None
        self._broken = asyncio.Event()

    async def broken(self) -> LeadhandError:
        """Wait until receiving cannot go on, and return why."""
        await self._broken.wait()
        if self._error is None:
            raise AssertionError("broken without an error")
        return self._error

    def fail(self, error: LeadhandError) -> None:
        """Receiving cannot go on."""
        self._error = self._error or error
        self._broken.set()

    def answered(self, status: int) -> None:
        """Take note of the status of a poll."""
        refused = status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}
        self._refusals = self._refusals + 1 if refused else 0
        if self._refusals >= REFUSALS:
            self.fail(TokenRefused())
        if status == HTTPStatus.CONFLICT:
            self._conflict(asyncio.get_running_loop().time())

    def _conflict(self, now: float) -> None:
        # Two copies take turns in ending each other's poll, so a poll that works in between proves nothing.
        if now - self._last > QUIET_S:
            self._first = now
            log.warning("another copy is polling with this token; waiting for it to end")
        self._last = now
        if now - self._first >= self._conflict_s:
            self.fail(AlreadyRunning(what="token"))


class WatchedRequest(BaseRequest):
    """The way polls take: any request class, watched."""

    def __init__(self, inner: BaseRequest, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    @property
    def read_timeout(self) -> float | None:
        """Return how long an answer may take, beyond the poll itself."""
        return self._inner.read_timeout

    async def initialize(self) -> None:
        """Prepare the inner request."""
        await self._inner.initialize()

    async def shutdown(self) -> None:
        """Release the inner request."""
        await self._inner.shutdown()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make the request, take note of its status, and mend its answer."""
        status, payload = await self._inner.do_request(
            url, method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        )
        self._watch.answered(status)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
            # The library ends the poll for ever at this status; one wrong answer of a proxy is not that.
            raise NetworkError(f"Telegram answered {status} to a poll")
        return status, mend(payload) if status == HTTPStatus.OK else payload


def mend(payload: bytes) -> bytes:
    """Replace updates the library cannot read by empty ones, so that they are confirmed like any other."""
    try:
        answer = json.loads(payload)
        updates = answer["result"]
        bad = [u for u in updates if not readable(u)]
    except (ValueError, KeyError, TypeError):
        return payload
    if not bad:
        return payload
    for update in bad:
        log.error("an update cannot be read and is skipped: %.200s", update)
    answer["result"] = [_empty(u) if u in bad else u for u in updates if u not in bad or _has_id(u)]
    return json.dumps(answer).encode()


def _has_id(update: Any) -> bool:
    return isinstance(update, dict) and isinstance(update.get("update_id"), int)


def _empty(update: Any) -> dict[str, int]:
    return {"update_id": update["update_id"]}
