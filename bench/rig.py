"""Where measurements take place: a real `leadhand run` beside the sandbox, with the stamping agent."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ptyprocess import PtyProcess

from bench.agent import COMMAND, STAMPS
from tests.rig import Stage, stage

ROOT = Path(__file__).parent.parent
PATIENCE = 20.0


class Stamps:
    """What the agents wrote: a mark and a time of CLOCK_MONOTONIC a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def read(self) -> list[tuple[str, float]]:
        """Return all stamps so far."""
        return [(mark, at) for mark, at in map(json.loads, self.path.read_text("utf-8").splitlines())]

    async def after(self, count: int) -> tuple[str, float]:
        """Wait for the stamp that follows the first `count`."""
        async with asyncio.timeout(PATIENCE):
            while len(found := self.read()) <= count:
                await asyncio.sleep(0.02)
        return found[count]


@asynccontextmanager
async def bench_stage(*, mode: str = "bypass") -> AsyncIterator[tuple[Stage, Stamps]]:
    """Open a stage whose agent is the stamping one."""
    with tempfile.TemporaryDirectory(prefix="leadhand-bench-") as folder:
        tmp = Path(folder)
        stamps = Stamps(tmp / "stamps")
        command = ", ".join(repr(part) for part in COMMAND)
        agent = (
            f"[agents.demo]\ndriver = 'claude'\ncommand = [{command}]\n"
            f"[agents.demo.env]\n{STAMPS} = {str(stamps.path)!r}\n"
        )
        async with stage(tmp, start=False, agent=agent) as play:
            file = play.leadhand.home / "leadhand.toml"
            file.write_text(
                file.read_text("utf-8").replace(
                    "agent = 'demo'", f"agent = 'demo'\npermission_mode = {mode!r}"
                ),
                "utf-8",
            )
            await play.leadhand.start()
            yield play, stamps


def end(child: PtyProcess) -> None:
    """Kill a process of a baseline. Its own close would sleep, and does so when it is collected, too."""
    child.kill(9)
    child.wait()
    child.fileobj.close()
    child.closed = True
