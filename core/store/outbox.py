"""Notices and how far they were delivered: `rev` is what should be shown, `shown` what is.

Whoever sends works on the copy it took. A revision that was put meanwhile is never lost: the save of an
older copy leaves the notice pending.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from core.model import ChatId, Json, Millis, Notice, SessionId
from core.states import NoticeKind, Priority
from core.store.rows import Rows, one_of, to_json

# While it is being sent only `rev` grows. A message that exists stays where it is; one that does not goes
# where the newest revision wants it. A notice that had failed gets a new chance with new content.
PUT = """
INSERT INTO outbox (
    key, kind, chat, thread, session, data, priority, rev, shown, state, parts, attempts, not_before,
    created_at
) VALUES (:key, :kind, :chat, :thread, :session, :data, :priority, 1, 0, 'pending', '[]', 0, 0, :at)
ON CONFLICT (key) DO UPDATE SET
    kind = excluded.kind, session = excluded.session, data = excluded.data, priority = excluded.priority,
    rev = rev + 1,
    chat = CASE WHEN parts = '[]' AND state <> 'sending' THEN excluded.chat ELSE chat END,
    thread = CASE
        WHEN parts = '[]' AND state <> 'sending' THEN coalesce(excluded.thread, thread) ELSE thread
    END,
    attempts = CASE WHEN state IN ('pending', 'sending') THEN attempts ELSE 0 END,
    not_before = CASE WHEN state = 'failed' THEN 0 ELSE not_before END,
    state = CASE WHEN state = 'sending' THEN 'sending' ELSE 'pending' END
RETURNING *
"""
BY_KEY = "SELECT * FROM outbox WHERE key = :key"
BY_MESSAGE = """
SELECT outbox.* FROM message JOIN outbox ON outbox.id = message.notice
WHERE message.chat = :chat AND message.message = :message
"""
NEWEST = """
SELECT * FROM outbox WHERE session = :session AND kind = :kind ORDER BY id DESC LIMIT 1
"""
DUE = """
SELECT * FROM outbox INDEXED BY outbox_due WHERE state = 'pending' AND not_before <= :now
ORDER BY chat, priority, created_at, id
"""
UNFINISHED = "SELECT * FROM outbox WHERE state = 'sending' ORDER BY id"
# The copy's `rev` is what was tried. An outcome (sent, failed, doubtful) of an older revision is no outcome
# of the newest one.
SAVE = """
UPDATE outbox SET
    thread = :thread, parts = :parts, shown = min(rev, max(shown, :shown)),
    state = CASE
        WHEN :state = 'sent' AND rev > max(shown, :shown) THEN 'pending'
        WHEN :state IN ('failed', 'doubtful') AND rev > :rev THEN 'pending'
        ELSE :state
    END,
    attempts = CASE WHEN :state = 'failed' AND rev > :rev THEN 0 ELSE :attempts END,
    not_before = :not_before
WHERE id = :id
"""
REMEMBER = """
INSERT INTO message (chat, message, notice)
SELECT outbox.chat, part.value, outbox.id FROM outbox, json_each(:parts) AS part WHERE outbox.id = :id
ON CONFLICT (chat, message) DO UPDATE SET notice = excluded.notice
"""


class Outbox:
    """`core.ports.store.Outbox` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(
        self,
        key: str,
        kind: NoticeKind,
        chat: ChatId,
        thread: int | None,
        session: SessionId | None,
        data: Json,
        priority: Priority,
        at: Millis,
    ) -> Notice:
        row = {
            "key": key,
            "kind": kind,
            "chat": chat,
            "thread": thread,
            "session": session,
            "data": to_json(data),
            "priority": priority,
            "at": at,
        }
        (notice,) = [_from_row(written) for written in self._rows.run(PUT, row).fetchall()]
        return notice

    def by_key(self, key: str) -> Notice | None:
        return self._rows.one(_from_row, BY_KEY, {"key": key})

    def by_message(self, chat: ChatId, message: int) -> Notice | None:
        return self._rows.one(_from_row, BY_MESSAGE, {"chat": chat, "message": message})

    def newest(self, session: SessionId, kind: NoticeKind) -> Notice | None:
        return self._rows.one(_from_row, NEWEST, {"session": session, "kind": kind})

    def due(self, now: Millis) -> Sequence[Notice]:
        return self._rows.many(_from_row, DUE, {"now": now})

    def save(self, notice: Notice) -> None:
        row = {
            "id": notice.id,
            "thread": notice.thread,
            "parts": to_json(notice.parts),
            "rev": notice.rev,
            "shown": notice.shown,
            "state": notice.state,
            "attempts": notice.attempts,
            "not_before": notice.not_before,
        }
        if not self._rows.run(SAVE, row).rowcount:
            raise KeyError(notice.id)
        if notice.parts:
            self._rows.run(REMEMBER, {"id": notice.id, "parts": row["parts"]})

    def unfinished(self) -> Sequence[Notice]:
        return self._rows.many(_from_row, UNFINISHED)


def _from_row(row: sqlite3.Row) -> Notice:
    return Notice(
        id=row["id"],
        key=row["key"],
        chat=row["chat"],
        thread=row["thread"],
        session=row["session"],
        kind=NoticeKind(row["kind"]),
        data=json.loads(row["data"]),
        priority=Priority(row["priority"]),
        rev=row["rev"],
        shown=row["shown"],
        state=one_of(row["state"], "pending", "sending", "sent", "failed", "doubtful"),
        parts=tuple(json.loads(row["parts"])),
        attempts=row["attempts"],
        not_before=row["not_before"],
        created_at=row["created_at"],
    )
