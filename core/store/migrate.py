"""Brings a database to the newest shape: numbered SQL files, each in one transaction with its record.

A migration that fails leaves the shape before it. `python -m core.store.migrate` writes the whole shape.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

RECORD = """
INSERT INTO migration (number, name, applied_at)
VALUES (:number, :name, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
"""
HAS_TABLES = "SELECT count(*) FROM sqlite_schema"
HAS_RECORDS = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migration'"
VERSION = "SELECT coalesce(max(number), 0) FROM migration"
SCHEMA = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name"


class Foreign(Exception):
    """The database was not made by Leadhand."""


class MigrationFailed(Exception):
    """A migration could not be applied; the database is as it was before that one."""

    def __init__(self, migration: Migration, reason: str) -> None:
        self.migration = migration
        super().__init__(f"migration {migration.number:04d}_{migration.name} failed: {reason}")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the shape."""

    number: int
    name: str
    sql: str


def bundled() -> Sequence[Migration]:
    """Return the migrations that are part of the package, in order."""
    found = []
    for file in files("core.store").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, file.read_text("utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def version(conn: sqlite3.Connection) -> int:
    """Return the number of the last migration that was applied; 0 for an empty database."""
    if not conn.execute(HAS_TABLES).fetchone()[0]:
        return 0
    if not conn.execute(HAS_RECORDS).fetchone()[0]:
        raise Foreign
    number: int = conn.execute(VERSION).fetchone()[0]
    return number


def apply(conn: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Apply the migrations that are missing. `conn` is in autocommit mode."""
    present = version(conn)
    # A table that is rebuilt would take the rows that refer to it along; the check comes before each commit.
    conn.execute("PRAGMA foreign_keys=OFF")
    for migration in migrations:
        if migration.number > present:
            _step(conn, migration)
    conn.execute("PRAGMA foreign_keys=ON")


def _step(conn: sqlite3.Connection, migration: Migration) -> None:
    try:
        conn.executescript("BEGIN IMMEDIATE;" + migration.sql)
        if not conn.in_transaction:
            raise MigrationFailed(migration, "it ends the transaction itself")
        if conn.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise MigrationFailed(migration, "it breaks references between rows")
        conn.execute(RECORD, {"number": migration.number, "name": migration.name})
        conn.execute("COMMIT")
    except (sqlite3.Error, MigrationFailed) as error:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        if isinstance(error, MigrationFailed):
            raise
        raise MigrationFailed(migration, str(error)) from error


def schema(migrations: Sequence[Migration]) -> str:
    """Return the shape of a database that has all migrations."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    try:
        apply(conn, migrations)
        statements = [row[0] for row in conn.execute(SCHEMA)]
    finally:
        conn.close()
    head = "-- The shape after all migrations, as `python -m core.store.migrate` writes it.\n"
    return head + "".join(f"\n{statement};\n" for statement in statements)


if __name__ == "__main__":
    sys.stdout.write(schema(bundled()))
