"""The host's client: lines from the log, and a connection that mends itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

import pytest

from core.host import keeper as client
from core.host.keeper import Keeper, KeeperError, KeeperUnavailable
from tests.core.keeper.harness import House, keeper_in, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with keeper_in(tmp_path) as house:
        yield house


async def test_lines_start_at_any_offset_and_end_with_the_run(house: House) -> None:
    await house.sh("a", "echo one; echo two; echo; printf three")
    await house.keeper.wait("a")
    every = [(4, b"one"), (8, b"two"), (9, b""), (14, b"three")]
    assert [line async for line in house.keeper.lines("a")] == every
    for at in range(4):
        rest = [line async for line in house.keeper.lines("a", every[at][0])]
        assert rest == every[at + 1 :]


async def test_lines_follow_a_live_run(house: House) -> None:
    await house.sh("a", "while read x; do echo got $x; done; echo err >&2")
    lines = house.keeper.lines("a")
    for n in range(5):
        await house.keeper.write("a", b"%d\n" % n, f"w{n}")
        assert (await anext(lines))[1] == b"got %d" % n
    await house.keeper.close_stdin("a")
    assert [line async for line in lines] == []
    assert [line async for line in house.keeper.lines("a", stream="tty")] == [(4, b"err")]


async def test_half_a_line_is_kept_until_its_end_comes(house: House) -> None:
    await house.sh("a", "printf ha; sleep 0.2; echo lf")
    assert [line async for line in house.keeper.lines("a")] == [(5, b"half")]


async def test_lines_longer_than_a_turn_come_whole(house: House) -> None:
    await house.start("a", "for n in range(5): print('x' * (n * 70_000))")
    assert [len(line) async for _, line in house.keeper.lines("a")] == [n * 70_000 for n in range(5)]


async def test_a_line_beyond_reason_is_an_error(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FRAME_LIMIT", 100_000)
    await house.start("a", "print('x' * 200_000)")
    with pytest.raises(KeeperError, match="line_too_long"):
        _ = [line async for line in house.keeper.lines("a")]


async def test_a_firehose_leaves_turns_to_the_others(house: House) -> None:
    await house.sh("hose", "yes 0123456789 | head -c 5000000")
    await house.keeper.wait("hose")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    size = 0
    async for offset, _ in house.keeper.lines("hose"):
        size = offset
    other.cancel()
    assert size == 5_000_000
    assert turns >= 5_000_000 // client.TURN_BYTES


async def test_the_connection_mends_itself_and_repeats_what_was_asked(house: House) -> None:
    await house.sh("a", "while read x; do echo got $x; done")
    pump = (await house.keeper.status()).pump_pid
    os.kill(pump, signal.SIGSTOP)
    asked = [
        asyncio.create_task(house.keeper.write("a", b"1\n", "w1")),
        asyncio.create_task(house.sh("b", "echo b")),
        asyncio.create_task(house.keeper.list()),
    ]
    await asyncio.sleep(0.05)
    os.kill(pump, signal.SIGKILL)
    await asyncio.gather(*asked)
    assert (await anext(house.keeper.lines("a")))[1] == b"got 1"
    assert await house.text("b") == b"b\n"


async def test_waiters_learn_that_the_keeper_has_ended(house: House) -> None:
    await house.sh("a", "sleep 60")
    lines = house.keeper.lines("a")
    waiters = [asyncio.create_task(house.keeper.wait("a")), asyncio.ensure_future(anext(lines))]
    await asyncio.sleep(0.05)
    status = await house.keeper.status()
    for pid in (status.vault_pid, status.pump_pid):
        os.kill(pid, signal.SIGSTOP)
    for pid in (status.vault_pid, status.pump_pid):
        os.kill(pid, signal.SIGKILL)
    for waiter in waiters:
        with pytest.raises(KeeperUnavailable):
            await waiter
    with pytest.raises(KeeperUnavailable):
        await house.keeper.status()


async def test_forgetting_a_run_ends_its_readers(house: House) -> None:
    await house.sh("a", "echo hi; sleep 0.1")
    lines = house.keeper.lines("a")
    assert (await anext(lines))[1] == b"hi"
    await house.keeper.wait("a")
    await house.keeper.forget("a")
    assert [line async for line in lines] == []
    with pytest.raises(KeeperError, match="no_run"):
        await anext(house.keeper.lines("a"))


async def test_a_run_forgotten_while_the_connection_was_down_is_missed(house: House) -> None:
    guest = await house.guest()
    await house.sh("a", "read x")
    waiting = asyncio.create_task(house.keeper.wait("a"))
    await asyncio.sleep(0.05)
    pump = (await guest.status()).pump_pid
    os.kill(pump, signal.SIGSTOP)
    dying = [asyncio.create_task(guest.kill("a", 0))]
    await asyncio.sleep(0.05)
    os.kill(pump, signal.SIGKILL)
    await asyncio.gather(*dying)
    await guest.forget("a")
    with contextlib.suppress(KeeperError):  # it saw the end, or it is told that the run is gone
        assert (await waiting).state == "exited"


async def test_two_clients_see_the_same_run(house: House) -> None:
    guest = await house.guest()
    await house.sh("a", "while read x; do echo got $x; done")
    mine, theirs = house.keeper.lines("a"), guest.lines("a")
    await guest.write("a", b"1\n", "w")
    assert await anext(mine) == await anext(theirs)
    await house.keeper.kill("a")
    assert (await guest.wait("a")).signal is not None


async def test_a_run_name_used_again_starts_afresh(house: House) -> None:
    for word in (b"one", b"two"):
        await house.sh("a", f"echo {word.decode()}")
        assert [line async for _, line in house.keeper.lines("a")] == [word]
        await house.keeper.forget("a")


async def test_closing_leaves_agents_alone(house: House) -> None:
    info = await house.sh("a", "read x; echo got $x")
    await house.keeper.close()
    with pytest.raises(KeeperUnavailable):
        await house.keeper.list()
    house.keeper = await Keeper.connect(house.home, start=False)
    await house.keeper.write("a", b"x\n", "1")
    assert await house.text("a") == b"got x\n"
    assert (await house.keeper.info("a")).pid == info.pid
    await until(lambda: True)
