"""Rows of paired people and of the groups that may be talked in."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from core.model import ChatId, User, UserId
from core.states import Role
from core.store.rows import Rows

PUT = """
INSERT INTO user (id, name, role, locale) VALUES (:id, :name, :role, :locale)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, locale = excluded.locale
"""
GET = "SELECT * FROM user WHERE id = :id"
ALL = "SELECT * FROM user ORDER BY id"
ALLOW = "INSERT INTO allowed_chat (chat, allowed_by) VALUES (:chat, :by) ON CONFLICT (chat) DO NOTHING"
ALLOWED = "SELECT 1 FROM allowed_chat WHERE chat = :chat"


class Users:
    """`core.ports.store.Users` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, user: User) -> None:
        self._rows.run(PUT, {"id": user.id, "name": user.name, "role": user.role, "locale": user.locale})

    def get(self, id: UserId) -> User | None:
        return self._rows.one(_from_row, GET, {"id": id})

    def all(self) -> Sequence[User]:
        return self._rows.many(_from_row, ALL)

    def allow_chat(self, chat: ChatId, by: UserId) -> None:
        self._rows.run(ALLOW, {"chat": chat, "by": by})

    def chat_allowed(self, chat: ChatId) -> bool:
        return self._rows.run(ALLOWED, {"chat": chat}).fetchone() is not None


def _from_row(row: sqlite3.Row) -> User:
    return User(id=row["id"], name=row["name"], role=Role(row["role"]), locale=row["locale"])
