"""What the bot's delivery asks of its rows: the same of the store and of the fakes in its tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.inbox import InboxPort
from bot.outbox import OutboxPort
from core.clock import SystemClock
from core.control.delivery import Delivery
from core.control.loop import Control
from core.links.local import LocalLink
from core.model import ChatId, Millis, Notice
from core.states import NoticeKind, Priority
from core.store.db import SqliteStore
from tests.fakes.inbox import FakeInbox
from tests.fakes.outbox import FakeOutbox

Put = Callable[..., Awaitable[Notice]]


@dataclass
class Rows:
    outbox: OutboxPort
    inbox: InboxPort
    put: Put


@contextlib.asynccontextmanager
async def stored(folder: Path) -> AsyncIterator[Rows]:
    store = await SqliteStore.open(folder / "leadhand.db")
    control = Control(store, LocalLink(), SystemClock())

    async def put(key: str, chat: int = 1, priority: Priority = Priority.ESSENTIAL, **data: Any) -> Notice:
        return await control.decide(
            lambda w: w.tx.outbox.put(key, NoticeKind.REPLY, ChatId(chat), None, None, data, priority, w.now)
        )

    delivery = Delivery(control)
    yield Rows(delivery, delivery, put)
    await store.close()


@contextlib.asynccontextmanager
async def faked(folder: Path) -> AsyncIterator[Rows]:
    outbox = FakeOutbox()

    async def put(key: str, chat: int = 1, priority: Priority = Priority.ESSENTIAL, **data: Any) -> Notice:
        return outbox.put(key, chat, priority=priority, **data)

    del folder
    yield Rows(outbox, FakeInbox(), put)


@pytest.fixture(params=[stored, faked], ids=["store", "fake"])
async def rows(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rows]:
    async with request.param(tmp_path) as rows:
        yield rows


async def begun(rows: Rows, key: str, **data: Any) -> Notice:
    row = await rows.outbox.begin(await rows.put(key, **data))
    assert row is not None
    return row


async def due(rows: Rows) -> list[str]:
    return [row.key for row in await rows.outbox.due()]


async def test_decisions_are_due_before_cards_and_the_older_first(rows: Rows) -> None:
    for key, priority in (("card", Priority.CARD), ("a", Priority.ESSENTIAL), ("b", Priority.ESSENTIAL)):
        await rows.put(key, priority=priority)
        await asyncio.sleep(0.002)
    assert await due(rows) == ["a", "b", "card"]


async def test_what_is_being_sent_is_not_due_and_is_not_begun_twice(rows: Rows) -> None:
    row = await begun(rows, "a")
    assert row.state == "sending"
    assert await due(rows) == []
    assert await rows.outbox.begin(row) is None


async def test_begin_returns_the_newest_revision(rows: Rows) -> None:
    old = await rows.put("a", text="one")
    await rows.put("a", text="two")
    row = await rows.outbox.begin(old)
    assert row is not None
    assert (row.rev, row.data["text"]) == (2, "two")


async def test_what_was_delivered_is_done(rows: Rows) -> None:
    row = await begun(rows, "a")
    await rows.outbox.finish(row, shown=1, parts=[7], thread=None)
    assert await due(rows) == []
    assert await rows.outbox.unfinished() == []


async def test_a_revision_that_came_while_the_older_one_was_sent_is_due_with_its_messages(rows: Rows) -> None:
    row = await begun(rows, "a", text="one")
    await rows.put("a", text="two")
    assert await due(rows) == []
    await rows.outbox.finish(row, shown=1, parts=[7], thread=5)
    (again,) = await rows.outbox.due()
    assert (again.rev, again.shown, again.parts, again.thread, again.data["text"]) == (2, 1, (7,), 5, "two")


async def test_a_failure_of_an_older_revision_is_not_one_of_the_newest(rows: Rows) -> None:
    for key, end in (("a", rows.outbox.doubt), ("b", lambda row: rows.outbox.fail(row, "no"))):
        row = await begun(rows, key)
        await rows.put(key)
        await end(row)
    assert await due(rows) == ["a", "b"]


async def test_what_failed_or_is_doubtful_is_not_due(rows: Rows) -> None:
    await rows.outbox.fail(await begun(rows, "a"), "no")
    await rows.outbox.doubt(await begun(rows, "b"))
    assert await due(rows) == []
    await rows.put("a")
    assert await due(rows) == ["a"]


async def test_what_is_tried_again_keeps_its_messages_its_age_and_counts(rows: Rows) -> None:
    row = await begun(rows, "a")
    await rows.outbox.progress(row, [7])
    await rows.outbox.retry(replace(row, parts=(7,)), Millis(0), "offline")
    (again,) = await rows.outbox.due()
    assert (again.parts, again.attempts, again.created_at) == ((7,), 1, row.created_at)


async def test_what_may_not_go_yet_is_neither_due_nor_begun(rows: Rows) -> None:
    row = await begun(rows, "a")
    await rows.outbox.retry(row, Millis(2**52), "later")
    assert await due(rows) == []
    assert await rows.outbox.begin(row) is None


async def test_a_message_that_is_gone_may_be_forgotten(rows: Rows) -> None:
    row = await begun(rows, "a")
    await rows.outbox.finish(row, shown=1, parts=[7], thread=None)
    row = await begun(rows, "a")
    await rows.outbox.retry(replace(row, parts=()), Millis(0), "sent anew, and the answer was lost")
    (again,) = await rows.outbox.due()
    assert again.parts == ()


async def test_what_was_being_sent_is_found_with_the_messages_it_has(rows: Rows) -> None:
    row = await begun(rows, "a")
    await rows.outbox.progress(row, [7, 8])
    (left,) = await rows.outbox.unfinished()
    assert (left.state, left.parts) == ("sending", (7, 8))


async def test_an_update_is_stored_once_and_open_until_it_is_handled(rows: Rows) -> None:
    assert await rows.inbox.journal(1, "one")
    assert await rows.inbox.journal(2, "two")
    assert not await rows.inbox.journal(2, "two")
    assert list(await rows.inbox.waiting()) == [(1, "one"), (2, "two")]
    await rows.inbox.handled(1)
    assert list(await rows.inbox.waiting()) == [(2, "two")]
    assert not await rows.inbox.journal(1, "one")
