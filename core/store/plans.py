"""Rows of plan versions; a version is replaced, never renumbered."""

from __future__ import annotations

import sqlite3

from core.model import Plan, SessionId
from core.states import ApprovalState
from core.store.rows import Rows

PUT = """
INSERT INTO plan (session, version, request, text, state, tree, created_at)
VALUES (:session, :version, :request, :text, :state, :tree, :created_at)
ON CONFLICT (session, version) DO UPDATE SET
    request = excluded.request, text = excluded.text, state = excluded.state, tree = excluded.tree,
    created_at = excluded.created_at
"""
GET = "SELECT * FROM plan WHERE session = :session AND version = :version"
BY_REQUEST = """
SELECT * FROM plan WHERE session = :session AND request = :request ORDER BY version DESC LIMIT 1
"""


class Plans:
    """`core.ports.store.Plans` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, plan: Plan) -> None:
        row = {
            "session": plan.session,
            "version": plan.version,
            "request": plan.request,
            "text": plan.text,
            "state": plan.state,
            "tree": plan.tree,
            "created_at": plan.created_at,
        }
        self._rows.run(PUT, row)

    def get(self, session: SessionId, version: int) -> Plan | None:
        return self._rows.one(_from_row, GET, {"session": session, "version": version})

    def by_request(self, session: SessionId, request: str) -> Plan | None:
        return self._rows.one(_from_row, BY_REQUEST, {"session": session, "request": request})


def _from_row(row: sqlite3.Row) -> Plan:
    return Plan(
        session=row["session"],
        version=row["version"],
        request=row["request"],
        text=row["text"],
        state=ApprovalState(row["state"]),
        tree=row["tree"],
        created_at=row["created_at"],
    )
