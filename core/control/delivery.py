"""What the bot needs to bring messages in and notices out, each step one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from core.control.loop import Control
from core.control.work import Work
from core.model import ChatId, Millis, Notice, SessionId
from core.ports import Tx

INBOX_LIFE_MS = 7 * 24 * 3600 * 1000


class Delivery:
    """Inbox and outbox as the bot sees them."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._store = control.store

    @property
    def changed(self) -> asyncio.Event:
        """Return the event that is set when there may be something to send."""
        return self._control.changed

    def now(self) -> Millis:
        """Return the time the rows are stamped with."""
        return self._control.now()

    # ---- in ---------------------------------------------------------------------------------------

    async def journal(self, update: int, body: str) -> bool:
        """Store an update before it is confirmed; False when it is known already."""
        return await self._control.decide(lambda w: w.tx.inbox.add(update, body, w.now))

    async def handled(self, update: int) -> None:
        """Mark an update as handled."""
        await self._store.write(lambda tx: tx.inbox.done(update))

    async def waiting(self) -> Sequence[tuple[int, str]]:
        """Return updates that were stored and not handled."""

        def rule(work: Work) -> Sequence[tuple[int, str]]:
            work.tx.inbox.prune(Millis(work.now - INBOX_LIFE_MS))
            return list(work.tx.inbox.open())

        return await self._control.decide(rule)

    # ---- out --------------------------------------------------------------------------------------

    async def due(self) -> Sequence[Notice]:
        """Return what may be sent now."""
        now = self._control.now()
        return await self._store.read(lambda tx: list(tx.outbox.due(now)))

    async def begin(self, notice: Notice) -> Notice | None:
        """Mark a notice as being sent and return it as it is now; None when it is not due any more."""

        def rule(work: Work) -> Notice | None:
            row = work.tx.outbox.by_key(notice.key)
            if row is None or row.state != "pending" or row.not_before > work.now:
                return None
            route = work.tx.routes.get(row.session) if row.session is not None else None
            thread = route.thread if route is not None and route.chat == row.chat else row.thread
            row = replace(row, state="sending", thread=thread)
            work.tx.outbox.save(row)
            return row

        return await self._control.decide(rule)

    async def progress(self, notice: Notice, parts: Sequence[int]) -> None:
        """Remember the messages a notice has so far."""
        row = replace(notice, parts=tuple(parts), state="sending")
        await self._store.write(lambda tx: tx.outbox.save(row))

    async def finish(self, notice: Notice, *, shown: int, parts: Sequence[int], thread: int | None) -> None:
        """A notice was delivered up to a revision; its decision is bound to the message with the buttons."""
        row = replace(notice, shown=shown, parts=tuple(parts), thread=thread, state="sent", attempts=0)

        def rule(work: Work) -> None:
            work.tx.outbox.save(row)
            decision = work.tx.decisions.get(notice.data.get("decision", ""))
            # After a doubtful sending there may be two cards of this row: then either one's buttons work.
            if decision is not None and parts and not notice.attempts and decision.message != parts[-1]:
                work.tx.decisions.save(replace(decision, message=parts[-1]))

        await self._control.decide(rule)

    async def retry(self, notice: Notice, not_before: Millis, error: str) -> None:
        """A notice goes back to the queue."""
        row = replace(notice, state="pending", not_before=not_before, attempts=notice.attempts + 1)
        await self._store.write(lambda tx: tx.outbox.save(row))
        del error

    async def fail(self, notice: Notice, error: str) -> None:
        """A notice cannot be delivered."""

        def rule(work: Work) -> None:
            work.tx.outbox.save(replace(notice, state="failed"))
            work.audit(None, notice.session, "notice.failed", f"{notice.key}: {error}"[:500])

        await self._control.decide(rule)

    async def doubt(self, notice: Notice) -> None:
        """Nobody can tell whether a notice was delivered; it is not sent twice."""
        await self._store.write(lambda tx: tx.outbox.save(replace(notice, state="doubtful")))

    async def unfinished(self) -> Sequence[Notice]:
        """Return notices that were being sent when the process died."""
        return await self._store.read(lambda tx: list(tx.outbox.unfinished()))

    # ---- topics -----------------------------------------------------------------------------------

    async def wanted_topic(self, session: SessionId) -> str | None:
        """Return the title of the topic that is to be made for a session, if one is."""

        def query(tx: Tx) -> str | None:
            route = tx.routes.get(session)
            if route is None or not route.topic_wanted or route.thread is not None:
                return None
            return tx.sessions.get(session).name

        return await self._store.read(query)

    async def topic_made(self, session: SessionId, thread: int | None) -> None:
        """Remember a session's topic; None: there is none, talk in the chat itself."""

        def change(tx: Tx) -> None:
            route = tx.routes.get(session)
            if route is not None:
                tx.routes.put(replace(route, thread=thread, topic_wanted=False))

        await self._store.write(change)

    async def migrate(self, old: ChatId, new: ChatId) -> None:
        """A group has a new chat id."""
        await self._store.write(lambda tx: tx.routes.migrate(old, new))
