"""Records and orders between link, rules and a real store: bad records, a failing store, callers that go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from core import events
from core.control import sessions
from core.control.loop import Control
from core.errors import DiskFull, UnknownSession
from core.links.local import LocalLink
from core.model import Changes, Launch, Millis, Policy, Session, SessionId
from core.ports import Command, Record, Tx, Verb
from core.states import NoticeKind, PermissionMode, PlanApproval, Strategy
from core.store.db import SqliteStore
from tests.core.control.scene import ANN, CHAT

T = TypeVar("T")
BROKEN = events.WorktreeInspected(Changes(files="many"))  # type: ignore[arg-type]
POLICY = Policy("demo", PermissionMode.PLAN, PlanApproval.ASK, Strategy.ASK, "main")


class Clock:
    """Time that does not pass by itself; sleeping takes a moment."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> Millis:
        return Millis(1_000)

    def monotonic(self) -> float:
        return 1.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class FailingStore:
    """A real store whose disk is full for a while."""

    def __init__(self, inner: SqliteStore) -> None:
        self.inner = inner
        self.failures = 0

    async def write(self, change: Callable[[Tx], T]) -> T:
        if self.failures:
            self.failures -= 1
            raise DiskFull(path="leadhand.db")
        return await self.inner.write(change)

    async def read(self, query: Callable[[Tx], T]) -> T:
        return await self.inner.read(query)

    async def close(self) -> None:
        await self.inner.close()


class Rig:
    """Control over a real store, with the host's end of the link in the test's hands."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = FailingStore(store)
        self.link = LocalLink()
        self.clock = Clock()
        self.control = Control(self.store, self.link, self.clock)
        self.given: list[Command] = []
        self._host: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.control.start()
        self._host = asyncio.create_task(self._take())

    async def _take(self) -> None:
        async for command in self.link.commands():
            self.given.append(command)

    async def close(self) -> None:
        await self.link.close()
        await self.control.close()
        if self._host is not None:
            await self._host

    async def launch(self) -> Session:
        wish = Launch("app", "the bug", POLICY, ANN, CHAT)
        return await self.control.decide(lambda work: sessions.launch(work, wish))

    async def session(self, id: int = 1) -> Session:
        return await self.store.read(lambda tx: tx.sessions.get(SessionId(id)))

    async def append(self, *told: events.Event, session: int = 1, first: int = 1) -> None:
        records = [Record(SessionId(session), 1, first + n, 0, event) for n, event in enumerate(told)]
        await asyncio.wait_for(self.link.append(records), 5)


@asynccontextmanager
async def rig(path: Path) -> AsyncIterator[Rig]:
    store = await SqliteStore.open(path / "leadhand.db")
    made = Rig(store)
    try:
        await made.start()
        yield made
    finally:
        await made.close()
        await store.close()


async def settled(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_record_that_cannot_be_applied_is_skipped_and_the_owner_is_told(tmp_path: Path) -> None:
    async with rig(tmp_path) as play:
        await play.launch()
        await play.append(
            events.WorktreeCreated("/w", "b", "main", "abc"),
            events.ProcessStarted("s1-1", 1),
            events.TurnStarted(),
            events.TurnFinished("completed", "Done."),
            BROKEN,
            events.SessionStarted("c1"),
        )
        session = await play.session()
        assert (session.applied_seq, session.agent_session, session.result) == (6, "c1", "Done.")
        warning = await play.store.read(lambda tx: tx.outbox.newest(SessionId(1), NoticeKind.WARNING))
        assert warning is not None
        assert warning.data["error"] == "error-unknown"
        told = await play.store.read(lambda tx: tx.journal.tail(SessionId(1), 10))
        assert [record.seq for record in told] == [1, 2, 3, 4, 5, 6]


async def test_a_bad_record_stops_no_other_session(tmp_path: Path) -> None:
    async with rig(tmp_path) as play:
        await play.launch()
        await play.launch()
        await play.append(events.SessionStarted("other"), session=99)  # nobody knows this session
        await play.append(events.SessionStarted("c2"), session=2)
        assert (await play.session(2)).agent_session == "c2"


async def test_a_full_disk_is_waited_for_and_nothing_is_dropped(tmp_path: Path) -> None:
    async with rig(tmp_path) as play:
        await play.launch()
        play.store.failures = 8
        await play.append(events.ProcessStarted("s1-1", 1), events.SessionStarted("c1"))
        session = await play.session()
        assert (session.applied_seq, session.agent_session) == (2, "c1")
        assert play.clock.slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
        assert await play.store.read(lambda tx: tx.outbox.newest(SessionId(1), NoticeKind.WARNING)) is None


async def test_orders_of_a_decision_that_was_not_stored_never_leave(tmp_path: Path) -> None:
    async with rig(tmp_path) as play:
        play.store.failures = 1
        with pytest.raises(DiskFull):
            await play.launch()
        with pytest.raises(UnknownSession):
            await play.control.decide(lambda work: sessions.stop(work, work.session(SessionId(1)), ANN))
        await play.launch()
        await settled(lambda: bool(play.given))
        assert [command.id for command in play.given] == ["launch:1:1"]


async def test_orders_leave_although_the_caller_went_away(tmp_path: Path) -> None:
    async with rig(tmp_path) as play:
        caller = asyncio.create_task(play.launch())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await settled(lambda: bool(play.given))


async def test_orders_leave_in_the_order_they_were_stored_in(tmp_path: Path) -> None:
    async with rig(tmp_path) as play:
        await play.launch()
        texts = [str(number) for number in range(50)]

        def rule(text: str) -> Callable[..., Session]:
            return lambda work: sessions.say(work, work.session(SessionId(1)), text, ANN)

        await asyncio.gather(*(play.control.decide(rule(text)) for text in texts))
        await settled(lambda: len(play.given) == 51)
        stored = await play.store.read(lambda tx: [command.id for _, command in tx.commands.open()])
        assert [command.id for command in play.given] == stored
        assert [c.body["text"] for c in play.given if c.verb is Verb.PROMPT] == texts


async def test_what_was_not_confirmed_is_sent_again_at_the_next_start(tmp_path: Path) -> None:
    async with rig(tmp_path) as play:
        await play.launch()
        await play.control.decide(lambda w: sessions.say(w, w.session(SessionId(1)), "more", ANN))
        await settled(lambda: len(play.given) == 2)
        await play.link.done("launch:1:1")
        open_ = 2
        async with asyncio.timeout(5):
            while open_ != 1:
                await asyncio.sleep(0.005)
                open_ = len(await play.store.read(lambda tx: tx.commands.open()))
    async with rig(tmp_path) as play:
        await settled(lambda: bool(play.given))
        assert [command.verb for command in play.given] == [Verb.PROMPT]


async def test_an_order_for_an_unknown_host_stops_no_other(tmp_path: Path) -> None:
    async with rig(tmp_path) as play:
        stranger = Command("x", SessionId(1), Verb.KILL)
        await play.control.decide(lambda work: work.orders.append(("elsewhere", stranger)))
        await play.launch()
        await settled(lambda: bool(play.given))
        assert [command.verb for command in play.given] == [Verb.LAUNCH]
