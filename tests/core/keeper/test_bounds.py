"""A full disk and a runaway agent: everything waits, nothing is lost, nobody else suffers."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.host.keeper import KeeperError
from core.keeper.taps import Bucket
from tests.core.keeper.harness import alive, keeper_in, say, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.host.keeper import Layout
    from tests.core.keeper.harness import House

WRITER = """
import hashlib, os, random
h = hashlib.sha256(); r = random.Random(1)
for n in range(SIZE // 1000):
    block = r.randbytes(1000); h.update(block)
    while block: block = block[os.write(1, block):]
os.write(2, h.hexdigest().encode())
open('hash', 'w').write(h.hexdigest())
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A home with its logs on a disk of two megabytes."""
    logs = tmp_path / "keeper"
    logs.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(logs)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs root and the right to mount")
    yield tmp_path
    subprocess.run(["umount", "-l", str(logs)], check=True)


def _grow(home: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(home / "keeper")], check=True)


@pytest.mark.parametrize("layout", ["structured", "terminal"])
@pytest.mark.parametrize("kills", [False, True])
async def test_a_full_disk_blocks_the_agent_and_loses_nothing(
    tiny: Path, layout: Layout, kills: bool
) -> None:
    async with keeper_in(tiny) as house:
        raw = "import tty; tty.setraw(1)\n" if layout == "terminal" else ""
        await house.start("a", raw + WRITER.replace("SIZE", "5_000_000"), layout)
        await house.changed(lambda status: status.log_full == ["a"])
        assert (await house.keeper.info("a")).log_full == "ENOSPC"
        await house.keeper.list()  # everybody else is served
        if kills:
            await house.kill_pump()
            await house.kill_vault()
        with pytest.raises(KeeperError, match="no_space"):
            await house.sh("b", "true")
        _grow(tiny)
        info = await house.keeper.wait("a")
        assert not info.log_full
        data = Path(info.out_log).read_bytes()
        wanted = (tiny / "hash").read_text()
        if layout == "terminal":
            data = data.removesuffix(wanted.encode())
        assert hashlib.sha256(data).hexdigest() == wanted


async def test_an_agent_that_dies_on_a_full_disk_is_over_when_its_bytes_are_safe(tiny: Path) -> None:
    async with keeper_in(tiny) as house:
        await house.start("a", "import sys; sys.stdin.read(); print('x' * 50_000)")
        await house.sh("hog", "head -c 5000000 /dev/zero; sleep 60")
        await house.changed(lambda status: "hog" in status.log_full)
        await house.keeper.close_stdin("a")
        await house.changed(lambda status: "a" in status.log_full)
        await asyncio.sleep(0.5)
        assert (await house.keeper.info("a")).state == "running"
        _grow(tiny)
        assert await house.text("a") == b"x" * 50_000 + b"\n"
        assert (await house.keeper.info("a")).exit_code == 0
        await until((tiny / "keeper/runs/a/exit.json").exists)


async def test_a_full_disk_holds_up_neither_kill_nor_stop(tiny: Path) -> None:
    async with keeper_in(tiny) as house:
        pids = [(await house.sh(run, "read x; head -c 5000000 /dev/zero")).pid for run in ("a", "b")]
        for run in ("a", "b"):
            await house.keeper.write(run, b"go\n", "1")
        await house.changed(lambda status: len(status.log_full) == 2)
        await house.keeper.kill("a")
        assert not alive(pids[0])
        await house.keeper.stop(force=True)
        assert not alive(pids[1])


async def test_a_runaway_agent_is_held_to_its_rate(house: House) -> None:
    await house.sh("hose", "yes")
    await house.sh("a", "while read x; do echo $x; done")
    lines = house.keeper.lines("a")
    start, delays = time.monotonic(), []
    while time.monotonic() - start < 2:
        at = time.monotonic()
        await house.keeper.write("a", b"x\n", str(at))
        await anext(lines)
        delays.append(time.monotonic() - at)
        await asyncio.sleep(0.01)
    size = (await house.keeper.info("hose")).out_end
    assert size < 8_000_000 + 3 * 5_000_000
    delays.sort()
    say(f"hose {size / 1e6:.0f} MB; answers beside it p50 {delays[len(delays) // 2] * 1e3:.1f} ms")
    assert delays[len(delays) // 2] < 0.05


def test_the_bucket_pauses_for_as_long_as_it_is_overdrawn() -> None:
    bucket = Bucket(rate=1000, burst=500)
    bucket.take(400)
    assert bucket.pause() == 0
    bucket.take(1100)
    assert 0.9 < bucket.pause() < 1.1
