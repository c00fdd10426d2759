"""Killing the pump, the vault, one after the other: agents go on, and no byte is lost or doubled."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.host.keeper import Keeper, KeeperError
from tests.core.keeper.harness import PYTHON, alive, keeper_in, say, traces, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.host.keeper import Layout
    from tests.core.keeper.harness import House

# 20 MB of numbered lines, each a different length, and their hash on stderr.
FIREHOSE = """
import hashlib, os, sys
h = hashlib.sha256(); n = size = 0
while size < 20_000_000:
    line = b'%d %s\\n' % (n, b'x' * (n * 7919 % 1500)); n += 1; size += len(line); h.update(line)
    view = memoryview(line)
    while view: view = view[os.write(1, view):]
os.write(2, h.hexdigest().encode())
"""
TICKER = """
import time
n = 0
while True:
    print(n, time.time(), flush=True); n += 1; time.sleep(0.01)
"""


@pytest.mark.parametrize("layout", ["structured", "terminal"])
async def test_20_megabytes_arrive_exactly_while_the_pump_is_killed(house: House, layout: Layout) -> None:
    code = FIREHOSE if layout == "structured" else "import tty;tty.setraw(1)\n" + FIREHOSE
    await house.start("a", code, layout)
    for _ in range(8):
        await asyncio.sleep(0.05)
        await house.kill_pump()
    info = await house.keeper.wait("a")
    text = Path(info.out_log).read_bytes()
    printed = Path(str(info.tty_log)).read_bytes() if layout == "structured" else text[-64:]
    data = text if layout == "structured" else text[:-64]
    assert len(data) > 20_000_000
    assert hashlib.sha256(data).hexdigest().encode() == printed


async def test_a_reader_sees_no_gap_and_waits_no_longer_than_100_ms(house: House) -> None:
    await house.start("a", TICKER)
    pauses: list[float] = []
    seen: list[int] = []

    async def read() -> None:
        last = time.time()
        async for _, line in house.keeper.lines("a"):
            seen.append(int(line.split()[0]))
            pauses.append(time.time() - last)
            last = time.time()
            if len(seen) >= 150:
                return

    reader = asyncio.create_task(read())
    for kill in (house.kill_pump, house.kill_vault, house.kill_pump, house.kill_pump, house.kill_vault):
        await asyncio.sleep(0.2)
        await kill()
    await reader
    assert seen == list(range(150))
    say(f"longest pause {max(pauses[1:]) * 1000:.0f} ms")
    assert max(pauses[1:]) < 0.25  # 100 ms on a quiet machine; the suite may share it


@pytest.mark.parametrize("order", ["pv", "vp", "pvpv", "vv", "ppp"])
async def test_agents_outlive_both_halves_in_any_order(house: House, order: str) -> None:
    first = await house.sh("a", "while read x; do echo got $x; done; exit 9")
    for step, half in enumerate(order):
        await (house.kill_pump if half == "p" else house.kill_vault)()
        await house.keeper.write("a", f"{step}\n".encode(), f"w{step}")
        await house.sh(f"new{step}", "exit 3")
        assert (await house.keeper.wait(f"new{step}")).exit_code == 3  # a new vault is a new parent
    assert (await house.keeper.info("a")).pid == first.pid
    await house.keeper.close_stdin("a")
    info = await house.keeper.wait("a")
    assert await house.text("a") == b"".join(b"got %d\n" % step for step in range(len(order)))
    assert info.exit_code == (9 if "v" not in order else None)  # only a parent learns the code
    status = await house.keeper.status()
    descriptors = [Path(f"/proc/{pid}/fd") for pid in (status.vault_pid, status.pump_pid)]
    # Nothing piles up from fork to fork.
    await until(lambda: all(len(list(place.iterdir())) <= 13 for place in descriptors))


async def test_an_exit_while_the_pump_is_dead_keeps_its_code(house: House) -> None:
    await house.sh("a", "sleep 0.3; echo last; exit 6")
    pump = (await house.keeper.status()).pump_pid
    os.kill(pump, signal.SIGSTOP)
    await asyncio.sleep(0.5)
    os.kill(pump, signal.SIGKILL)
    assert (await house.keeper.wait("a")).exit_code == 6
    assert await house.text("a") == b"last\n"


async def test_an_exit_while_the_vault_is_stopped_and_killed_is_seen(house: House) -> None:
    await house.sh("a", "sleep 0.3; echo last; exit 6")
    vault = (await house.keeper.status()).vault_pid
    os.kill(vault, signal.SIGSTOP)
    await asyncio.sleep(0.5)
    os.kill(vault, signal.SIGKILL)
    info = await house.keeper.wait("a")
    assert (info.state, info.exit_code, info.signal) == ("exited", None, None)
    assert await house.text("a") == b"last\n"


async def test_a_spawn_is_answered_though_the_vault_dies_in_it(house: House) -> None:
    vault = (await house.keeper.status()).vault_pid
    os.kill(vault, signal.SIGSTOP)
    spawning = asyncio.create_task(house.sh("a", "echo x >> count; sleep 60"))
    await asyncio.sleep(0.05)
    os.kill(vault, signal.SIGKILL)
    info = await spawning
    await until((house.home / "count").exists)
    await asyncio.sleep(0.05)
    assert (house.home / "count").read_text() == "x\n"
    assert alive(info.pid)


async def test_what_a_spawn_cut_short_left_is_swept_before_the_next(house: House) -> None:
    left = house.home / "keeper/runs/a"
    left.mkdir()
    (left / "out.log").write_text("half")
    env = {**os.environ, "LEADHAND_RUN": house.marker("a")}
    orphan = await asyncio.create_subprocess_exec("sleep", "60", env=env)
    await house.sh("a", "echo whole")
    assert await orphan.wait() == -signal.SIGKILL
    assert await house.text("a") == b"whole\n"


async def test_a_kill_is_answered_though_the_vault_dies_in_it(house: House) -> None:
    info = await house.sh("a", "trap '' TERM; echo up; sleep 60; sleep 60")
    await anext(house.keeper.lines("a"))
    killing = asyncio.create_task(house.keeper.kill("a", grace_s=0.5))
    await asyncio.sleep(0.1)
    await house.kill_vault()
    await house.kill_pump()
    await killing
    assert not alive(info.pid)


async def test_exited_runs_outlive_both_halves(house: House) -> None:
    await house.sh("a", "echo hi; exit 2")
    await house.keeper.wait("a")
    for kill in (house.kill_vault, house.kill_pump):
        await kill()
        info = await house.keeper.info("a")
        assert (info.state, info.exit_code, info.out_end) == ("exited", 2, 3)
    await house.keeper.forget("a")
    await house.kill_pump()
    assert await house.keeper.list() == []


async def test_a_new_keeper_knows_what_an_old_one_left(tmp_path: Path) -> None:
    async with keeper_in(tmp_path) as house:
        await house.sh("done", "echo hi; exit 2")
        await house.keeper.wait("done")
        script = "trap '' HUP; (trap '' HUP; setsid sleep 60) & echo up; sleep 60; sleep 60"
        lost = await house.sh("lost", script)
        await anext(house.keeper.lines("lost"))
        status = await house.keeper.status()
        for pid in (status.vault_pid, status.pump_pid):
            os.kill(pid, signal.SIGSTOP)  # so that neither can bring the other back
        for pid in (status.vault_pid, status.pump_pid):
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not alive(status.vault_pid) and not alive(status.pump_pid))
        with pytest.raises(KeeperError, match="unavailable"):
            await house.keeper.status()
        await house.keeper.close()
        house.keeper = await Keeper.connect(tmp_path)
        runs = {info.run: info for info in await house.keeper.list()}
        assert (runs["done"].exit_code, runs["done"].state, runs["done"].out_end) == (2, "exited", 3)
        assert (runs["lost"].exit_code, runs["lost"].state) == (None, "exited")
        assert [line async for line in house.keeper.lines("lost")] == [(3, b"up")]
        await until(lambda: len(traces(tmp_path)) == 2)  # what ignored the hang-up was swept
        assert not alive(lost.pid)
        await house.keeper.forget("done")


async def test_an_idle_keeper_uses_no_cpu(house: House) -> None:
    for i in range(5):
        await house.sh(f"a{i}", "sleep 60")
    status = await house.keeper.status()
    await asyncio.sleep(0.3)

    def switches() -> list[str]:
        lines = [Path(f"/proc/{pid}/status").read_text() for pid in (status.vault_pid, status.pump_pid)]
        return [text.partition("voluntary_ctxt_switches:")[2].split()[0] for text in lines]

    before = switches()
    await asyncio.sleep(1.0)
    assert switches() == before


async def test_both_halves_fit_in_25_megabytes(house: House) -> None:
    await asyncio.gather(*(house.sh(f"a{i}", "sleep 60") for i in range(40)))
    await house.keeper.write("a0", b"x" * 50_000, "1")
    status = await house.keeper.status()
    sizes = {}
    for name, pid in (("vault", status.vault_pid), ("pump", status.pump_pid)):
        text = Path(f"/proc/{pid}/status").read_text()
        sizes[name] = int(text.partition("VmRSS:")[2].split()[0])
    say(f"resident with 40 agents: {sizes} kB")
    assert sum(sizes.values()) <= 25 * 1024


@pytest.mark.parametrize("kills", ["", "p"])
async def test_a_big_frame_makes_the_round_trip(house: House, kills: str) -> None:
    await house.keeper.spawn(
        house.spec("a", [*PYTHON, "import sys\nfor l in sys.stdin: print(l, end='', flush=True)"])
    )
    frame = os.urandom(450_000).hex().encode() + b"\n"
    writing = asyncio.create_task(house.keeper.write("a", frame, "1"))
    if kills:
        await house.kill_pump()
    await writing
    offset, line = await anext(house.keeper.lines("a"))
    assert (offset, line + b"\n") == (len(frame), frame)


def _numbered(count: int, size: Callable[[int], int]) -> list[bytes]:
    return [b"%d:%s\n" % (n, b"y" * size(n)) for n in range(count)]


@pytest.mark.parametrize("layout", ["structured", "terminal"])
async def test_frames_are_delivered_once_and_whole_while_the_pump_is_killed(
    house: House, layout: Layout
) -> None:
    reader = "import os,sys,time,tty\ntty.setraw(2)\nos.write(1,b'!')\n"
    reader += "d=b''\nwhile b'END' not in d:\n d=os.read(0,3000); os.write(1,d); time.sleep(.0005)\n"
    await house.start("a", reader, layout)
    await until(lambda: (house.home / "keeper/runs/a/out.log").read_bytes() == b"!")
    frames = [*_numbered(60, lambda n: n * 997 % 9000), b"END"]

    async def feed() -> None:
        for n, frame in enumerate(frames):
            await house.keeper.write("a", frame, f"w{n}")
            await house.keeper.write("a", frame, f"w{n}")  # the same id again: nothing

    feeding = asyncio.create_task(feed())
    while not feeding.done():
        await asyncio.sleep(0.03)
        await house.kill_pump()
    await feeding
    assert await house.text("a") == b"!" + b"".join(frames)
