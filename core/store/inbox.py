"""Updates, journaled before they are confirmed; what was handled keeps its number and loses its text."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import Millis
from core.store.rows import Rows

ADD = """
INSERT INTO inbox (update_id, body, at) VALUES (:update, :body, :at) ON CONFLICT (update_id) DO NOTHING
"""
DONE = "UPDATE inbox SET done = 1, body = '' WHERE update_id = :update AND done = 0"
OPEN = "SELECT update_id, body FROM inbox WHERE done = 0 ORDER BY id"
PRUNE = "DELETE FROM inbox WHERE done = 1 AND at < :before"


class Inbox:
    """`core.ports.store.Inbox` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, update: int, body: str, at: Millis) -> bool:
        return self._rows.run(ADD, {"update": update, "body": body, "at": at}).rowcount == 1

    def done(self, update: int) -> bool:
        return self._rows.run(DONE, {"update": update}).rowcount == 1

    def open(self) -> Sequence[tuple[int, str]]:
        return [(row["update_id"], row["body"]) for row in self._rows.run(OPEN)]

    def prune(self, before: Millis) -> None:
        self._rows.run(PRUNE, {"before": before})
