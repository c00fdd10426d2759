"""One run inside the pump: output into the log, frames into stdin, and the order of its end.

A run is over only when its agent is dead and what it left in pipe and terminal is in the log.
"""

from __future__ import annotations

import select

from core.keeper.feed import Feed
from core.keeper.taps import Bucket, LogFull, Tap
from core.keeper.wire import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from core.keeper.entry import Entry
    from core.keeper.loop import Loop, Timer

# A grandchild may hold the pipe open for ever; what is there by then is taken, then the run is over.
GRACE = 0.2
RETRY_FULL = 1.0
EDGE_IN = select.EPOLLIN | select.EPOLLET


class Flow:
    """Drives the taps and the feed of one live entry; calls `changed` after all that a client may want."""

    def __init__(self, loop: Loop, entry: Entry, changed: Callable[[Flow], None]) -> None:
        self.entry = entry
        self._loop = loop
        self._changed = changed
        self._bucket = Bucket()
        self._feed = Feed(entry)
        self._waiting: list[tuple[int, Callable[[Refused | None], None]]] = []
        self._pause: Timer | None = None
        self._deadline: Timer | None = None
        self._last_call = False
        self._deaf = False
        self._closing = False
        self._again = False
        sources = [("pty", "out")] if entry.layout == "terminal" else [("stdout", "out"), ("pty", "tty")]
        self._taps = [Tap(entry, source, stream) for source, stream in sources]
        for tap in self._taps:
            loop.watch(tap.fd, EDGE_IN, self._ready)
        loop.soon(self._turn)
        if self._feed.pending():
            self._push()
        if entry.ended:
            loop.soon(self.agent_ended)

    def _ready(self, _events: int) -> None:
        if self._pause is None:
            self._turn()

    def _turn(self) -> None:
        """Take one chunk of each tap, so that the other runs get their turn."""
        self._again = False
        if self.entry.over or self._pause is not None:
            return
        if not self.entry.ended:
            self._reopen()
        try:
            moved = sum(tap.move() for tap in self._taps)
        except (
            LogFull,
            OSError,
        ) as full:  # an OSError is unexpected: also then the kernel keeps what is unread
            self._stop_for_full_log(str(full))
            return
        if self.entry.log_full:
            self.entry.log_full = ""
            moved = moved or 1
        self._bucket.take(moved)
        if moved:
            self._changed(self)
        self._go_on(moved)

    def _reopen(self) -> None:
        """While the agent lives, the end of its terminal is never final: a child may open it again."""
        for tap in self._taps:
            if tap.source == "pty":
                tap.eof = False

    def _go_on(self, moved: int) -> None:
        if self.entry.ended and (self._last_call or (not moved and all(tap.eof for tap in self._taps))):
            self._finish()
        elif moved and (seconds := self._bucket.pause()) and not self.entry.ended:
            self._pause = self._loop.after(seconds, self._resume)
        elif moved and not self._again:
            self._again = True
            self._loop.soon(self._turn)

    def _resume(self) -> None:
        self._pause = None
        self._turn()

    def _stop_for_full_log(self, why: str) -> None:
        """Leave everything with the kernel, which blocks the agent, and look again in a second."""
        if not self.entry.log_full:
            self.entry.log_full = why
            self._changed(self)
        self._pause = self._loop.after(RETRY_FULL, self._resume)

    def agent_ended(self) -> None:
        """Start taking what the agent left behind; its allowance no longer counts."""
        if self._pause is not None and not self.entry.log_full:
            self._pause.cancel()
            self._pause = None
        self._deadline = self._loop.after(GRACE, self._take_the_rest)
        self._reopen()
        self._turn()

    def _take_the_rest(self) -> None:
        self._deadline = None
        if self._pause is not None:  # the log is full: nothing is over before its bytes are safe
            self._deadline = self._loop.after(RETRY_FULL, self._take_the_rest)
            return
        try:
            for tap in self._taps:
                rest = max(tap.left(), 1)
                while rest > 0 and (moved := tap.move()):
                    rest -= moved
        except (LogFull, OSError) as full:
            self._stop_for_full_log(str(full))
            self._take_the_rest()
            return
        self._last_call = True
        self._turn()

    def _finish(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._give_up_input("the agent has ended")
        self.release()
        self.entry.info()
        self.entry.over = True
        self.entry.close()
        self._changed(self)

    def release(self) -> None:
        """Stop watching the run's descriptors."""
        for tap in self._taps:
            self._loop.unwatch(tap.fd)
        if (stdin := self.entry.fds.get("stdin")) is not None:
            self._loop.unwatch(stdin)

    def write(self, wid: str, data: bytes, tell: Callable[[Refused | None], None]) -> None:
        """Queue a frame once per `wid` and tell when all of it is in the kernel."""
        number = self._feed.known(wid)
        if number is not None and self._feed.delivered(number):
            tell(None)
            return
        if self._deaf or self.entry.ended or self._feed.target is None:
            raise Refused("gone", "the agent's input is closed")
        if number is None:
            if self._closing:
                raise Refused("gone", "the agent's input is about to be closed")
            number = self._feed.offer(wid, data)
        self._waiting.append((number, tell))
        self._push()

    def close_input(self, tell: Callable[[Refused | None], None]) -> None:
        """Take no further frames and tell when nothing is queued any more."""
        self._closing = True
        if self._feed.pending() and not self._deaf:
            self._waiting.append((self._feed.last, tell))
        else:
            tell(None)

    def _push(self, _events: int = 0) -> None:
        try:
            self._feed.push()
        except OSError:
            self._give_up_input("the agent closed its input")
            return
        self._watch_input()
        waiting, self._waiting = self._waiting, []
        for number, tell in waiting:
            if self._feed.delivered(number):
                tell(None)
            else:
                self._waiting.append((number, tell))

    def _watch_input(self) -> None:
        target = self._feed.target
        if target is None:
            return
        if self.entry.layout == "terminal":
            events = EDGE_IN | select.EPOLLOUT if self._feed.pending() else EDGE_IN
            self._loop.watch(target, events, self._terminal_ready if self._feed.pending() else self._ready)
        elif self._feed.pending():
            self._loop.watch(target, select.EPOLLOUT, self._push)
        else:
            self._loop.unwatch(target)

    def _terminal_ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._push()
        if events & ~select.EPOLLOUT:
            self._ready(events)

    def _give_up_input(self, detail: str) -> None:
        if (stdin := self.entry.fds.get("stdin")) is not None:
            self._loop.unwatch(stdin)
        self._deaf = True
        waiting, self._waiting = self._waiting, []
        for _, tell in waiting:
            tell(Refused("gone", detail))
