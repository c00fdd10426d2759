"""Keeps every call to Telegram inside its flood limits: one lane per chat, and one budget for all of them.

Nothing can pass it, because it hangs in the bot itself; the outbox asks `delay` before it picks a message.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.refusals import seconds
from core.states import Priority

log = logging.getLogger(__name__)

COUNTED = ("send", "edit", "copy", "forward", "create", "close", "reopen", "pin", "unpin")
FREE = frozenset({"sendChatAction", "close"})
PENALTY_S = 60.0  # how long a learned rate is kept before it is doubled again
SLOWEST = 0.125
SLACK_S = 0.25  # after a 429, beyond the time the server named
PATIENCE = 3  # how often a direct call is repeated after a 429
LONGEST_WAIT_S = 60.0  # a direct call does not wait longer than this for a 429 to pass
ROUNDING_S = 1e-6  # what is less is an error of arithmetic, not a time to wait
LANES_BEFORE_PRUNING = 64


@dataclass(frozen=True, slots=True)
class Rate:
    """A steady rate with a burst, and at most `most` calls in any `window` seconds.

    `reserve` calls are kept for decisions and outcomes; cards and ornaments may not use them.
    """

    per_second: float
    burst: int
    most: int
    window: float
    reserve: int


# Telegram names no exact limits. These stay under the documented ones with room for the network's jitter.
PRIVATE = Rate(per_second=1.0, burst=3, most=60, window=60.5, reserve=1)
GROUP = Rate(per_second=1 / 3, burst=6, most=20, window=60.5, reserve=4)
EVERYWHERE = Rate(per_second=28.0, burst=28, most=28, window=1.05, reserve=6)


@dataclass(slots=True)
class Lane:
    """The budget of one chat (or of all): tokens, a sliding window, and what a 429 taught."""

    rate: Rate
    at: float
    level: float = field(init=False)
    calls: deque[float] = field(default_factory=deque)
    blocked: float = 0.0
    factor: float = 1.0  # below 1 after a 429
    penalty_until: float = 0.0

    def __post_init__(self) -> None:
        self.level = float(self.rate.burst)

    def wait(self, now: float, reserve: int) -> float:
        """Return the seconds until a call may be made that leaves `reserve` calls unused."""
        self._advance(now)
        speed = self.rate.per_second * self.factor
        wait = max(self.blocked - now, 0.0)
        wait = max(wait, (1 + self._kept(reserve) - self.level) / speed)
        most = max(math.floor(self.rate.most * self.factor) - reserve, 1)
        if len(self.calls) >= most:
            wait = max(wait, self.calls[-most] + self.rate.window - now)
        return wait if wait > ROUNDING_S else 0.0

    def take(self, now: float) -> None:
        """Use one call."""
        self._advance(now)
        self.level -= 1
        self.calls.append(now)

    def refuse(self, now: float, seconds: float) -> None:
        """Learn from a 429: nothing until it has passed, and slower for a while."""
        self._advance(now)
        self.blocked = max(self.blocked, now + seconds + SLACK_S)
        self.factor = max(self.factor / 2, SLOWEST)
        self.penalty_until = self.blocked + PENALTY_S
        self.level = min(self.level, 1.0)

    def idle(self, now: float) -> bool:
        """Tell whether the lane knows nothing that a new one would not know."""
        self._advance(now)
        fresh = self.level >= self.rate.burst and self.factor >= 1
        return fresh and not self.calls and now >= self.blocked

    def _kept(self, reserve: int) -> int:
        """Of a burst a third at most is kept back; the window keeps the whole reserve."""
        return min(reserve, self.rate.burst // 3)

    def _advance(self, now: float) -> None:
        while self.factor < 1 and now >= self.penalty_until:
            self.factor = min(self.factor * 2, 1.0)
            self.penalty_until += PENALTY_S
        grown = self.level + max(now - self.at, 0.0) * self.rate.per_second * self.factor
        self.level = min(float(self.rate.burst), grown)
        self.at = now
        while self.calls and self.calls[0] <= now - self.rate.window:
            self.calls.popleft()


class LaneLimiter(BaseRateLimiter[Priority]):
    """A lane per chat for python-telegram-bot.

    `rate_limit_args` is a `Priority`: such a call belongs to the outbox, which hears of a 429 at once and
    decides anew. A call without one is a direct call: it waits for a 429 to pass and is repeated.
    """

    def __init__(
        self,
        *,
        private: Rate = PRIVATE,
        group: Rate = GROUP,
        everywhere: Rate = EVERYWHERE,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._rates = (private, group)
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._everywhere = Lane(everywhere, 0.0)
        self._lanes: dict[int | str, Lane] = {}

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Forget the lanes."""
        self._lanes.clear()

    # No `__len__`: the library asks whether a limiter is there by its truth, and an empty one would not be.
    @property
    def lanes(self) -> int:
        """Return how many lanes are remembered."""
        return len(self._lanes)

    def delay(self, chat: int | str, priority: Priority | None = None) -> float:
        """Return the seconds until a call of this priority may be made in a chat; 0 when it may now."""
        now = self._clock()
        essential = priority is None or priority is Priority.ESSENTIAL
        lanes = (self._lane(chat, now), self._everywhere)
        return max(lane.wait(now, 0 if essential else lane.rate.reserve) for lane in lanes)

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Priority | None,
    ) -> Any:
        """Make the call when its lane allows it."""
        if endpoint in FREE or not endpoint.startswith(COUNTED):
            return await callback(*args, **kwargs)
        chat = data.get("chat_id") or 0
        for attempt in range(PATIENCE + 1):
            await self._enter(chat, rate_limit_args)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                pause = seconds(error)
                self._learn(chat, pause, endpoint)
                if rate_limit_args is not None or attempt == PATIENCE or pause > LONGEST_WAIT_S:
                    raise
        raise AssertionError("unreachable")

    async def _enter(self, chat: int | str, priority: Priority | None) -> None:
        while (wait := self.delay(chat, priority)) > 0:  # noqa: ASYNC110  # time, not an event, ends it
            await asyncio.sleep(wait)
        now = self._clock()
        self._lane(chat, now).take(now)
        self._everywhere.take(now)

    def _learn(self, chat: int | str, pause: float, endpoint: str) -> None:
        log.warning("Telegram asks for %.0f s of silence in chat %s (%s)", pause, chat, endpoint)
        now = self._clock()
        self._lane(chat, now).refuse(now, pause)

    def _lane(self, chat: int | str, now: float) -> Lane:
        lane = self._lanes.get(chat)
        if lane is None:
            if len(self._lanes) >= LANES_BEFORE_PRUNING:
                self._lanes = {key: kept for key, kept in self._lanes.items() if not kept.idle(now)}
            private = isinstance(chat, int) and chat > 0
            lane = self._lanes[chat] = Lane(self._rates[0 if private else 1], now)
        return lane
