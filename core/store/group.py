"""Runs the changes that wait as one commit.

A change that fails is undone alone and tells only its caller; a commit that fails tells all of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import StoreBroken
from core.store.faults import fault
from core.store.tx import SqliteTx

Change = Callable[[SqliteTx], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change."""

    result: Any = None
    error: BaseException | None = None


class _Undone(Exception):
    """SQLite gave the whole transaction up in the middle of it."""

    def __init__(self, cause: BaseException) -> None:
        self.cause = cause


def run(conn: sqlite3.Connection, tx: SqliteTx, path: Path, changes: Sequence[Change]) -> list[Outcome]:
    """Run changes in one transaction and return an outcome for each; never raises for the disk."""
    try:
        conn.execute("BEGIN IMMEDIATE")
        outcomes = [_one(conn, tx, change) for change in changes]
        conn.execute("COMMIT")
    except (sqlite3.Error, _Undone) as error:
        cause = error.cause if isinstance(error, _Undone) else error
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        return [Outcome(error=_lost(path, cause)) for _ in changes]
    return [
        outcome if outcome.error is None else Outcome(error=_own(path, outcome.error)) for outcome in outcomes
    ]


def _one(conn: sqlite3.Connection, tx: SqliteTx, change: Change) -> Outcome:
    conn.execute("SAVEPOINT change")
    try:
        outcome = Outcome(change(tx))
    except BaseException as error:  # whatever it is, it belongs to the caller
        if not conn.in_transaction:
            raise _Undone(error) from error
        conn.execute("ROLLBACK TO change")
        outcome = Outcome(error=error)
    conn.execute("RELEASE change")
    return outcome


def _own(path: Path, error: BaseException) -> BaseException:
    """Return what a change's caller is told: an error of the file in words, any other as it is."""
    known = fault(path, error) if isinstance(error, sqlite3.Error) else None
    if known is not None:
        known.__cause__ = error
    return known or error


def _lost(path: Path, error: BaseException) -> BaseException:
    """Return what every caller of a lost group is told; a new error for each."""
    known = fault(path, error) if isinstance(error, sqlite3.Error) else None
    told = known or StoreBroken(path=path, reason=f"the change was undone ({error})")
    told.__cause__ = error
    return told
