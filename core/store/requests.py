"""Rows of questions and permissions: one table and one row of ids, so that their order is known."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from core.events import revive_item
from core.model import Json, Permission, Question, SessionId
from core.store.rows import Rows, one_of, to_json

ADD = """
INSERT INTO request (session, type, request, state, body, created_at)
VALUES (:session, :type, :request, :state, :body, :created_at)
"""
SAVE = "UPDATE request SET state = :state, body = :body WHERE id = :id AND type = :type"
GET = "SELECT * FROM request WHERE id = :id AND type = :type"
PENDING = "SELECT * FROM request WHERE session = :session AND state = 'pending' ORDER BY id"
BY_REQUEST = "SELECT * FROM request WHERE session = :session AND request = :request ORDER BY id DESC LIMIT 1"


class Requests:
    """`core.ports.store.Requests` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add_question(self, question: Question) -> Question:
        return replace(question, id=self._rows.run(ADD, _to_row(question)).lastrowid or 0)

    def add_permission(self, permission: Permission) -> Permission:
        return replace(permission, id=self._rows.run(ADD, _to_row(permission)).lastrowid or 0)

    def question(self, id: int) -> Question | None:
        return self._rows.one(_question, GET, {"id": id, "type": "question"})

    def permission(self, id: int) -> Permission | None:
        return self._rows.one(_permission, GET, {"id": id, "type": "permission"})

    def save(self, row: Question | Permission) -> None:
        if not self._rows.run(SAVE, _to_row(row)).rowcount:
            raise KeyError(row.id)

    def pending(self, session: SessionId) -> Sequence[Question | Permission]:
        return self._rows.many(_from_row, PENDING, {"session": session})

    def by_request(self, session: SessionId, request: str) -> Question | Permission | None:
        return self._rows.one(_from_row, BY_REQUEST, {"session": session, "request": request})


def _to_row(record: Question | Permission) -> dict[str, Any]:
    if isinstance(record, Question):
        kind, body = "question", _question_body(record)
    else:
        kind, body = "permission", _permission_body(record)
    return {
        "id": record.id,
        "session": record.session,
        "type": kind,
        "request": record.request,
        "state": record.state,
        "body": to_json(body),
        "created_at": record.created_at,
    }


def _question_body(question: Question) -> Json:
    return {"items": [asdict(item) for item in question.items], "answers": question.answers}


def _permission_body(permission: Permission) -> Json:
    return {
        "tool": permission.tool,
        "kind": permission.kind,
        "title": permission.title,
        "detail": permission.detail,
    }


def _from_row(row: sqlite3.Row) -> Question | Permission:
    return _question(row) if row["type"] == "question" else _permission(row)


def _question(row: sqlite3.Row) -> Question:
    body = json.loads(row["body"])
    return Question(
        id=row["id"],
        session=row["session"],
        request=row["request"],
        items=tuple(revive_item(item) for item in body["items"]),
        answers=body["answers"],
        state=one_of(row["state"], "pending", "answered", "cancelled"),
        created_at=row["created_at"],
    )


def _permission(row: sqlite3.Row) -> Permission:
    body = json.loads(row["body"])
    return Permission(
        id=row["id"],
        session=row["session"],
        request=row["request"],
        tool=body["tool"],
        kind=body["kind"],
        title=body["title"],
        detail=body["detail"],
        state=one_of(row["state"], "pending", "allowed", "denied", "cancelled"),
        created_at=row["created_at"],
    )
