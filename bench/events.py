"""From an agent's request to the Bot API call that shows it, in an idle chat and behind a burst of progress.

The baseline is the shortest program that does it: a loop reads the same agent's pipe and calls
`bot.send_message`. Both talk to the same sandbox, in turn.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Self

from bench.agent import BURST, MARK, STAMPS
from bench.result import Goal, Result, pairs, repeats
from bench.rig import PATIENCE, ROOT, Stamps, bench_stage
from bot.sandbox.calls import Call
from tests.rig import Stage

ROUNDS = 4  # of these requests
KINDS = ("question", "permission", "plan", "question", "permission", "burst")
BUTTONS = {"question": "Forward", "permission": "Allow", "plan": "Revise", "burst": "Forward"}
GOAL = Goal("value", 20.0)
LIMIT, LIMIT_PLAN = 8.0, 24.0
AGAINST = "pipe → json.loads → bot.send_message"


def run() -> list[Result]:
    """Measure all kinds in one session."""
    return asyncio.run(_measure())


async def _measure() -> list[Result]:
    kinds = KINDS * repeats(ROUNDS)
    ours: dict[str, list[float]] = {kind: [] for kind in KINDS}
    theirs: list[float] = []
    async with bench_stage(mode="plan") as (play, stamps):
        bare = await Bare.start(play, stamps.path.with_name("bare-stamps"))
        await play.chat.say(f"requests: ask {','.join(kinds)}")
        await bare.say(f"ask {','.join('question' for _ in kinds)}")
        await stamps.after(0)  # that the agents run
        for number, kind in enumerate(kinds):
            mark = f"{MARK}{number:03}"
            delay = await _delay(play, stamps, mark, play.sandbox.bot.id)
            bare_delay = await _delay(play, bare.stamps, mark, bare.id)
            if number >= len(KINDS) or len(kinds) == len(KINDS):  # the first of each kind is a cold start
                ours[kind].append(delay)
                theirs.append(bare_delay)
            await _answer(play, mark, kind)
            await bare.say("go")
        await bare.end()
    idle = ours["question"] + ours["permission"]
    return [
        *pairs("question, permission → Bot API call", "ms", idle, theirs, AGAINST, limit=LIMIT, goal=GOAL),
        *pairs("plan → Bot API call", "ms", ours["plan"], theirs, AGAINST, limit=LIMIT_PLAN),
        *pairs(f"question behind {BURST} steps → Bot API call", "ms", ours["burst"], idle, "idle chat",
               limit=LIMIT),
    ]  # fmt: skip


class Bare:
    """The baseline program, with a bot of its own in the same sandbox."""

    def __init__(self, process: asyncio.subprocess.Process, stamps: Stamps, id: int) -> None:
        self.stamps = stamps
        self.id = id
        self._process = process

    @classmethod
    async def start(cls, play: Stage, file: Path) -> Self:
        """Start it; it waits for the agent's prompt."""
        stamps = Stamps(file)
        bot = play.sandbox.world.add_bot("Bare", "bare_bot")
        play.sandbox.world.private(bot, play.ann.user)
        command = ["-m", "bench.bare", "events", play.sandbox.url, bot.token, str(play.ann.id)]
        environ = {**os.environ, STAMPS: str(file)}
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, env=environ, stdin=pipe),
            stamps,
            bot.id,
        )

    async def say(self, line: str) -> None:
        """Give it its prompt, later the answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def end(self) -> None:
        """End it; its agent's input ends with it."""
        self._process.terminate()
        await asyncio.wait_for(self._process.wait(), PATIENCE)


async def _delay(play: Stage, stamps: Stamps, mark: str, bot: int) -> float:
    """Wait until a request is shown with buttons; return milliseconds since the agent made it."""

    def shows(call: Call) -> bool:
        return call.bot_id == bot and mark in str(call.params.get("text")) and "reply_markup" in call.params

    call = await play.sandbox.wait_call("sendMessage", timeout=PATIENCE, where=shows)
    # The sandbox stamps with the wall clock, the agent with the monotonic one: bring them together.
    shown = call.at - (time.time() - time.monotonic())
    return (shown - dict(stamps.read())[mark]) * 1000


async def _answer(play: Stage, mark: str, kind: str) -> None:
    """Let the agent go on."""
    card = await play.see(mark, button=BUTTONS[kind])
    await card.press(BUTTONS[kind])
    if kind == "plan":
        await play.chat.say("Again, please")
