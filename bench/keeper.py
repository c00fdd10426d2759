"""What it costs to have an agent owned by the keeper: a spawn through its socket against a bare PTY spawn."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from ptyprocess import PtyProcess

from bench.result import Result, pairs, repeats
from bench.rig import end
from core.host.keeper import Keeper, Spawn

REPEATS = 40
LIMIT = 6.0
ARGV = ("/bin/cat",)


def run() -> list[Result]:
    """Measure in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="leadhand-bench-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(home: Path) -> list[Result]:
    ours, theirs = [], []
    keeper = await Keeper.connect(home)
    try:
        for number in range(repeats(REPEATS) + 1):
            begin = time.monotonic()
            spec = Spawn(run=f"r{number}", argv=ARGV, env=dict(os.environ), cwd="/")
            await keeper.spawn(spec)
            ours.append((time.monotonic() - begin) * 1000)
            await keeper.kill(spec.run, grace_s=0)
            begin = time.monotonic()
            child = PtyProcess.spawn(list(ARGV))
            theirs.append((time.monotonic() - begin) * 1000)
            end(child)
    finally:
        await keeper.stop(force=True, grace_s=0.5)
    against = "PtyProcess.spawn in the caller"
    return pairs("keeper: spawn", "ms", ours[1:], theirs[1:], against, limit=LIMIT)
