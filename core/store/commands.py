"""Orders to hosts; a confirmed one keeps its id, so that it is never given again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from core.model import Millis, SessionId
from core.ports.link import Command, Verb
from core.store.rows import Rows, to_json

ADD = """
INSERT INTO command (id, host, session, verb, body, at) VALUES (:id, :host, :session, :verb, :body, :at)
ON CONFLICT (id) DO NOTHING
"""
DONE = "UPDATE command SET done = 1 WHERE id = :id AND done = 0"
FORGET = "UPDATE command SET done = 1, body = '{}' WHERE id = :id AND (done = 0 OR body <> '{}')"
GET = "SELECT * FROM command WHERE id = :id"
# The condition repeats the index's word for word; only so does SQLite use it.
KEPT = "SELECT * FROM command WHERE session = :session AND body <> '{}' ORDER BY number"
OPEN = "SELECT * FROM command WHERE done = 0 ORDER BY number"


class Commands:
    """`core.ports.store.Commands` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, host: str, command: Command, at: Millis) -> None:
        row = {
            "id": command.id,
            "host": host,
            "session": command.session,
            "verb": command.verb,
            "body": to_json(command.body),
            "at": at,
        }
        self._rows.run(ADD, row)

    def done(self, id: str) -> None:
        self._rows.run(DONE, {"id": id})

    def open(self) -> Sequence[tuple[str, Command]]:
        return self._rows.many(_from_row, OPEN)

    def get(self, id: str) -> Command | None:
        return self._rows.one(_command, GET, {"id": id})

    def kept(self, session: SessionId) -> Sequence[Command]:
        return self._rows.many(_command, KEPT, {"session": session})

    def forget(self, id: str) -> None:
        self._rows.run(FORGET, {"id": id})


def _from_row(row: sqlite3.Row) -> tuple[str, Command]:
    return row["host"], _command(row)


def _command(row: sqlite3.Row) -> Command:
    return Command(row["id"], row["session"], Verb(row["verb"]), json.loads(row["body"]))
