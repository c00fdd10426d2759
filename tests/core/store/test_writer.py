"""One commit for many, and no change of one caller on another's account."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from core import errors
from core.model import User, UserId
from core.ports import Tx
from core.states import Role
from core.store import writer
from core.store.db import SqliteStore
from tests.core.store.disk import fill, small_file_system
from tests.core.store.records import NOW


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "store.db")
    yield opened
    await opened.close()


def add(update: int, body: str = "x") -> Callable[[Tx], bool]:
    return lambda tx: tx.inbox.add(update, body, NOW)


async def stored(store: SqliteStore) -> list[int]:
    return [update for update, _ in await store.read(lambda tx: tx.inbox.open())]


async def statements(store: SqliteStore) -> list[str]:
    """Everything the writing connection executes from now on."""
    seen: list[str] = []
    await store._writing.run(lambda conn: conn.set_trace_callback(seen.append))
    return seen


async def test_what_waits_together_is_committed_together(store: SqliteStore) -> None:
    seen = await statements(store)
    await asyncio.gather(*(store.write(add(n)) for n in range(100)))
    commits = [sql for sql in seen if sql == "COMMIT"]
    assert len(commits) <= 2


async def test_a_lone_change_waits_for_nobody(store: SqliteStore) -> None:
    seen = await statements(store)
    await store.write(add(1))
    assert [sql.split()[0] for sql in seen] == ["BEGIN", "SAVEPOINT", "INSERT", "RELEASE", "COMMIT"]


async def test_a_change_half_done_is_undone_alone(store: SqliteStore) -> None:
    def half(tx: Tx) -> None:
        tx.inbox.add(1000, "x", NOW)
        tx.users.put(User(UserId(1), "x", Role.OWNER))
        raise KeyError("half")

    def whole(tx: Tx) -> None:
        assert tx.users.get(UserId(1)) is None
        tx.inbox.add(1001, "x", NOW)

    outcomes = await asyncio.gather(
        store.write(add(1)), store.write(half), store.write(whole), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [bool, KeyError, type(None)]
    assert await stored(store) == [1, 1001]


@pytest.mark.parametrize("error", [SystemExit(3), StopIteration(), asyncio.CancelledError(), sqlite3.Error()])
async def test_whatever_a_change_raises_the_writer_goes_on(store: SqliteStore, error: BaseException) -> None:
    def change(tx: Tx) -> None:
        raise error

    with pytest.raises((type(error), RuntimeError)):
        await store.write(change)
    assert await store.write(add(1))


async def test_a_broken_rule_of_the_schema_is_told_to_its_caller_alone(store: SqliteStore) -> None:
    def orphan(tx: Tx) -> None:
        tx.routes.disarm(1)  # type: ignore[arg-type]
        tx.plans._rows.run("INSERT INTO route VALUES (99, 1, NULL, 0)")  # type: ignore[attr-defined]

    outcomes = await asyncio.gather(store.write(orphan), store.write(add(1)), return_exceptions=True)
    assert isinstance(outcomes[0], sqlite3.IntegrityError)
    assert outcomes[1] is True


async def test_a_caller_that_left_before_its_turn_is_passed_over(store: SqliteStore) -> None:
    tasks = [asyncio.create_task(store.write(add(n))) for n in range(10)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert tasks[4].cancelled()
    assert await stored(store) == [0, 1, 2, 3, 5, 6, 7, 8, 9]


async def test_the_line_is_bounded(store: SqliteStore) -> None:
    tasks = [asyncio.create_task(store.write(add(n))) for n in range(writer.LINE * 2)]
    await asyncio.sleep(0)
    assert len(store._writer._waiting) <= writer.LINE
    await asyncio.gather(*tasks)
    assert await stored(store) == list(range(writer.LINE * 2))


async def test_the_loop_is_free_while_a_change_runs(store: SqliteStore) -> None:
    started, go = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(tx: Tx) -> None:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()

    task = asyncio.create_task(store.write(slow))
    await started.wait()
    assert await stored(store) == []  # readers do not wait for the writer
    go.set()
    await task


async def test_a_writer_that_was_ended_from_outside_refuses(store: SqliteStore) -> None:
    store._writer._task.cancel()
    await asyncio.sleep(0)
    with pytest.raises(errors.StoreBroken, match="closed"):
        await store.write(add(1))


async def test_a_commit_that_is_refused_fails_the_group_and_the_store_goes_on(store: SqliteStore) -> None:
    def late(tx: Tx) -> None:  # the reference is looked at by the commit, not by the statement
        tx.plans._rows.run("PRAGMA defer_foreign_keys=ON")  # type: ignore[attr-defined]
        tx.plans._rows.run("INSERT INTO route VALUES (99, 1, NULL, 0)")  # type: ignore[attr-defined]

    outcomes = await asyncio.gather(store.write(add(1)), store.write(late), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [errors.StoreBroken, errors.StoreBroken]
    assert await stored(store) == []
    assert await store.write(add(1))


async def test_a_change_cannot_end_the_transaction_of_others(store: SqliteStore) -> None:
    def end(tx: Tx) -> None:
        tx.plans._rows.run("ROLLBACK")  # type: ignore[attr-defined]

    outcomes = await asyncio.gather(store.write(add(1)), store.write(end), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [errors.StoreBroken, errors.StoreBroken]
    assert await store.write(add(1))


# ---- the disk -----------------------------------------------------------------------------------------


async def test_a_full_disk_fails_the_group_and_the_store_goes_on(tmp_path: Path) -> None:
    with small_file_system(tmp_path, 2048):
        store = await SqliteStore.open(tmp_path / "store.db")
        await store.write(add(1))
        filler = fill(tmp_path)
        bodies = "x" * 20_000
        outcomes = await asyncio.gather(
            *(store.write(add(n, bodies)) for n in range(2, 32)), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {errors.DiskFull}
        assert len({id(outcome) for outcome in outcomes}) == len(outcomes)
        assert await stored(store) == [1]
        filler.unlink()
        assert await store.write(add(2, bodies))
        assert await stored(store) == [1, 2]
        await store.close()
        reopened = await SqliteStore.open(tmp_path / "store.db")
        assert await stored(reopened) == [1, 2]
        await reopened.close()


async def test_a_change_too_large_for_the_memory_fails_on_a_full_disk_and_the_store_goes_on(
    tmp_path: Path,
) -> None:
    # SQLite writes out what its cache cannot hold before the commit, and gives the transaction up by itself.
    def large(tx: Tx) -> None:
        for number in range(1000):
            tx.inbox.add(number + 100, "x" * 20_000, NOW)

    with small_file_system(tmp_path, 4096):
        store = await SqliteStore.open(tmp_path / "store.db")
        outcomes = await asyncio.gather(
            store.write(add(1)), store.write(large), store.write(add(2)), return_exceptions=True
        )
        assert all(outcome is True or isinstance(outcome, errors.DiskFull) for outcome in outcomes)
        assert isinstance(outcomes[1], errors.DiskFull)
        kept = [number for number, outcome in ((1, outcomes[0]), (2, outcomes[2])) if outcome is True]
        assert await stored(store) == kept
        assert await store.write(add(3))
        await store.close()


async def test_a_damaged_page_is_told_as_a_broken_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = await SqliteStore.open(path)
    await store.write(lambda tx: [tx.inbox.add(n, "x" * 2000, NOW) for n in range(200)])
    await store.close()
    data = path.read_bytes()
    path.write_bytes(data[:-200_000] + b"\x5a" * 200_000)
    store = await SqliteStore.open(path)  # the last close was clean: only what is used is looked at
    with pytest.raises(errors.StoreBroken, match="damaged"):
        await store.read(lambda tx: tx.inbox.open())
    with pytest.raises(errors.StoreBroken, match="damaged"):
        await store.write(lambda tx: [tx.inbox.done(n) for n in range(200)])
    await store.close()


async def test_readers_and_the_writer_get_on(store: SqliteStore) -> None:
    async def write() -> None:
        for number in range(200):
            await store.write(add(number))

    async def read() -> Any:
        counts = [len(await stored(store)) for _ in range(200)]
        assert counts == sorted(counts)

    await asyncio.gather(write(), read(), read())
