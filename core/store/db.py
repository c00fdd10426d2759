"""The store over SQLite: one connection that writes, one that reads, one file for our eyes only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from core.errors import StoreBroken
from core.ports.store import Tx
from core.store.connection import Connection
from core.store.faults import fault
from core.store.migrate import Migration, bundled
from core.store.opening import open_reader, open_writer
from core.store.rows import Refused
from core.store.tx import SqliteTx
from core.store.writer import Writer

T = TypeVar("T")


class SqliteStore:
    """`core.ports.store.Store` over one SQLite file."""

    def __init__(
        self,
        path: Path,
        writing: Connection,
        reading: Connection,
        writer: Writer,
        view: SqliteTx,
        refused: Refused,
    ) -> None:
        self._path = path
        self._writing = writing
        self._reading = reading
        self._writer = writer
        self._view = view
        self._refused = refused
        self._closed = False

    @classmethod
    async def open(cls, path: Path, migrations: Sequence[Migration] | None = None) -> SqliteStore:
        """Open or create the database; raises `StoreBroken` or `DiskFull` and leaves the file as it was."""
        steps = bundled() if migrations is None else migrations
        writing = await Connection.open(lambda: open_writer(path, steps))
        try:
            reading = await Connection.open(lambda: open_reader(path))
        except BaseException:
            await writing.close()
            raise
        refused = Refused()
        view = await reading.run(lambda conn: SqliteTx(conn, refused))
        return cls(path, writing, reading, await Writer.start(writing, path, refused), view, refused)

    @property
    def refused(self) -> int:
        """Return how many broken rows were set aside since the store was opened."""
        return len(self._refused)

    async def write(self, change: Callable[[Tx], T]) -> T:
        return await self._writer.write(change)

    async def read(self, query: Callable[[Tx], T]) -> T:
        if self._closed:
            raise StoreBroken(path=self._path, reason="is closed")
        return await self._reading.run(lambda conn: self._snapshot(conn, query))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._writer.stop()
        # The reader first: the last one to close moves the log into the file, and only the writer can.
        await self._reading.close()
        await self._writing.close()

    def _snapshot(self, conn: sqlite3.Connection, query: Callable[[Tx], T]) -> T:
        try:
            conn.execute("BEGIN")
            try:
                return query(self._view)
            finally:
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise fault(self._path, error) or error from error
