"""Where sessions talk, and whose next message in a place is feedback."""

from __future__ import annotations

import sqlite3

from core.model import ChatId, Expectation, Route, SessionId, UserId
from core.store.rows import Rows

PUT = """
INSERT INTO route (session, chat, thread, topic_wanted) VALUES (:session, :chat, :thread, :topic_wanted)
ON CONFLICT (session) DO UPDATE SET
    chat = excluded.chat, thread = excluded.thread, topic_wanted = excluded.topic_wanted
"""
GET = "SELECT * FROM route WHERE session = :session"
BY_TOPIC = """
SELECT session FROM route WHERE chat = :chat AND thread = :thread ORDER BY session DESC LIMIT 1
"""
EXPECT = """
INSERT OR REPLACE INTO expectation (chat, thread, user, session, version)
VALUES (:chat, :thread, :user, :session, :version)
"""
EXPECTED = """
SELECT * FROM expectation
WHERE chat = :chat AND coalesce(thread, 0) = coalesce(:thread, 0) AND user = :user
"""
DISARM = "DELETE FROM expectation WHERE session = :session"
MIGRATE_ROUTES = "UPDATE route SET chat = :new WHERE chat = :old"
MIGRATE_EXPECTATIONS = "UPDATE OR REPLACE expectation SET chat = :new WHERE chat = :old"
MIGRATE_ALLOWED = "UPDATE OR REPLACE allowed_chat SET chat = :new WHERE chat = :old"
# Message numbers of the old group mean nothing in the new one: what is shown again there is a new message.
MIGRATE_DECISIONS = "UPDATE decision SET chat = :new, message = NULL WHERE chat = :old"
MIGRATE_NOTICES = "UPDATE outbox SET chat = :new, parts = '[]' WHERE chat = :old"


class Routes:
    """`core.ports.store.Routes` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, route: Route) -> None:
        row = {
            "session": route.session,
            "chat": route.chat,
            "thread": route.thread,
            "topic_wanted": route.topic_wanted,
        }
        self._rows.run(PUT, row)

    def get(self, session: SessionId) -> Route | None:
        return self._rows.one(_route, GET, {"session": session})

    def by_topic(self, chat: ChatId, thread: int) -> SessionId | None:
        row = self._rows.run(BY_TOPIC, {"chat": chat, "thread": thread}).fetchone()
        return None if row is None else SessionId(row["session"])

    def expect(self, expectation: Expectation) -> None:
        row = {
            "chat": expectation.chat,
            "thread": expectation.thread,
            "user": expectation.user,
            "session": expectation.session,
            "version": expectation.version,
        }
        self._rows.run(EXPECT, row)

    def expected(self, chat: ChatId, thread: int | None, user: UserId) -> Expectation | None:
        return self._rows.one(_expectation, EXPECTED, {"chat": chat, "thread": thread, "user": user})

    def disarm(self, session: SessionId) -> None:
        self._rows.run(DISARM, {"session": session})

    def migrate(self, old: ChatId, new: ChatId) -> None:
        for sql in (
            MIGRATE_ROUTES,
            MIGRATE_EXPECTATIONS,
            MIGRATE_ALLOWED,
            MIGRATE_DECISIONS,
            MIGRATE_NOTICES,
        ):
            self._rows.run(sql, {"old": old, "new": new})


def _route(row: sqlite3.Row) -> Route:
    return Route(row["session"], row["chat"], row["thread"], bool(row["topic_wanted"]))


def _expectation(row: sqlite3.Row) -> Expectation:
    return Expectation(row["chat"], row["thread"], row["user"], row["session"], row["version"])
