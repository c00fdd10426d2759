"""The shape grows in steps, and a step that fails leaves the shape before it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from core import errors
from core.store import migrate, opening
from core.store.db import SqliteStore
from core.store.migrate import Migration, MigrationFailed
from tests.core.store import records
from tests.core.store.disk import small_file_system

FIRST = migrate.bundled()[0]
GOOD = Migration(2, "colour", "ALTER TABLE user ADD COLUMN colour TEXT;")
BAD = Migration(3, "bad", "CREATE TABLE half (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);")


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    yield conn
    conn.close()


def tables(conn: sqlite3.Connection) -> set[str]:
    return {row[0] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_the_written_schema_is_what_all_migrations_make() -> None:
    written = files("core.store").joinpath("schema.sql").read_text("utf-8")
    assert written == migrate.schema(migrate.bundled())


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [migration.number for migration in migrate.bundled()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_each_migration_is_recorded(conn: sqlite3.Connection) -> None:
    migrate.apply(conn, [FIRST, GOOD])
    rows = conn.execute("SELECT number, name, applied_at FROM migration").fetchall()
    assert [row[:2] for row in rows] == [(1, "first"), (2, "colour")]
    assert all(row[2] > 1_700_000_000_000 for row in rows)
    assert migrate.version(conn) == 2


def test_applying_again_changes_nothing(conn: sqlite3.Connection) -> None:
    migrate.apply(conn, [FIRST, GOOD])
    migrate.apply(conn, [FIRST, GOOD])
    assert migrate.version(conn) == 2


def test_a_migration_that_fails_leaves_the_version_before_it(conn: sqlite3.Connection) -> None:
    with pytest.raises(MigrationFailed, match=r"0003_bad.*nowhere"):
        migrate.apply(conn, [FIRST, GOOD, BAD])
    assert migrate.version(conn) == 2
    assert "half" not in tables(conn)
    assert not conn.in_transaction


def test_a_migration_that_commits_by_itself_is_refused(conn: sqlite3.Connection) -> None:
    with pytest.raises(MigrationFailed, match="ends the transaction"):
        migrate.apply(conn, [FIRST, Migration(2, "x", "COMMIT;")])
    assert migrate.version(conn) == 1


def test_a_migration_that_orphans_rows_is_refused(conn: sqlite3.Connection) -> None:
    orphan = "INSERT INTO route (session, chat, thread, topic_wanted) VALUES (99, 1, NULL, 0);"
    with pytest.raises(MigrationFailed, match="references"):
        migrate.apply(conn, [FIRST, Migration(2, "x", orphan)])
    assert conn.execute("SELECT count(*) FROM route").fetchone()[0] == 0


def test_a_database_of_somebody_else_is_not_migrated(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TABLE theirs (a)")
    with pytest.raises(migrate.Foreign):
        migrate.apply(conn, [FIRST])
    assert tables(conn) == {"theirs"}


async def test_a_copy_is_kept_before_the_shape_changes(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = await SqliteStore.open(path, [FIRST])
    await store.write(lambda tx: tx.sessions.add(records.session()))
    await store.close()
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]

    store = await SqliteStore.open(path, [FIRST, GOOD])
    assert await store.read(lambda tx: tx.sessions.by_name("demo")) is not None
    await store.close()
    copy = tmp_path / "store.db.bak-1"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["store.db", copy.name]
    assert copy.stat().st_mode & 0o777 == 0o600

    store = await SqliteStore.open(copy, [FIRST])
    assert await store.read(lambda tx: tx.sessions.by_name("demo")) is not None
    await store.close()


async def test_a_failing_migration_is_told_and_the_old_version_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await (await SqliteStore.open(path, [FIRST])).close()
    with pytest.raises(errors.StoreBroken, match="0003_bad"):
        await SqliteStore.open(path, [FIRST, BAD])
    await (await SqliteStore.open(path, [FIRST])).close()


async def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with small_file_system(tmp_path, 400):
        await (await SqliteStore.open(path, [FIRST])).close()
        filler = tmp_path / "filler"
        filler.write_bytes(b"x" * (400 * 1024 - path.stat().st_size - 100 * 1024))
        before = path.read_bytes()
        with pytest.raises(errors.DiskFull):
            await SqliteStore.open(path, [FIRST, GOOD])
        assert {file.name for file in tmp_path.iterdir()} == {"store.db", "filler"}
        assert path.read_bytes() == before
        filler.unlink()
        await (await SqliteStore.open(path, [FIRST, GOOD])).close()
        assert (tmp_path / "store.db.bak-1").read_bytes()[100:] == before[100:]


async def test_a_newer_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await (await SqliteStore.open(path, [FIRST, GOOD])).close()
    before = path.read_bytes()
    with pytest.raises(errors.StoreBroken, match="newer Leadhand") as refused:
        await SqliteStore.open(path, [FIRST])
    assert refused.value.fields["path"] == str(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]


def test_a_fresh_database_whose_migration_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(errors.StoreBroken):
        opening.open_writer(tmp_path / "store.db", [FIRST, BAD])
    assert list(tmp_path.iterdir()) == []
