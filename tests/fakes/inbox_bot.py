"""A bot in its own process, to be killed: python -m tests.fakes.inbox_bot API FOLDER.

It journals updates in SQLite and notes in a file what it began and what it finished to handle.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import telegram
from telegram.ext import ContextTypes, TypeHandler

from bot.inbox import JournalQueue
from bot.lanes import LaneLimiter
from bot.ordering import PerChat
from bot.transport import build
from tests.fakes.bot_api import TOKEN


class SqliteInbox:
    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("CREATE TABLE IF NOT EXISTS inbox (id INTEGER PRIMARY KEY, body TEXT, done INT)")

    async def journal(self, update: int, body: str) -> bool:
        row = self._db.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, 0)", (update, body))
        return row.rowcount == 1

    async def handled(self, update: int) -> None:
        self._db.execute("UPDATE inbox SET done = 1 WHERE id = ?", (update,))

    async def waiting(self) -> Sequence[tuple[int, str]]:
        return self._db.execute("SELECT id, body FROM inbox WHERE done = 0 ORDER BY id").fetchall()


async def main(api: str, folder: Path) -> None:
    inbox = SqliteInbox(folder / "inbox.db")
    notes = (folder / "notes").open("a", buffering=1)

    async def handle(update: telegram.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        notes.write(f"begin {update.update_id}\n")
        await asyncio.sleep(0.02)
        notes.write(f"end {update.update_id}\n")

    line = build(
        TOKEN,
        api,
        limiter=LaneLimiter(),
        queue=JournalQueue(inbox),
        processor=PerChat(inbox.handled),
    )
    line.app.add_handler(TypeHandler(telegram.Update, handle))
    await line.connect()
    await line.receive()
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
