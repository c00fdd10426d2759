"""A row this version cannot read is refused alone."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.events import Message
from core.model import SessionId, User, UserId
from core.ports import Command, Record, Tx, Verb
from core.states import NoticeKind, Priority, Role
from core.store.db import SqliteStore
from core.store.rows import RowRefused, one_of, to_json
from tests.core.store import records
from tests.core.store.records import CHAT, NOW


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "store.db")
    await opened.write(fill)
    yield opened
    await opened.close()


def fill(tx: Tx) -> None:
    """Two rows of every noun; the first ones are spoilt later."""
    for number in (1, 2):
        session = tx.sessions.add(records.session(f"s{number}")).id
        tx.users.put(User(UserId(number), "x", Role.OWNER))
        tx.requests.add_question(records.question(SessionId(1)))
        tx.decisions.add(records.decision(SessionId(1), f"d{number}"))
        tx.outbox.put(f"k{number}", NoticeKind.PLAN, CHAT, None, session, {}, Priority.CARD, NOW)
        tx.commands.add("local", Command(f"c{number}", SessionId(1), Verb.PROMPT), NOW)
        tx.journal.record(Record(SessionId(1), 1, number, 0, Message("x")), NOW)


def spoil(store: SqliteStore, sql: str) -> None:
    """Change rows from outside, past every check."""
    with sqlite3.connect(store._path) as conn:
        conn.execute("PRAGMA ignore_check_constraints=ON")
        assert conn.execute(sql).rowcount == 1
    conn.close()


SPOILT = {
    "UPDATE session SET status = 'dreaming' WHERE id = 1": lambda tx: tx.sessions.recent(5),
    "UPDATE session SET hold = 'weather' WHERE id = 1": lambda tx: tx.sessions.live(),
    "UPDATE session SET queued = '{' WHERE id = 1": lambda tx: tx.sessions.live(),
    "UPDATE user SET role = 'king' WHERE id = 1": lambda tx: tx.users.all(),
    "UPDATE request SET state = 'allowed', body = '[]' WHERE id = 1": lambda tx: [
        *tx.requests.pending(SessionId(1))
    ],
    "UPDATE request SET body = '{}' WHERE id = 1": lambda tx: tx.requests.pending(SessionId(1)),
    "UPDATE decision SET kind = 'guess' WHERE id = 'd1'": lambda tx: tx.decisions.pending(SessionId(1)),
    "UPDATE outbox SET kind = 'poem' WHERE id = 1": lambda tx: tx.outbox.due(NOW),
    "UPDATE outbox SET data = 'x' WHERE id = 1": lambda tx: tx.outbox.due(NOW),
    "UPDATE command SET verb = 'dance' WHERE id = 'c1'": lambda tx: tx.commands.open(),
    """UPDATE event SET data = '{"kind":"party"}' WHERE id = 1""": lambda tx: tx.journal.tail(
        SessionId(1), 5
    ),
}


@pytest.mark.parametrize("sql", SPOILT)
async def test_a_list_leaves_out_the_one_row_it_cannot_read(
    store: SqliteStore, sql: str, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(store, sql)
    table = sql.split()[1]
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            assert len(await store.read(SPOILT[sql])) == 1
    if "state = 'allowed'" in sql:  # not asked for, so not refused either
        assert store.refused == 0
        return
    assert store.refused == 1
    (line,) = caplog.messages
    assert f"of {table} is refused" in line


async def test_a_row_that_is_asked_for_says_what_is_wrong_with_it(store: SqliteStore) -> None:
    spoil(store, "UPDATE session SET lifecycle = 'dreaming' WHERE id = 1")
    with pytest.raises(RowRefused, match=r"row \(1, 's1'\) of session is refused: 'dreaming'"):
        await store.read(lambda tx: tx.sessions.get(SessionId(1)))
    assert (await store.read(lambda tx: tx.sessions.get(SessionId(2)))).name == "s2"
    assert await store.read(lambda tx: tx.sessions.names_like("s")) == {"s1", "s2"}


async def test_a_refused_row_can_be_replaced(store: SqliteStore) -> None:
    spoil(store, "UPDATE session SET lifecycle = 'dreaming' WHERE id = 1")
    good = replace(records.session("s1"), id=SessionId(1))
    await store.write(lambda tx: tx.sessions.save(good))
    assert await store.read(lambda tx: tx.sessions.get(SessionId(1))) == good


async def test_unknown_words_cannot_be_written(store: SqliteStore) -> None:
    bad = replace(records.session("s1"), id=SessionId(1), state=replace(records.session().state, status="x"))  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        await store.write(lambda tx: tx.sessions.save(bad))


def test_a_number_that_is_none_is_no_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(float("nan"))


def test_a_word_outside_its_set_is_refused() -> None:
    assert one_of("a", "a", "b") == "a"
    with pytest.raises(ValueError, match="'c' is none of a, b"):
        one_of("c", "a", "b")
