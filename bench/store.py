"""What group commit is worth: rows stored by a hundred tasks, against a transaction each with aiosqlite."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

import aiosqlite

from bench.result import Result
from core.model import Millis
from core.store.db import SqliteStore
from core.store.inbox import ADD

TASKS = 100
ROUNDS = 9
GROUPED, NAIVE = 8_000, 800  # rows a round: each side runs for about the same time
LIMIT = 1 / 15
BODY = "x" * 300
NOW = Millis(1)


def run() -> list[Result]:
    """Measure both sides in turn and compare their medians."""
    with tempfile.TemporaryDirectory() as folder:
        grouped, naive = asyncio.run(_measure(Path(folder) / "store.db"))
    against = "aiosqlite BEGIN, INSERT, COMMIT under a lock"
    return [Result("store one row, 100 tasks, synchronous=FULL", grouped, naive, "us", against, LIMIT)]


async def _measure(path: Path) -> tuple[float, float]:
    store = await SqliteStore.open(path)
    naive = await aiosqlite.connect(path, isolation_level=None)
    await naive.execute("PRAGMA synchronous=FULL")
    numbers, lock = count(1), asyncio.Lock()

    async def one_naive(number: int) -> None:
        async with lock:
            await naive.execute("BEGIN IMMEDIATE")
            await naive.execute(ADD, {"update": number, "body": BODY, "at": NOW})
            await naive.execute("COMMIT")

    async def one_grouped(number: int) -> None:
        await store.write(lambda tx: tx.inbox.add(number, BODY, NOW))

    times = [
        (await _time(one_grouped, numbers, GROUPED), await _time(one_naive, numbers, NAIVE))
        for _ in range(ROUNDS)
    ]
    await naive.close()
    await store.close()
    return median(ours for ours, _ in times), median(theirs for _, theirs in times)


async def _time(one: Callable[[int], Awaitable[None]], numbers: Iterator[int], rows: int) -> float:
    """Return microseconds a row."""

    async def task() -> None:
        for _ in range(rows // TASKS):
            await one(next(numbers))

    start = perf_counter()
    await asyncio.gather(*(task() for _ in range(TASKS)))
    return (perf_counter() - start) / rows * 1e6
