"""One agent process: starts it in the keeper, reads its log through a driver, writes frames to it.

Reading starts at offset 0 after every attach: the driver's state is rebuilt from what the journal has
already told, and only what lies behind the journal's offset becomes news.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from core.events import (
    Event,
    MessageDelta,
    PlanRequested,
    ProcessStarted,
    SessionEnded,
    decode,
    encode,
)
from core.host.journal import Journal
from core.host.keeper import Keeper, KeeperError, RunInfo, Spawn
from core.ports import Driver, Start

log = logging.getLogger(__name__)
TAIL_BYTES = 2000


def run_name(session: int, epoch: int) -> str:
    """Return the keeper's name for a session's process."""
    return f"s{session}-{epoch}"


class Process:
    """A running (or just ended) agent process of one session."""

    def __init__(
        self,
        keeper: Keeper,
        journal: Journal,
        driver: Driver,
        emit: Callable[[Sequence[Event], int], None],
        tree: Callable[[], Awaitable[str]],
    ) -> None:
        self.run = run_name(journal.session, journal.epoch)
        self.driver = driver
        self._keeper = keeper
        self._journal = journal
        self._emit = emit
        self._tree = tree

    async def spawn(self, start: Start, cwd: Path, marker: str) -> RunInfo:
        """Start the process, or find it running already, and greet it."""
        info = await self._keeper.spawn(
            Spawn(run=self.run, argv=tuple(start.argv), env=dict(start.env), cwd=str(cwd), marker=marker)
        )
        await self.write(start.greeting, "greeting")
        self._emit([ProcessStarted(self.run, info.pid)], 0)
        return info

    async def write(self, frames: Sequence[bytes], id: str) -> None:
        """Write whole frames; repeated ids are written once."""
        for number, frame in enumerate(frames):
            await self._keeper.write(self.run, frame, f"{id}:{number}")

    async def follow(self) -> None:
        """Read until the process has ended and everything it wrote was told."""
        unreadable = ""
        try:
            await self._read()
        except KeeperError as error:
            if error.code != "line_too_long":
                raise
            unreadable = error.detail  # it will not speak our protocol again: end it and say why
            await self.kill()
        info = await self._keeper.wait(self.run)
        self._emit([await self._ended(info, unreadable)], self._journal.offset)

    async def _read(self) -> None:
        known = self._journal.offset
        async for end, line in self._keeper.lines(self.run, 0):
            news = self._feed(line)
            if end <= known:
                continue
            events = [await self._enrich(event) for event in news]
            if events:
                self._emit(events, end)

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

    async def _ended(self, info: RunInfo, unreadable: str = "") -> SessionEnded:
        tail = unreadable
        if not tail and not self._journal.expected_end:
            tail = await self._terminal_tail()
        return SessionEnded(info.exit_code, info.signal, self._journal.expected_end, tail)

    async def _terminal_tail(self) -> str:
        """Return the end of what the process wrote to its terminal, as text."""
        lines: list[bytes] = []
        async for _, line in self._keeper.lines(self.run, 0, stream="tty"):
            lines = [*lines, line][-20:]
        return b"\n".join(lines)[-TAIL_BYTES:].decode("utf-8", "replace").strip()

    async def close_input(self) -> None:
        """Let the agent end by itself."""
        await self._keeper.close_stdin(self.run)

    async def kill(self) -> None:
        """End the whole process tree."""
        await self._keeper.kill(self.run)

    async def wait(self) -> None:
        """Return when the process has ended."""
        await self._keeper.wait(self.run)


def _sound(event: Event) -> Event:
    """Replace half surrogates, which JSON can escape and nothing after it can store or send."""
    text = json.dumps(encode(event), ensure_ascii=False)
    return event if text.isascii() else decode(json.loads(text.encode("utf-8", "replace")))


__all__ = ["KeeperError", "Process", "run_name"]
