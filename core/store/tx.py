"""A transaction as rules see it: one repository per noun, all over one connection."""

from __future__ import annotations

import sqlite3

from core.store.commands import Commands
from core.store.decisions import Decisions
from core.store.inbox import Inbox
from core.store.journal import Journal
from core.store.outbox import Outbox
from core.store.plans import Plans
from core.store.requests import Requests
from core.store.routes import Routes
from core.store.rows import Refused, Rows
from core.store.sessions import Sessions
from core.store.users import Users
from core.store.worktrees import Worktrees


class SqliteTx:
    """`core.ports.store.Tx` over a SQLite connection. Valid while its function runs."""

    def __init__(self, conn: sqlite3.Connection, refused: Refused) -> None:
        self.sessions = Sessions(Rows(conn, "session", refused))
        self.plans = Plans(Rows(conn, "plan", refused))
        self.requests = Requests(Rows(conn, "request", refused))
        self.decisions = Decisions(Rows(conn, "decision", refused))
        self.worktrees = Worktrees(Rows(conn, "worktree", refused))
        self.routes = Routes(Rows(conn, "route", refused))
        self.users = Users(Rows(conn, "user", refused))
        self.inbox = Inbox(Rows(conn, "inbox", refused))
        self.outbox = Outbox(Rows(conn, "outbox", refused))
        self.commands = Commands(Rows(conn, "command", refused))
        self.journal = Journal(Rows(conn, "event", refused))
