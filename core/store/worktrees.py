"""Rows of worktrees, one a session."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from core.events import revive_changes
from core.model import SessionId, Worktree
from core.store.rows import Rows, to_json

PUT = """
INSERT INTO worktree (session, path, branch, base, base_sha, base_tree, changes, merged, backup)
VALUES (:session, :path, :branch, :base, :base_sha, :base_tree, :changes, :merged, :backup)
ON CONFLICT (session) DO UPDATE SET
    path = excluded.path, branch = excluded.branch, base = excluded.base, base_sha = excluded.base_sha,
    base_tree = excluded.base_tree, changes = excluded.changes, merged = excluded.merged,
    backup = excluded.backup
"""
GET = "SELECT * FROM worktree WHERE session = :session"


class Worktrees:
    """`core.ports.store.Worktrees` over SQLite."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, worktree: Worktree) -> None:
        row = {
            "session": worktree.session,
            "path": worktree.path,
            "branch": worktree.branch,
            "base": worktree.base,
            "base_sha": worktree.base_sha,
            "base_tree": worktree.base_tree,
            "changes": None if worktree.changes is None else to_json(asdict(worktree.changes)),
            "merged": worktree.merged,
            "backup": worktree.backup,
        }
        self._rows.run(PUT, row)

    def get(self, session: SessionId) -> Worktree | None:
        return self._rows.one(_from_row, GET, {"session": session})


def _from_row(row: sqlite3.Row) -> Worktree:
    return Worktree(
        session=row["session"],
        path=row["path"],
        branch=row["branch"],
        base=row["base"],
        base_sha=row["base_sha"],
        base_tree=row["base_tree"],
        changes=None if row["changes"] is None else revive_changes(json.loads(row["changes"])),
        merged=row["merged"],
        backup=row["backup"],
    )
