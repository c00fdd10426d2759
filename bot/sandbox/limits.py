"""Flood limits: about 1 message a second in a private chat, 20 a minute in a group, 30 a second in all.

Sends and edits share a chat's budget; answers to presses, polling and questions about chats are free.
"""

import math
from dataclasses import dataclass

from bot.sandbox.clock import Clock
from bot.sandbox.errors import flood

COUNTED = ("send", "edit", "copy", "forward", "create", "close", "reopen", "delete", "pin", "unpin")
FREE = frozenset(
    {"sendchataction", "deletewebhook", "close", "deletemessage", "deletemessages", "deletemycommands"}
)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, so many at once."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Rates:
    """The limits of one sandbox."""

    private: Rate = Rate(1.0, 4)
    group: Rate = Rate(20 / 60, 20)
    everywhere: Rate = Rate(30.0, 30)


class Bucket:
    """A token bucket on the sandbox's clock."""

    __slots__ = ("_at", "_rate", "level")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._at = now
        self.level = float(rate.burst)

    def wait(self, now: float) -> float:
        """Seconds until one token is there; 0 when it is."""
        self.level = min(self._rate.burst, self.level + (now - self._at) * self._rate.per_second)
        self._at = now
        return 0.0 if self.level >= 1 else (1 - self.level) / self._rate.per_second

    def take(self) -> None:
        """Use one token."""
        self.level -= 1


class Limits:
    """Counts the calls of every bot and refuses what comes too fast."""

    def __init__(self, clock: Clock, rates: Rates | None = None, *, on: bool = False) -> None:
        self.on = on
        self.rates = rates or Rates()
        self._clock = clock
        self._buckets: dict[tuple[int, int], Bucket] = {}

    def reset(self) -> None:
        """Forget what was counted."""
        self._buckets.clear()

    def check(self, bot_id: int, method: str, chat_id: int) -> None:
        """Take a token of the chat and of the bot, or raise 429."""
        if not self.on or method in FREE or not method.startswith(COUNTED):
            return
        now = self._clock.now()
        buckets = [self._bucket(bot_id, 0, self.rates.everywhere, now)]
        if chat_id:
            rate = self.rates.private if chat_id > 0 else self.rates.group
            buckets.append(self._bucket(bot_id, chat_id, rate, now))
        longest = max(bucket.wait(now) for bucket in buckets)
        if longest > 0:
            raise flood(max(math.ceil(longest), 1))
        for bucket in buckets:
            bucket.take()

    def _bucket(self, bot_id: int, chat_id: int, rate: Rate, now: float) -> Bucket:
        bucket = self._buckets.get((bot_id, chat_id))
        if bucket is None:
            bucket = self._buckets[bot_id, chat_id] = Bucket(rate, now)
        return bucket
