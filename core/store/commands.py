"""Orders to hosts; a confirmed one keeps its id, so that it is never given again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from core.model import Millis
from core.ports.link import Command, Verb
from core.store.rows import Rows, to_json

ADD = """
INSERT INTO command (id, host, session, verb, body, at) VALUES (:id, :host, :session, :verb, :body, :at)
ON CONFLICT (id) DO NOTHING
"""
DONE = "UPDATE command SET done = 1 WHERE id = :id AND done = 0"
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


def _from_row(row: sqlite3.Row) -> tuple[str, Command]:
    command = Command(row["id"], row["session"], Verb(row["verb"]), json.loads(row["body"]))
    return row["host"], command
