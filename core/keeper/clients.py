"""One connected client: whole lines in, replies and notifications out, and never a wait for a slow one.

Notifications are a set of runs that changed; however long a client sleeps, it is no longer than the table.
"""

from __future__ import annotations

import select

from core.keeper.wire import BACKLOG_LIMIT, LINE_LIMIT, Refused, decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from core.keeper.loop import Loop
    from core.keeper.wire import Msg

READ = 256 * 1024


class Client:
    """A socket with its buffers; `handle` gets each request, `dropped` is called once."""

    def __init__(
        self,
        sock: socket.socket,
        loop: Loop,
        handle: Callable[[Client, Msg], None],
        dropped: Callable[[Client], None],
    ) -> None:
        self.watching: set[str] | None = set()  # None: every run
        self.dirty: set[str] = set()
        self._sock = sock
        self._loop = loop
        self._handle = handle
        self._dropped = dropped
        self._in = bytearray()
        self._out = bytearray()
        self.open = True
        sock.settimeout(0)
        loop.watch(sock.fileno(), select.EPOLLIN, self._ready)

    def reply(self, request: Msg, result: Msg) -> None:
        """Answer a request."""
        self.send({"id": request.get("id"), "ok": result})

    def refuse(self, request: Msg, refused: Refused) -> None:
        """Answer a request with the reason why not."""
        self.send({"id": request.get("id"), "err": {"code": refused.code, "detail": refused.detail}})

    def send(self, message: Msg) -> None:
        """Queue one line and send what the socket takes."""
        if not self.open:
            return
        if len(self._out) > BACKLOG_LIMIT:
            self.drop()
            return
        self._out += encode(message)
        self._flush()

    def mark(self, run: str) -> None:
        """Remember that the run changed, if the client wants to know."""
        if self.watching is None or run in self.watching:
            self.dirty.add(run)

    def idle(self) -> bool:
        """Tell whether everything was sent: only then is it worth saying what changed."""
        return self.open and not self._out

    def drop(self) -> None:
        """End the connection."""
        if self.open:
            self.open = False
            self._loop.unwatch(self._sock.fileno())
            self._sock.close()
            self._dropped(self)

    def abandon(self) -> None:
        """Close our copy in a fork, without a word to anybody."""
        self.open = False
        self._sock.close()

    def _ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._flush()
        if self.open and events & ~select.EPOLLOUT:
            self._read()

    def _read(self) -> None:
        try:
            data = self._sock.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop()
            return
        seen = len(self._in)
        self._in += data
        if self._in.find(b"\n", seen) < 0:
            if len(self._in) > LINE_LIMIT:
                self.drop()
            return
        *lines, rest = self._in.split(b"\n")
        self._in = rest
        for line in lines:
            if not self.open:
                return
            self._take(line)

    def _take(self, line: bytearray) -> None:
        if len(line) > LINE_LIMIT:
            self.drop()
            return
        try:
            message = decode(bytes(line))
        except Refused as refused:
            self.refuse({}, refused)
            return
        self._handle(self, message)

    def _flush(self) -> None:
        try:
            while self._out:
                del self._out[: self._sock.send(self._out)]
        except BlockingIOError:
            self._loop.watch(self._sock.fileno(), select.EPOLLIN | select.EPOLLOUT, self._ready)
            return
        except OSError:
            self.drop()
            return
        self._loop.watch(self._sock.fileno(), select.EPOLLIN, self._ready)
