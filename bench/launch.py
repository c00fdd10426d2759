"""From a task message to a running agent process, with Telegram idle and with Telegram slow.

The baseline is what git and a PTY cost without us: `git worktree add` and a spawn of the same agent.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from pathlib import Path

from ptyprocess import PtyProcess

from bench.agent import COMMAND, STAMPS
from bench.result import Goal, Result, pairs, repeats
from bench.rig import Stamps, bench_stage, end
from tests.rig import Stage

REPEATS = 20
SLOW_S = 5.0
GOAL = Goal("beyond", 80.0)
LIMIT = 8.0
AGAINST = "git worktree add + PTY spawn of the same agent"


def run() -> list[Result]:
    """Measure both cases, each with its own baseline in between."""
    return [
        *asyncio.run(_case("task message → agent runs, Telegram idle", slow=False)),
        *asyncio.run(_case(f"task message → agent runs, Telegram {SLOW_S:g} s late", slow=True)),
    ]


async def _case(name: str, *, slow: bool) -> list[Result]:
    ours, theirs = [], []
    async with bench_stage() as (play, stamps):
        await _launch(play, stamps, 0)  # imports, pairing: not what a user feels every day
        if slow:
            for method in ("sendMessage", "editMessageText"):
                play.sandbox.fault(method, delay=SLOW_S, times=None)
        for number in range(1, repeats(REPEATS) + 1):
            await _settle(play, slow=slow)
            ours.append(await _launch(play, stamps, number))
            await _settle(play, slow=slow)
            theirs.append(await _bare(play.repo, stamps, number))
    return pairs(name, "ms", ours, theirs, AGAINST, limit=LIMIT, goal=GOAL)


async def _launch(play: Stage, stamps: Stamps, number: int) -> float:
    seen = len(stamps.read())
    begin = time.monotonic()
    await play.chat.say(f"run-{number}: nothing to do")
    _, at = await stamps.after(seen)
    return (at - begin) * 1000


async def _bare(repo: Path, stamps: Stamps, number: int) -> float:
    path = repo.parent / "bare" / str(number)
    path.parent.mkdir(exist_ok=True)
    seen = len(stamps.read())
    begin = time.monotonic()
    add = ["git", "-C", str(repo), "worktree", "add", "--quiet", "-b", f"bare-{number}", str(path), "main"]
    subprocess.run(add, check=True)
    child = PtyProcess.spawn(list(COMMAND), cwd=str(path), env={**os.environ, STAMPS: str(stamps.path)})
    _, at = await stamps.after(seen)
    end(child)
    return (at - begin) * 1000


async def _settle(play: Stage, *, slow: bool) -> None:
    """Wait until nothing is under way any more; with a slow Telegram there always is, so only a moment."""
    await asyncio.sleep(0.7)
    if not slow:
        calls = -1
        while calls != play.sandbox.calls.total:
            calls = play.sandbox.calls.total
            await asyncio.sleep(0.3)
