"""The only place that sends: a worker per chat picks by priority, then age, and renders when it sends.

The row is `sending` before the first call and `sent` after it, so that no notice is lost and only the
window between the two is in doubt: there a decision is repeated and anything else is not.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from telegram.error import ChatMigrated, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.lanes import LaneLimiter
from bot.message import Message
from bot.refusals import Refusal, refusal, seconds
from bot.sender import DECISIONS, Marks, Sender, Trip
from core.model import ChatId, Millis, Notice
from core.states import NoticeKind, Priority

log = logging.getLogger(__name__)

SWEEP_S = 30.0  # rows that wait for a time are looked at this often, at least
UNREACHABLE_S = 300.0
BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
TRIES_OF_AN_ORNAMENT = 10
TRIES_OF_A_CARD_THAT_BREAKS = 5
IN_FLIGHT = 32
SPACING = ((120, 3.0), (900, 10.0), (math.inf, 30.0))  # age of a card up to → seconds between its edits


class Outcomes(Protocol):
    """What became of a notice."""

    async def finish(self, notice: Notice, *, shown: int, parts: Sequence[int], thread: int | None) -> None:
        """Delivered up to a revision; when a newer one came meanwhile, it is due again."""
        ...

    async def retry(self, notice: Notice, not_before: Millis, error: str) -> None:
        """Back to the queue."""
        ...

    async def fail(self, notice: Notice, error: str) -> None:
        """It cannot be delivered."""
        ...

    async def doubt(self, notice: Notice) -> None:
        """Nobody can tell whether it was delivered; it is not sent twice."""
        ...


class OutboxPort(Marks, Outcomes, Protocol):
    """The notices that wait, and what becomes of them; each step is one transaction."""

    @property
    def changed(self) -> asyncio.Event:
        """Set when there may be something to send."""
        ...

    async def due(self) -> Sequence[Notice]:
        """Return what may be sent now."""
        ...

    async def begin(self, notice: Notice) -> Notice | None:
        """Mark as being sent and return it as it is now; None when it is not due any more."""
        ...

    async def unfinished(self) -> Sequence[Notice]:
        """Return what was being sent when the process died."""
        ...


Renderer = Callable[[Notice], Awaitable[Message | None]]
"""Shows a notice as it is now, in the language of its chat; None: there is nothing to show any more."""


@dataclass(slots=True)
class _Lane:
    """What waits for one chat."""

    chat: ChatId
    rows: dict[int, Notice] = field(default_factory=dict)
    spaced: set[int] = field(default_factory=set)  # cards whose next edit may wait
    edited: dict[int, float] = field(default_factory=dict)  # when a card was edited last
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    blocked: float = 0.0
    failures: int = 0
    task: asyncio.Task[None] | None = None

    def back_off(self, now: float) -> None:
        """The network does not work: wait longer each time."""
        self.blocked = now + BACK_OFF_S[min(self.failures, len(BACK_OFF_S) - 1)]
        self.failures += 1

    def order(self, row: Notice) -> tuple[str, float, int, int]:
        """Decisions first, in their order; among cards the one that was edited longest ago."""
        edited = 0.0 if row.priority is Priority.ESSENTIAL else self.edited.get(row.id, 0.0)
        return (row.priority, edited, row.created_at, row.id)


class Outbox:
    """Brings every due notice to its chat."""

    def __init__(
        self,
        bot: ExtBot[Priority],
        port: OutboxPort,
        render: Renderer,
        limiter: LaneLimiter,
        *,
        now: Callable[[], Millis],
        on_unreachable: Callable[[ChatId], Awaitable[None]] | None = None,
        on_migrated: Callable[[ChatId, ChatId], Awaitable[None]] | None = None,
    ) -> None:
        self._sender = Sender(bot, port)
        self._port = port
        self._render = render
        self._limiter = limiter
        self._now = now
        self._on_unreachable = on_unreachable
        self._on_migrated = on_migrated
        self._lanes: dict[ChatId, _Lane] = {}
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)
        self._stopping = False

    @property
    def lanes(self) -> int:
        """Return how many chats have something to wait for."""
        return len(self._lanes)

    async def run(self) -> None:
        """Settle what the last run left behind, then send until cancelled."""
        await self._patiently(self._settle_unfinished)
        while not self._stopping:
            self._port.changed.clear()
            await self._patiently(self._sweep)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._port.changed.wait(), SWEEP_S)

    async def stop(self, grace: float = 1.5) -> None:
        """Begin nothing new, give what is under way a moment, then let go of it."""
        self._stopping = True
        self._port.changed.set()
        tasks = {lane.task for lane in self._lanes.values() if lane.task is not None}
        for lane in self._lanes.values():
            lane.wake.set()
        if not tasks:
            return
        _, stuck = await asyncio.wait(tasks, timeout=grace)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)

    def reachable(self, chat: ChatId) -> None:
        """Somebody wrote there: a chat that could not be reached is tried again at once."""
        lane = self._lanes.get(chat)
        if lane is not None and not lane.failures:
            lane.blocked = 0.0
            lane.wake.set()

    # ---- finding ----------------------------------------------------------------------------------

    async def _settle_unfinished(self) -> None:
        for row in await self._port.unfinished():
            if row.shown or row.parts or row.kind in DECISIONS:
                await self._port.retry(row, Millis(0), "the process ended while it was sent")
            else:
                log.warning("it is not known whether %s was delivered; it is not sent twice", row.key)
                await self._port.doubt(row)

    async def _sweep(self) -> None:
        self._prune()
        for row in await self._port.due():
            lane = self._lanes.setdefault(row.chat, _Lane(row.chat))
            if await self._may_wait(row):
                lane.spaced.add(row.id)
            else:
                lane.spaced.discard(row.id)
            lane.rows[row.id] = row
            lane.wake.set()
            if lane.task is None and not self._stopping:
                lane.task = asyncio.create_task(self._work(lane), name=f"outbox:{row.chat}")

    async def _may_wait(self, row: Notice) -> bool:
        """Tell whether a card will change again soon, so that this edit of it can be late."""
        if row.kind is not NoticeKind.PROGRESS or row.shown == 0:
            return False
        try:
            message = await self._render(row)
        except Exception:  # noqa: BLE001  # told when it is sent
            return False
        return message is not None and not message.final

    def _prune(self) -> None:
        now = _time()
        for lane in list(self._lanes.values()):
            lane.edited = {
                row: at for row, at in lane.edited.items() if row in lane.rows or now - at < SPACING[-1][1]
            }
            if not (lane.rows or lane.task or lane.edited or lane.blocked > now):
                del self._lanes[lane.chat]

    # ---- one chat ---------------------------------------------------------------------------------

    async def _work(self, lane: _Lane) -> None:
        try:
            while lane.rows and not self._stopping:
                lane.wake.clear()
                row, wait = self._pick(lane)
                if row is None:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(lane.wake.wait(), wait)
                    continue
                async with self._in_flight:
                    await self._take(lane, row)
        finally:
            lane.task = None

    def _pick(self, lane: _Lane) -> tuple[Notice | None, float]:
        """Return what goes next, or how long nothing can."""
        now = _time()
        soonest = math.inf
        delays = {p: self._limiter.delay(lane.chat, p) for p in Priority}
        for row in sorted(lane.rows.values(), key=lane.order):
            wait = max(lane.blocked - now, delays[row.priority])
            if row.id in lane.spaced and row.id in lane.edited:
                wait = max(wait, lane.edited[row.id] + self._spacing(row) - now)
            if wait <= 0:
                return row, 0.0
            soonest = min(soonest, wait)
        return None, soonest

    def _spacing(self, row: Notice) -> float:
        age = (self._now() - row.created_at) / 1000
        return next(spacing for limit, spacing in SPACING if age < limit)

    async def _take(self, lane: _Lane, row: Notice) -> None:
        """Begin a row and deliver it; when the store does not work, the row stays where it is."""
        try:
            begun = await self._port.begin(row)
        except Exception:
            log.exception("the store does not work; %s waits", row.key)
            lane.back_off(_time())
            return
        del lane.rows[row.id]
        if begun is not None:
            await self._deliver(lane, begun)
            self._port.changed.set()  # a newer revision may have come meanwhile

    async def _deliver(self, lane: _Lane, row: Notice) -> None:
        trip: Trip | None = None
        try:
            message = await self._render(row)
            if message is not None:
                trip = Trip(row, message)
                await self._sender.carry(trip)
        except TelegramError as error:
            await self._refused(lane, trip or Trip(row, Message(())), error)
            return
        except Exception as error:
            log.exception("%s cannot be shown", row.key)
            await self._broken(trip.row if trip else row, error)
            return
        lane.failures = 0
        lane.edited[row.id] = _time()
        done = trip.row if trip else row
        await self._patiently(
            lambda: self._port.finish(done, shown=row.rev, parts=done.parts, thread=done.thread)
        )

    async def _refused(self, lane: _Lane, trip: Trip, error: TelegramError) -> None:
        row, now, meaning = trip.row, _time(), refusal(error)
        if meaning is not Refusal.FLOOD:
            log.warning("%s did not arrive (%s): %s", row.key, meaning, error)
        match error:
            case RetryAfter():
                lane.blocked = now + seconds(error)
                await self._again(row, error)
            case ChatMigrated():
                await self._migrated(lane, row, ChatId(error.new_chat_id), error)
            case _ if meaning is Refusal.UNREACHABLE:
                lane.blocked = now + UNREACHABLE_S
                await self._patiently(lambda: self._port.fail(row, str(error)))
                if self._on_unreachable is not None:
                    await _told(self._on_unreachable(row.chat))
            case _ if meaning in {Refusal.OFFLINE, Refusal.DOUBTFUL, Refusal.NO_METHOD}:
                lane.back_off(now)
                await self._offline(trip, error)
            case _:
                await self._patiently(lambda: self._port.fail(row, str(error)))

    async def _offline(self, trip: Trip, error: TelegramError) -> None:
        row = trip.row
        if trip.doubtful and row.kind not in DECISIONS:
            await self._patiently(lambda: self._port.doubt(row))
        elif row.priority is Priority.ORNAMENT and row.attempts + 1 >= TRIES_OF_AN_ORNAMENT:
            await self._patiently(lambda: self._port.fail(row, str(error)))
        else:
            await self._again(row, error)

    async def _migrated(self, lane: _Lane, row: Notice, new: ChatId, error: TelegramError) -> None:
        if self._on_migrated is not None:
            await _told(self._on_migrated(row.chat, new))
        await self._again(row, error)
        lane.rows.clear()  # they are found again under their new chat

    async def _broken(self, row: Notice, error: Exception) -> None:
        """A card that cannot be made is a fault of ours: try a few times, and never hold up the others."""
        if row.attempts + 1 >= TRIES_OF_A_CARD_THAT_BREAKS:
            await self._patiently(lambda: self._port.fail(row, repr(error)))
        else:
            later = Millis(self._now() + round(1000 * SWEEP_S))
            await self._patiently(lambda: self._port.retry(row, later, repr(error)))

    async def _again(self, row: Notice, error: TelegramError) -> None:
        # No time is stored with the row: the lane as a whole waits, and the row keeps its place in it.
        await self._patiently(lambda: self._port.retry(row, Millis(0), str(error)))

    async def _patiently(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat a step of the store until it works: what was sent must not be forgotten."""
        for attempt in range(10**9):
            try:
                await step()
            except Exception:
                log.exception("the store does not work")
                if self._stopping:
                    return
                await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            else:
                return


async def _told(news: Awaitable[None]) -> None:
    """Pass news on; who cannot take them does not stop the lane."""
    try:
        await news
    except Exception:
        log.exception("news of a chat were not taken")


def _time() -> float:
    return asyncio.get_running_loop().time()
