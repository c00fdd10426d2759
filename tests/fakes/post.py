"""An outbox at work: real python-telegram-bot, a Bot API in memory, rows in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from telegram.error import NetworkError, TimedOut

from bot.inbox import JournalQueue
from bot.lanes import LaneLimiter
from bot.message import Button, Message
from bot.ordering import PerChat
from bot.outbox import Outbox
from bot.text.rich import Entity, Rich
from bot.transport import build
from core.model import ChatId, Notice
from core.states import NoticeKind, Priority
from tests.fakes.bot_api import TOKEN, BotApi, DirectRequest
from tests.fakes.inbox import FakeInbox
from tests.fakes.outbox import FakeOutbox, now

GROUP = -100
PLAN = NoticeKind.PLAN
CARD: dict[str, Any] = {"kind": NoticeKind.PROGRESS, "priority": Priority.CARD}


async def render(notice: Notice) -> Message | None:
    """Shows what the row's data says."""
    data = notice.data
    if data.get("hidden"):
        return None
    if data.get("bug"):
        raise LookupError("a text is missing")
    pages = data.get("pages") or [data["text"]]
    rows = tuple((Button(text, f"v1:{text}", "success"),) for text in data.get("buttons", ()))
    return Message(
        pages=tuple(Rich(p, tuple(Entity(*e) for e in data.get("entities", ()))) for p in pages),
        buttons=rows,
        document=("plan.md", b"# Plan") if data.get("document") else None,
        force_reply=data.get("ask"),
        final=not data.get("running"),
    )


@dataclass
class Post:
    api: BotApi
    port: FakeOutbox
    outbox: Outbox
    unreachable: list[int] = field(default_factory=list)
    migrated: list[tuple[int, int]] = field(default_factory=list)

    async def idle(self, seconds: float = 5.0) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def posting(api: BotApi | None = None, port: FakeOutbox | None = None) -> AsyncIterator[Post]:
    api, port = api or BotApi(), port or FakeOutbox()
    limiter = LaneLimiter()
    queue = JournalQueue(FakeInbox())
    line = build(
        TOKEN,
        "http://x",
        limiter=limiter,
        queue=queue,
        processor=PerChat(FakeInbox().handled),
        request=DirectRequest(api),
        poll_request=DirectRequest(api),
    )
    await line.app.bot.initialize()
    post: Post

    async def unreachable(chat: ChatId) -> None:
        post.unreachable.append(chat)

    async def migrated(old: ChatId, new: ChatId) -> None:
        post.migrated.append((old, new))
        for row in port.rows.values():
            if row.chat == old:
                port.rows[row.id] = replace(row, chat=new)

    outbox = Outbox(
        line.app.bot, port, render, limiter, now=now, on_unreachable=unreachable, on_migrated=migrated
    )
    post = Post(api, port, outbox)
    task = asyncio.create_task(outbox.run())
    try:
        yield post
    finally:
        await outbox.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await line.stop()


def refused_connection() -> Exception:
    error = NetworkError("httpx.ConnectError: refused")
    error.__cause__ = httpx.ConnectError("refused")
    return error


def lost_answer() -> Exception:
    error = TimedOut()
    error.__cause__ = httpx.ReadTimeout("")
    return error
