"""One agent process: starts it in the keeper, reads its log through a driver, writes frames to it.

Reading starts at offset 0 after every attach: the driver's state is rebuilt from what the journal has
already told, and only what lies behind the journal's offset becomes news.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from core.events import Event, MessageDelta, PlanRequested, SessionEnded, decode, encode
from core.host.journal import Journal
from core.host.keeper import Keeper, KeeperError, KeeperUnavailable, RunInfo, Spawn
from core.host.keeper_line import KeeperLine
from core.host.patience import patiently
from core.ports import Driver, Start

log = logging.getLogger(__name__)
TAIL_BYTES = 2000
TAIL_LINES = 20
TAIL_READ = 64 * 1024

Hear = Callable[[Sequence[Event], int], Awaitable[None]]


def run_name(session: int, epoch: int) -> str:
    """Return the keeper's name for a session's process."""
    return f"s{session}-{epoch}"


class Process:
    """A running (or just ended) agent process of one session."""

    def __init__(
        self, line: KeeperLine, journal: Journal, driver: Driver, tree: Callable[[], Awaitable[str]]
    ) -> None:
        self.run = run_name(journal.session, journal.epoch)
        self.driver = driver
        self._line = line
        self._journal = journal
        self._tree = tree
        self._read_to = 0
        self._caught_up = asyncio.Event()
        if not journal.offset:
            self._caught_up.set()

    async def spawn(self, start: Start, cwd: Path, marker: str) -> RunInfo:
        """Start the process, or find it running already."""
        spec = Spawn(run=self.run, argv=tuple(start.argv), env=dict(start.env), cwd=str(cwd), marker=marker)
        return await self._line.ask(lambda keeper: keeper.spawn(spec))

    async def write(self, frames: Sequence[bytes], id: str) -> None:
        """Write whole frames; repeated ids are written once."""
        for number, frame in enumerate(frames):
            await self._write(frame, f"{id}:{number}")

    async def _write(self, frame: bytes, id: str) -> None:
        await self._line.ask(lambda keeper: keeper.write(self.run, frame, id))

    async def ready(self) -> None:
        """Wait until the driver knows again what the journal knows: an answer needs its request."""
        await self._caught_up.wait()

    async def follow(self, hear: Hear) -> SessionEnded:
        """Tell what the process writes until it has ended, whoever keeps it; return how it ended."""
        known = self._journal.offset
        ends: list[SessionEnded] = []

        async def to_the_end() -> None:
            keeper = await self._line.keeper()
            unreadable = await self._read_out(keeper, known, hear)
            ends.append(await self._ended(keeper, await keeper.wait(self.run), unreadable))

        try:
            await patiently(f"{self.run} cannot be read", to_the_end, over=KeeperUnavailable)
        finally:
            self._caught_up.set()
        return ends[-1]

    async def _read_out(self, keeper: Keeper, known: int, hear: Hear) -> str:
        """Read to the end; returns why nothing more can be read, if that is so."""
        try:
            await self._read(keeper, known, hear)
        except KeeperError as error:
            if error.code != "line_too_long":
                raise
            await self.kill()  # it will not speak our protocol again
            return error.detail
        return ""

    async def _read(self, keeper: Keeper, known: int, hear: Hear) -> None:
        """Feed the log to the driver from where the last connection left off."""
        async with aclosing(keeper.lines(self.run, self._read_to)) as lines:
            async for end, line in lines:
                news = self._feed(line)
                if end > known and news:
                    await hear([await self._enrich(event) for event in news], end)
                self._read_to = end
                if end >= known:
                    self._caught_up.set()

    def _feed(self, line: bytes) -> list[Event]:
        try:
            events: list[Event] = [e for e in self.driver.feed(line) if not isinstance(e, MessageDelta)]
        except Exception:
            log.exception("%s: a line of the agent could not be read", self.run)
            return []
        return [_sound(event) for event in events] if b"\\u" in line else events

    async def _enrich(self, event: Event) -> Event:
        """Add what only the host can measure."""
        if isinstance(event, PlanRequested):
            tree = await self._tree()
            return PlanRequested(event.request, event.plan, event.path, event.editable, tree)
        return event

    async def _ended(self, keeper: Keeper, info: RunInfo, unreadable: str) -> SessionEnded:
        expected = self._journal.expected_end
        tail = "" if expected or unreadable else await self._terminal_tail(keeper, info)
        return SessionEnded(info.exit_code, info.signal, expected, unreadable or tail)

    async def _terminal_tail(self, keeper: Keeper, info: RunInfo) -> str:
        """Return the end of what the process wrote to its terminal, as text."""
        last: list[bytes] = []
        start = max(0, info.tty_end - TAIL_READ)
        async with aclosing(keeper.lines(self.run, start, stream="tty")) as lines:
            async for _, line in lines:
                last = [*last, line][-TAIL_LINES:]
        return b"\n".join(last)[-TAIL_BYTES:].decode("utf-8", "replace").strip()

    async def close_input(self) -> None:
        """Let the agent end by itself."""
        await self._line.ask(lambda keeper: keeper.close_stdin(self.run))

    async def kill(self) -> None:
        """End the whole process tree."""
        await self._line.ask(lambda keeper: keeper.kill(self.run))


def _sound(event: Event) -> Event:
    """Replace half surrogates, which JSON can escape and nothing after it can store or send."""
    text = json.dumps(encode(event), ensure_ascii=False)
    return event if text.isascii() else decode(json.loads(text.encode("utf-8", "replace")))
