"""Rows behind buttons; only `take` takes one, once, by compare and swap."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from core.model import Decision, Millis, SessionId, UserId
from core.states import DecisionKind, DecisionState
from core.store.rows import Rows, to_json

ADD = """
INSERT INTO decision (
    id, session, kind, subject, chat, state, expires_at, message, verb, taken_by, draft, created_at, taken_at
) VALUES (
    :id, :session, :kind, :subject, :chat, :state, :expires_at, :message, :verb, :taken_by, :draft,
    :created_at, :taken_at
)
"""
GET = "SELECT * FROM decision WHERE id = :id"
TAKE = """
UPDATE decision SET state = 'taken', verb = :verb, taken_by = :taken_by, taken_at = :at
WHERE id = :id AND state = 'pending' AND expires_at > :at
"""
SUPERSEDE = """
UPDATE decision SET state = 'superseded'
WHERE session = :session AND state = 'pending' AND kind IN (SELECT value FROM json_each(:kinds))
RETURNING *
"""
PENDING = """
SELECT * FROM decision WHERE session = :session AND state = 'pending' AND kind = coalesce(:kind, kind)
ORDER BY created_at DESC, rowid DESC
"""
# A record read before somebody pressed must not bring the decision back to life, nor take it.
SAVE = """
UPDATE decision SET
    draft = :draft, message = :message,
    state = CASE WHEN state = 'pending' AND :state = 'superseded' THEN 'superseded' ELSE state END
WHERE id = :id
"""


class Decisions:
    """`core.ports.store.Decisions` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, decision: Decision) -> None:
        row = {
            "id": decision.id,
            "session": decision.session,
            "kind": decision.kind,
            "subject": decision.subject,
            "chat": decision.chat,
            "state": decision.state,
            "expires_at": decision.expires_at,
            "message": decision.message,
            "verb": decision.verb,
            "taken_by": decision.by,
            "draft": to_json(decision.draft),
            "created_at": decision.created_at,
            "taken_at": decision.taken_at,
        }
        self._rows.run(ADD, row)

    def get(self, id: str) -> Decision | None:
        return self._rows.one(_from_row, GET, {"id": id})

    def take(self, id: str, verb: str, by: UserId, at: Millis) -> bool:
        taken = self._rows.run(TAKE, {"id": id, "verb": verb, "taken_by": by, "at": at})
        return taken.rowcount == 1

    def supersede(self, session: SessionId, kinds: Sequence[DecisionKind]) -> Sequence[Decision]:
        dead = self._rows.many(_from_row, SUPERSEDE, {"session": session, "kinds": to_json(list(kinds))})
        return sorted(dead, key=lambda decision: decision.created_at)  # RETURNING has no order

    def pending(self, session: SessionId, kind: DecisionKind | None = None) -> Sequence[Decision]:
        return self._rows.many(_from_row, PENDING, {"session": session, "kind": kind})

    def save(self, decision: Decision) -> None:
        row = {
            "id": decision.id,
            "draft": to_json(decision.draft),
            "message": decision.message,
            "state": decision.state,
        }
        if not self._rows.run(SAVE, row).rowcount:
            raise KeyError(decision.id)


def _from_row(row: sqlite3.Row) -> Decision:
    return Decision(
        id=row["id"],
        session=row["session"],
        kind=DecisionKind(row["kind"]),
        subject=row["subject"],
        chat=row["chat"],
        state=DecisionState(row["state"]),
        expires_at=row["expires_at"],
        message=row["message"],
        verb=row["verb"],
        by=row["taken_by"],
        draft=tuple(json.loads(row["draft"])),
        created_at=row["created_at"],
        taken_at=row["taken_at"],
    )
