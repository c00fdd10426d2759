"""Memory of an idle `leadhand run` that has finished a session, against a python-telegram-bot application
with one handler; and of the keeper's two processes, against two Python processes that only sleep."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.result import Goal, Result
from bench.rig import PATIENCE, ROOT
from bot.sandbox import Room
from tests.rig import Stage, stage

MIB = 1024.0
IDLE_S = 2.0
SLEEP = (sys.executable, "-S", "-c", "import time; time.sleep(600)")
GOAL, LIMIT = Goal("ratio", 1.3), 2.2
KEEPER_LIMIT = 2.5
# An HTTP library of both sides loads these when it finds them. They come with the tools of development only.
AS_INSTALLED = "import sys\nsys.modules.update(dict.fromkeys(('click', 'pygments', 'rich')))\n"


def run() -> list[Result]:
    """Measure once: memory varies little."""
    with tempfile.TemporaryDirectory(prefix="leadhand-bench-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(tmp: Path) -> list[Result]:
    site = tmp / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(AS_INSTALLED, "utf-8")
    path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{site}"}
    async with stage(tmp, environ=path) as play:
        await _one_session(play)
        async with _bare_application(play, path) as bare:
            await asyncio.sleep(IDLE_S)
            assert play.leadhand.process is not None
            ours, theirs = memory(play.leadhand.process.pid), memory(bare)
        status = await (await play.leadhand.keeper()).status()
        keeper = [memory(status.vault_pid), memory(status.pump_pid)]
    sleepers = [subprocess.Popen(SLEEP) for _ in keeper]
    await asyncio.sleep(0.5)
    asleep = [memory(process.pid) for process in sleepers]
    for process in sleepers:
        process.kill()
        process.wait()
    against = "PTB application, polling, one handler"
    two = "two sleeping Pythons"
    return [
        Result("leadhand run, idle after a session, RSS", ours[0], theirs[0], "MiB", against, LIMIT, GOAL),
        Result("leadhand run, idle after a session, PSS", ours[1], theirs[1], "MiB", against),
        Result("keeper, vault + pump, RSS", _sum(keeper, 0), _sum(asleep, 0), "MiB", two, KEEPER_LIMIT,
               Goal("value", 25.0)),
        Result("keeper, vault + pump, PSS", _sum(keeper, 1), _sum(asleep, 1), "MiB", two),
    ]  # fmt: skip


def memory(pid: int) -> tuple[float, float]:
    """Return a process's resident and proportional memory in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    fields = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return fields["Rss"] / MIB, fields["Pss"] / MIB


def _sum(sizes: list[tuple[float, float]], which: int) -> float:
    return sum(size[which] for size in sizes)


async def _one_session(play: Stage) -> None:
    """From a task to a merged branch, with the demo agent."""
    await play.chat.say("Add a JSON output format")
    await (await play.see("Plan v1", button="Approve")).press("Approve")
    await (await play.see("❓", button="JSON")).press("JSON")
    await (await play.see("🔀 [", button="Merge")).press("Merge")
    await play.see("Merged leadhand/")


@asynccontextmanager
async def _bare_application(play: Stage, path: dict[str, str]) -> AsyncIterator[int]:
    """Run the baseline beside the same sandbox until it has handled a message; gives its pid."""
    bot = play.sandbox.world.add_bot("Bare", "bare_bot")
    room = Room(play.sandbox, play.sandbox.world.private(bot, play.ann.user))
    command = (sys.executable, "-m", "bench.bare", "poll", play.sandbox.url, bot.token)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={**os.environ, **path})
    try:
        await room.say("hello")
        await play.sandbox.wait_call("sendMessage", timeout=PATIENCE, where=lambda c: c.bot_id == bot.id)
        yield process.pid
    finally:
        process.terminate()
        await process.wait()
