"""The outbox's rows in memory, with the semantics of the store: revisions, states, topics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.model import ChatId, Millis, Notice, SessionId
from core.states import NoticeKind, Priority


def now() -> Millis:
    return Millis(round(asyncio.get_running_loop().time() * 1000))


class FakeOutbox:
    def __init__(self, rows: Sequence[Notice] = ()) -> None:
        self.changed = asyncio.Event()
        self.rows: dict[int, Notice] = {row.id: row for row in rows}
        self.wanted: dict[SessionId, str] = {}
        self.threads: dict[SessionId, int | None] = {}
        self.errors: dict[int, str] = {}
        self.broken = 0  # so many of the next steps fail

    # ---- what tests use -----------------------------------------------------------------------

    def put(
        self,
        key: str,
        chat: int = 1,
        kind: NoticeKind = NoticeKind.REPLY,
        priority: Priority = Priority.ESSENTIAL,
        *,
        thread: int | None = None,
        session: int | None = None,
        **data: Any,
    ) -> Notice:
        data.setdefault("text", key)
        known = next((r for r in self.rows.values() if r.key == key), None)
        if known is None:
            row = Notice(
                id=len(self.rows) + 1,
                key=key,
                chat=ChatId(chat),
                thread=thread,
                session=SessionId(session) if session is not None else None,
                kind=kind,
                data=data,
                priority=priority,
                rev=1,
                shown=0,
                state="pending",
                created_at=now(),
            )
        else:
            state = "sending" if known.state == "sending" else "pending"
            row = replace(known, data=data, priority=priority, rev=known.rev + 1, state=state)  # type: ignore[arg-type]
        self.rows[row.id] = row
        self.changed.set()
        return row

    def row(self, key: str) -> Notice:
        return next(r for r in self.rows.values() if r.key == key)

    # ---- the port -----------------------------------------------------------------------------

    async def due(self) -> Sequence[Notice]:
        await self._step()
        rows = [r for r in self.rows.values() if r.state == "pending" and r.not_before <= now()]
        return sorted(rows, key=lambda r: (r.chat, r.priority, r.created_at, r.id))

    async def begin(self, notice: Notice) -> Notice | None:
        await self._step()
        row = self.rows[notice.id]
        if row.state != "pending" or row.not_before > now():
            return None
        thread = self.threads.get(row.session, row.thread) if row.session is not None else row.thread
        self.rows[row.id] = replace(row, state="sending", thread=thread)
        return self.rows[row.id]

    async def progress(self, notice: Notice, parts: Sequence[int]) -> None:
        await self._save(replace(notice, parts=tuple(parts), state="sending"))

    async def finish(self, notice: Notice, *, shown: int, parts: Sequence[int], thread: int | None) -> None:
        await self._save(
            replace(notice, shown=shown, parts=tuple(parts), thread=thread, state="sent", attempts=0)
        )

    async def retry(self, notice: Notice, not_before: Millis, error: str) -> None:
        self.errors[notice.id] = error
        row = replace(notice, state="pending", not_before=not_before, attempts=notice.attempts + 1)
        await self._save(row)

    async def fail(self, notice: Notice, error: str) -> None:
        self.errors[notice.id] = error
        await self._save(replace(notice, state="failed"))

    async def doubt(self, notice: Notice) -> None:
        await self._save(replace(notice, state="doubtful"))

    async def unfinished(self) -> Sequence[Notice]:
        await self._step()
        return [r for r in self.rows.values() if r.state == "sending"]

    async def wanted_topic(self, session: SessionId) -> str | None:
        return None if self.threads.get(session) is not None else self.wanted.get(session)

    async def topic_made(self, session: SessionId, thread: int | None) -> None:
        self.threads[session] = thread
        self.wanted.pop(session, None)

    async def _save(self, copy: Notice) -> None:
        """Delivery fields only; an outcome of an older revision is no outcome of the newest."""
        await self._step()
        row = self.rows[copy.id]
        shown = min(row.rev, max(row.shown, copy.shown))
        state = copy.state
        stale = shown if state == "sent" else copy.rev
        if state in {"sent", "failed", "doubtful"} and row.rev > stale:
            state = "pending"
        self.rows[copy.id] = replace(
            row,
            thread=copy.thread,
            parts=copy.parts,
            shown=shown,
            state=state,
            attempts=copy.attempts,
            not_before=copy.not_before,
        )

    async def _step(self) -> None:
        await asyncio.sleep(0)
        if self.broken:
            self.broken -= 1
            raise OSError("the disk is full")
