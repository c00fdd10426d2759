"""The private socket between vault and pump: small JSON packets, descriptors beside them, never a wait."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.keeper.loop import Loop
    from core.keeper.wire import Msg

    Receive = Callable[[Msg, list[int]], None]

PACKET = 128 * 1024
MAX_FDS = 16


class Link:
    """One end of the pair; whole packets in order, or the peer is dead."""

    def __init__(self, sock: socket.socket, loop: Loop, receive: Receive) -> None:
        self._sock = sock
        self._loop = loop
        self._receive = receive
        self._waiting: deque[tuple[bytes, list[int]]] = deque()
        sock.settimeout(0)
        loop.watch(sock.fileno(), select.EPOLLIN, self._ready)

    def send(self, message: Msg, fds: Sequence[int] = ()) -> None:
        """Send or queue one packet. Queued descriptors stay open: they belong to the table or a request."""
        self._waiting.append((json.dumps(message).encode(), list(fds)))
        self._flush()

    def drain(self) -> None:
        """Handle everything the peer managed to send, also after its death."""
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self._sock, PACKET, MAX_FDS, socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            except OSError:
                data, fds = b"", []
            if not data:
                self._loop.unwatch(self._sock.fileno())
                return
            self._receive(json.loads(data), list(fds))

    def close(self) -> None:
        """Drop this end."""
        self._loop.unwatch(self._sock.fileno())
        self._sock.close()

    def _ready(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._flush()
        if events & ~select.EPOLLOUT:
            self.drain()

    def _flush(self) -> None:
        while self._waiting:
            data, fds = self._waiting[0]
            try:
                socket.send_fds(self._sock, [data], fds)
            except BlockingIOError:
                self._loop.watch(self._sock.fileno(), select.EPOLLIN | select.EPOLLOUT, self._ready)
                return
            except OSError:
                # The peer is gone. What was not sent is in our table or among our open questions.
                self._waiting.clear()
                return
            self._waiting.popleft()
        self._loop.watch(self._sock.fileno(), select.EPOLLIN, self._ready)


def close_all(fds: Sequence[int]) -> None:
    """Close descriptors, forgiving those already closed."""
    for fd in fds:
        with contextlib.suppress(OSError):
            os.close(fd)
