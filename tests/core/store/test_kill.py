"""Killed in the middle of a burst: what was acknowledged is there, and nothing is there by halves."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.model import SessionId
from core.ports import Tx
from core.store.db import SqliteStore

BURST = """
import asyncio, os, sys
from dataclasses import replace
from pathlib import Path
from core.model import ChatId, Millis, SessionId
from core.states import NoticeKind, Priority
from core.store.db import SqliteStore
from tests.core.store import records

async def main(path, first):
    store = await SqliteStore.open(path)
    if first == 0:
        await store.write(lambda tx: tx.sessions.add(records.session()))
    numbers = iter(range(first, 10**9))

    def change(tx, number):
        session = tx.sessions.get(SessionId(1))
        tx.sessions.save(replace(session, turn=session.turn + 1))
        assert tx.inbox.add(number, "body " * 20, Millis(1))
        chat, data = ChatId(1), {"n": number}
        tx.outbox.put(str(number), NoticeKind.REPLY, chat, None, None, data, Priority.CARD, Millis(1))

    async def task():
        for number in numbers:
            await store.write(lambda tx: change(tx, number))
            os.write(1, b"%d\\n" % number)

    await asyncio.gather(*(task() for _ in range(20)))

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


def burst(path: Path, first: int, lines: int) -> set[int]:
    """Write until so many changes were acknowledged, kill, and return all that were."""
    command = [sys.executable, "-c", BURST, str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines(keepends=True)
    return {*acknowledged, *(int(line) for line in rest if line.endswith(b"\n"))}


@pytest.mark.chaos
async def test_a_kill_loses_nothing_that_was_acknowledged_and_leaves_no_halves(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    acknowledged: set[int] = set()

    def check(tx: Tx) -> int:
        updates = {update for update, _ in tx.inbox.open()}
        notices = {int(notice.key) for notice in tx.outbox.due(1)}  # type: ignore[arg-type]
        assert acknowledged <= updates
        assert updates == notices
        assert tx.sessions.get(SessionId(1)).turn == len(updates)
        return max(updates) + 1

    first = 0
    for _ in range(4):
        acknowledged |= burst(path, first, random.randint(1, 400))
        store = await SqliteStore.open(path)
        first = await store.read(check)
        await store.close()
    assert len(acknowledged) >= 4
