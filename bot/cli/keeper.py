"""`leadhand keeper status|stop`: the daemon that owns the agents' processes; needs no token."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from core import Engine
from core.config import home_of
from core.errors import HomeBroken


def command(options: argparse.Namespace) -> int:
    """Show the keeper, or end it."""
    home = home_of(os.environ)
    if home.exists() and not home.is_dir():
        raise HomeBroken(path=home, reason="is not a directory")
    if options.action == "stop":
        return asyncio.run(_stop(home, force=options.force))
    return asyncio.run(_status(home))


async def _status(home: Path) -> int:
    keeper = await Engine.keeper(home)
    if keeper is None:
        print(f"no keeper runs for {home}")
        return 0
    status, runs = await keeper.status(), await keeper.list()
    await keeper.close()
    print(f"keeper of {home}: vault {status.vault_pid}, pump {status.pump_pid}, {status.running} running")
    for run in runs:
        if run.state == "running":
            print(f"  {run.run}  pid {run.pid}  {run.command}")
    return 0


async def _stop(home: Path, *, force: bool) -> int:
    keeper = await Engine.keeper(home)
    if keeper is None:
        print(f"no keeper runs for {home}")
        return 0
    running = (await keeper.status()).running
    if running and not force and not _agreed(running):
        await keeper.close()
        print(
            f"leadhand: {_running(running)}; --force ends {'it' if running == 1 else 'them'}", file=sys.stderr
        )
        return 1
    await keeper.stop(force=bool(running))
    print("keeper stopped")
    return 0


def _agreed(running: int) -> bool:
    """Ask, where there is somebody to ask."""
    if not sys.stdin.isatty():
        return False
    return input(f"{_running(running)} and would be ended. Stop the keeper? [y/N] ").lower() == "y"


def _running(count: int) -> str:
    return "1 agent is running" if count == 1 else f"{count} agents are running"
