"""What happened, each event once by its number, and who decided what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from core.events import decode, encode
from core.model import AuditEntry, Millis, SessionId
from core.ports.link import Record
from core.store.rows import Rows, to_json

RECORD = """
INSERT INTO event (session, seq, epoch, log_offset, at, data)
VALUES (:session, :seq, :epoch, :log_offset, :at, :data) ON CONFLICT (session, seq) DO NOTHING
"""
TAIL = "SELECT * FROM event WHERE session = :session ORDER BY seq DESC LIMIT :limit"
AUDIT = """
INSERT INTO audit (at, user, session, verb, detail) VALUES (:at, :user, :session, :verb, :detail)
"""
AUDITED = "SELECT * FROM audit ORDER BY id DESC LIMIT :limit"


class Journal:
    """`core.ports.store.Journal` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def record(self, record: Record, at: Millis) -> bool:
        row = {
            "session": record.session,
            "seq": record.seq,
            "epoch": record.epoch,
            "log_offset": record.offset,
            "at": at,
            "data": to_json(encode(record.event)),
        }
        return self._rows.run(RECORD, row).rowcount == 1

    def tail(self, session: SessionId, limit: int) -> Sequence[Record]:
        return self._rows.many(_record, TAIL, {"session": session, "limit": limit})[::-1]

    def audit(self, entry: AuditEntry) -> None:
        row = {
            "at": entry.at,
            "user": entry.user,
            "session": entry.session,
            "verb": entry.verb,
            "detail": entry.detail,
        }
        self._rows.run(AUDIT, row)

    def audited(self, limit: int) -> Sequence[AuditEntry]:
        return self._rows.many(_audit_entry, AUDITED, {"limit": limit})


def _record(row: sqlite3.Row) -> Record:
    event = decode(json.loads(row["data"]))
    return Record(row["session"], row["epoch"], row["seq"], row["log_offset"], event)


def _audit_entry(row: sqlite3.Row) -> AuditEntry:
    return AuditEntry(row["at"], row["user"], row["session"], row["verb"], row["detail"])
