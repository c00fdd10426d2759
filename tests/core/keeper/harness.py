"""A keeper in a temporary home, agents for it, and the proof that nothing of either is left afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.host.keeper import Keeper, KeeperStatus, KeeperUnavailable, Layout, RunInfo, Spawn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PYTHON = [sys.executable, "-S", "-u", "-c"]


@dataclass
class House:
    """One home; `keeper` is the connection most tests use."""

    home: Path
    keeper: Keeper
    guests: list[Keeper] = field(default_factory=list)

    def marker(self, run: str) -> str:
        return f"{self.home}:{run}"

    def spec(self, run: str, argv: list[str], layout: Layout = "structured", **env: str) -> Spawn:
        return Spawn(
            run,
            argv,
            {"PATH": os.environ["PATH"], **env},
            str(self.home),
            layout=layout,
            marker=self.marker(run),
        )

    async def start(self, run: str, code: str, layout: Layout = "structured") -> RunInfo:
        """Start a Python agent."""
        return await self.keeper.spawn(self.spec(run, [*PYTHON, code], layout))

    async def sh(self, run: str, script: str, layout: Layout = "structured") -> RunInfo:
        """Start a shell agent."""
        return await self.keeper.spawn(self.spec(run, ["sh", "-c", script], layout))

    async def text(self, run: str, stream: str = "out") -> bytes:
        """Return the whole stream once the run is over."""
        info = await self.keeper.wait(run)
        return Path(info.out_log if stream == "out" else str(info.tty_log)).read_bytes()

    async def kill_pump(self) -> KeeperStatus:
        """SIGKILL the pump and return the status after its return."""
        before = await self.keeper.status()
        os.kill(before.pump_pid, signal.SIGKILL)
        return await self.changed(lambda now: now.pump_pid != before.pump_pid)

    async def kill_vault(self) -> KeeperStatus:
        """SIGKILL the vault and return the status after its return."""
        before = await self.keeper.status()
        os.kill(before.vault_pid, signal.SIGKILL)
        return await self.changed(lambda now: now.vault_pid != before.vault_pid)

    async def changed(self, test: Callable[[KeeperStatus], bool]) -> KeeperStatus:
        async with asyncio.timeout(10):
            while not test(status := await self.keeper.status()):
                await asyncio.sleep(0.002)
        return status

    async def guest(self) -> Keeper:
        """Return one more connection."""
        self.guests.append(await Keeper.connect(self.home, start=False))
        return self.guests[-1]


@contextlib.asynccontextmanager
async def keeper_in(home: Path) -> AsyncIterator[House]:
    """Run a keeper for the block; afterwards end it by force and find nothing left."""
    house = House(home, await Keeper.connect(home))
    try:
        yield house
    finally:
        for guest in house.guests:
            await guest.close()
        await house.keeper.close()
        await _clear(home)


async def _clear(home: Path) -> None:
    with contextlib.suppress(KeeperUnavailable, TimeoutError):
        async with asyncio.timeout(15):
            keeper = await Keeper.connect(home, start=False)
            try:
                await keeper.stop(force=True, grace_s=0.5)
            finally:
                await keeper.close()
    left = traces(home)
    for line in left:  # what a failure leaves must not disturb the next test
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(line.split()[0]), signal.SIGKILL)
    assert not left, left


def traces(home: Path) -> list[str]:
    """Return every process that belongs to the home: its keeper, its agents, our zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            zombie = fields[0] == "Z"
            if (zombie and int(fields[1]) == os.getpid()) or (
                not zombie and _belongs(entry, str(home).encode())
            ):
                found.append(f"{entry.name} {(entry / 'cmdline').read_bytes()!r} {fields[0]}")
    return found


def _belongs(entry: Path, home: bytes) -> bool:
    command = (entry / "cmdline").read_bytes().split(b"\0")
    if b"core.keeper" in command and home in command:
        return True
    return b"\0LEADHAND_RUN=" + home + b":" in b"\0" + (entry / "environ").read_bytes()


def alive(pid: int) -> bool:
    """Tell whether the process runs, zombies not counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def until(test: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not test():
            await asyncio.sleep(0.005)


def say(text: str) -> None:
    """Print a measurement; pytest shows it with -rA."""
    sys.stdout.write(f"{text}\n")
