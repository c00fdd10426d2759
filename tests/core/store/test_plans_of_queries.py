"""No query walks a table that grows: each finds its rows through an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from core.store import migrate

NOUNS = [
    "sessions",
    "plans",
    "requests",
    "decisions",
    "worktrees",
    "routes",
    "users",
    "inbox",
    "outbox",
    "commands",
    "journal",
]
# These return everything there is, or the newest rows by their key.
WHOLE = {"ALL", "RECENT", "AUDITED"}
# Walks through an index that holds only what is asked for, and through the values a caller gave.
HARMLESS = {"session_live", "outbox_due", "outbox_sending", "inbox_open", "command_open", "ROW", "1:"}
WORDS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def queries() -> Iterator[tuple[str, str, str]]:
    for noun in NOUNS:
        for name, value in vars(import_module(f"core.store.{noun}")).items():
            if name.isupper() and isinstance(value, str) and value.split()[0] in WORDS:
                yield noun, name, value


@pytest.fixture(scope="module")
def conn() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    migrate.apply(conn, migrate.bundled())
    yield conn
    conn.close()


@pytest.mark.parametrize(("noun", "name", "sql"), [pytest.param(*q, id=f"{q[0]}-{q[1]}") for q in queries()])
def test_a_query_walks_no_table(conn: sqlite3.Connection, noun: str, name: str, sql: str) -> None:
    names = {word.strip("(),:;").split(")")[0] for word in sql.replace("(", " ").split() if ":" in word}
    params = dict.fromkeys((word.lstrip(":").rstrip(",);") for word in names), "[]")
    plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", params)]
    walks = [step for step in plan if step.startswith("SCAN") and step.split()[-1] not in HARMLESS]
    assert name in WHOLE or walks == [], plan
    assert name in WHOLE or not any("TEMP B-TREE" in step for step in plan), plan


def test_every_module_of_a_noun_has_its_queries_looked_at() -> None:
    folder = Path(migrate.__file__).parent
    others = {"__init__", "connection", "db", "faults", "group", "migrate", "opening", "rows", "tx", "writer"}
    assert {file.stem for file in folder.glob("*.py")} - others == set(NOUNS)
