"""Twenty agents, ten kills of either half at random moments: no agent dies, no line is lost or doubled."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.core.keeper.harness import House, keeper_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AGENTS = 20
KILLS = 10
AGENT = """
import select, sys, time
n = 0; heard = 0; data = b''
while True:
    if select.select([0], [], [], 0.005)[0]:
        import os
        block = os.read(0, 65536)
        if not block: break
        data += block
        *lines, data = data.split(b'\\n')
        for line in lines: print('heard', line.decode(), flush=True)
    print('tick', n, 'x' * (n * 37 % 400), flush=True); n += 1
"""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with keeper_in(tmp_path) as house:
        yield house


async def _talk(house: House, run: str, stop: asyncio.Event) -> int:
    said = 0
    while not stop.is_set():
        await house.keeper.write(run, b"%d\n" % said, f"{run}-{said}")
        said += 1
        await asyncio.sleep(0.02)
    await house.keeper.close_stdin(run)
    return said


def _check(text: str, said: int) -> None:
    lines = [line.split(" ") for line in text.splitlines()]
    ticks = [(int(n), len(filler)) for word, n, *rest in lines if word == "tick" for filler in rest]
    assert ticks == [(n, n * 37 % 400) for n in range(len(ticks))]
    assert [int(n) for word, n, *_ in lines if word == "heard"] == list(range(said))
    assert {word for word, *_ in lines} == {"tick", "heard"}


@pytest.mark.chaos
@pytest.mark.parametrize("seed", [1, 2])
async def test_random_kills_leave_no_gap(house: House, seed: int) -> None:
    dice = random.Random(seed)
    runs = [f"a{i}" for i in range(AGENTS)]
    pids = {run: (await house.start(run, AGENT)).pid for run in runs}
    stop = asyncio.Event()
    talks = [asyncio.create_task(_talk(house, run, stop)) for run in runs]
    seen = {run: asyncio.create_task(_collect(house, run)) for run in runs}
    for n in range(KILLS):
        await asyncio.sleep(dice.uniform(0.0, 0.15))
        await dice.choice([house.kill_pump, house.kill_vault])()
        late = await house.sh(f"late{n}", "echo here")
        assert (await house.keeper.wait(late.run)).out_end == 5
    stop.set()
    said = await asyncio.gather(*talks)
    for run, count in zip(runs, said, strict=True):
        info = await house.keeper.wait(run)
        assert info.pid == pids[run]
        text = Path(info.out_log).read_bytes()
        _check(text.decode(), count)
        assert await seen[run] == text  # a reader that was there all the time saw the same


async def _collect(house: House, run: str) -> bytes:
    return b"".join([line + b"\n" async for _, line in house.keeper.lines(run)])
