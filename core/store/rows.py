"""Turns rows into records and back, the same way for every noun.

A row that cannot be read is refused alone: asked for, it raises `RowRefused`; in a list it is logged,
counted and left out.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
Params = Mapping[str, Any]
NO_PARAMS: Params = {}
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class RowRefused(ValueError):
    """A row holds something this version does not know; the other rows are fine."""

    def __init__(self, table: str, key: tuple[Any, ...], reason: str) -> None:
        self.table, self.key, self.reason = table, key, reason
        super().__init__(f"row {key} of {table} is refused: {reason}")


class Refused:
    """The rows that were refused since the store was opened, each counted and logged once."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, tuple[Any, ...]], str] = {}

    def add(self, error: RowRefused) -> None:
        """Remember a refused row."""
        if self._seen.setdefault((error.table, error.key), error.reason) is error.reason:
            log.error("%s", error)

    def __len__(self) -> int:
        return len(self._seen)


class Rows:
    """What a repository needs of a connection: run SQL, read one record, read many."""

    def __init__(self, conn: sqlite3.Connection, table: str, refused: Refused) -> None:
        self._conn = conn
        self._table = table
        self._refused = refused

    def run(self, sql: str, params: Params = NO_PARAMS) -> sqlite3.Cursor:
        """Execute a statement."""
        try:
            return self._conn.execute(sql, params)
        except UnicodeEncodeError:
            # Half of a surrogate pair, which JSON can carry and UTF-8 cannot: an agent may write one.
            return self._conn.execute(sql, {name: _storable(value) for name, value in params.items()})

    def one(self, make: Callable[[sqlite3.Row], T], sql: str, params: Params) -> T | None:
        """Return the record of the first row, or None; raises `RowRefused`."""
        row = self.run(sql, params).fetchone()
        return None if row is None else self._read(make, row)

    def many(self, make: Callable[[sqlite3.Row], T], sql: str, params: Params = NO_PARAMS) -> list[T]:
        """Return the records of all rows that can be read."""
        records = []
        for row in self.run(sql, params).fetchall():
            try:
                records.append(self._read(make, row))
            except RowRefused as error:
                self._refused.add(error)
        return records

    def _read(self, make: Callable[[sqlite3.Row], T], row: sqlite3.Row) -> T:
        try:
            return make(row)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RowRefused(self._table, tuple(row)[:2], str(error)) from error


def to_json(value: Any) -> str:
    """Return compact JSON text."""
    return _ENCODER.encode(value)


def one_of(value: str, *known: str) -> Any:
    """Return a value of a closed set of words; raises `ValueError` for any other."""
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return value


def _storable(value: Any) -> Any:
    """Return text UTF-8 can carry: halves that belong together are joined, lone ones replaced."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
