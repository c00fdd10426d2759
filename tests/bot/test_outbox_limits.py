"""The outbox against the sandbox with its flood limits on, in virtual time."""

from __future__ import annotations

import asyncio

from bot.inbox import JournalQueue
from bot.lanes import LaneLimiter
from bot.ordering import PerChat
from bot.outbox import Outbox
from bot.sandbox.stage import Sandbox
from bot.transport import build
from core.states import NoticeKind
from tests.fakes.inbox import FakeInbox
from tests.fakes.outbox import FakeOutbox, now
from tests.fakes.post import CARD, PLAN, render
from tests.fakes.virtual_time import virtual


@virtual
async def test_a_busy_crew_is_never_told_to_slow_down_and_its_plans_leave_at_once() -> None:
    loop = asyncio.get_running_loop()
    async with Sandbox(limits=True) as sandbox:
        start = sandbox.clock.now() - loop.time()
        sandbox.clock.now = lambda: start + loop.time()  # type: ignore[method-assign]
        people = [sandbox.user(f"User {n}") for n in range(5)]
        chats = [*(person.private().id for person in people), sandbox.group("Crew", people).id]
        for person in people:
            await person.private().say("/start")
        inbox, limiter, port = FakeInbox(), LaneLimiter(), FakeOutbox()
        line = build(
            sandbox.token, "http://x", limiter=limiter, queue=JournalQueue(inbox),
            processor=PerChat(inbox.handled), request=sandbox.request(), poll_request=sandbox.request(),
        )  # fmt: skip
        await line.connect()
        outbox = Outbox(line.app.bot, port, render, limiter, now=now)
        sending = asyncio.create_task(outbox.run())
        asked: dict[str, float] = {}
        for second in range(300):
            for chat in chats:
                for n in range(5):
                    text = f"{n} at {second}"
                    port.put(f"card {chat} {n}", chat=chat, text=text, running=True, **CARD)
                if second % 15 == 14:
                    key = f"plan {chat} {second}"
                    asked[key] = loop.time()
                    port.put(key, chat=chat, kind=PLAN, buttons=["Approve"])
                if second % 60 == 50:
                    port.put(f"done {chat} {second}", chat=chat, kind=NoticeKind.COMPLETED)
            await asyncio.sleep(1)
        sends = {c.params["text"]: c for c in sandbox.calls.of("sendMessage")}
        assert not [call for call in sandbox.calls if call.code == 429]
        waits = sorted(sends[key].at - start - at for key, at in asked.items())
        assert waits[len(waits) // 2] <= 0.1
        assert waits[round(len(waits) * 0.95) - 1] <= 0.1
        assert all(row.state == "sent" for row in port.rows.values() if row.kind is not CARD["kind"])
        await outbox.stop()
        sending.cancel()
        await line.stop()
