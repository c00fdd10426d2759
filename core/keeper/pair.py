"""What vault and pump have in common: the table, the link, and bringing the other back by a fork.

A forked child inherits every descriptor and the whole table, so nothing has to be handed over.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from abc import ABC, abstractmethod

from core.keeper.link import Link
from core.keeper.loop import Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap

    from core.keeper.entry import Entry
    from core.keeper.notes import Notes
    from core.keeper.spawn import Starter
    from core.keeper.wire import Msg

VAULT, PUMP = "vault", "pump"
MANY, WITHIN = 50, 10.0  # restarts of the other half before each further one waits a second


class Core:
    """Everything both halves hold and a fork passes on."""

    def __init__(
        self, home: str, listener: socket.socket, flags: mmap.mmap, notes: Notes, starter: Starter
    ) -> None:
        self.home = home
        self.dir = f"{home}/keeper"
        self.listener = listener
        self.flags = flags  # one shared page; a 1 in front means that nobody is to be brought back
        self.notes = notes
        self.starter = starter
        self.started_at = time.time()
        self.table: dict[str, Entry] = {}
        self.socket: socket.socket | None = None
        self.peer_pid = 0
        self.peer_fd = -1

    @property
    def stopping(self) -> bool:
        """Tell whether the keeper is to end."""
        return self.flags[0] == 1

    def stop(self) -> None:
        """Let both halves end; there is no way back."""
        self.flags[0] = 1

    def fork_peer(self) -> bool:
        """Fork the other half. True in the child."""
        me, my_fd = os.getpid(), os.pidfd_open(os.getpid())
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            pid = os.fork()
        except OSError:
            os.close(my_fd)
            raise
        if pid == 0:
            ours.close()
            self.socket, self.peer_pid, self.peer_fd = theirs, me, my_fd
            return True
        theirs.close()
        os.close(my_fd)
        self.socket, self.peer_pid, self.peer_fd = ours, pid, os.pidfd_open(pid)
        return False

    def forget_peer(self) -> None:
        """Drop what belonged to a dead peer, reaping it if it was our child."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.peer_pid, os.WNOHANG)
        os.close(self.peer_fd)
        self.peer_fd = -1


class Half(ABC):
    """One of the two processes. `run` returns the name of the other role in a fresh fork, None at the end."""

    role = ""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.next_role: str | None = None
        self.loop = Loop(core.notes)
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._restarts: list[float] = []
        name_process(f"lh-keeper-{self.role}")
        signal.signal(signal.SIGTERM, self._ring)
        self.loop.watch(self._bell, select.EPOLLIN, self._rung)
        self.link = self._join()

    def run(self) -> str | None:
        """Serve until the end or until a fork makes this process the other half."""
        self.core.notes.say(f"{self.role} runs")
        self.loop.run(self.each_turn)
        self.release()
        return self.next_role

    def each_turn(self) -> None:  # noqa: B027 - only one half has something to do
        """Do what is due after every turn of the loop."""

    @abstractmethod
    def receive(self, message: Msg, fds: list[int]) -> None:
        """Handle one packet of the other half."""

    @abstractmethod
    def asked_to_end(self) -> None:
        """React to SIGTERM: an orderly, forced stop."""

    def peer_restarted(self) -> None:  # noqa: B027 - only one half has something to do
        """Send again what the dead peer left unanswered."""

    def release(self) -> None:
        """Give back what only this role needs; the table stays."""
        self.loop.close()  # first: a fork that unwatches single descriptors would do it to its parent
        self.link.close()
        os.close(self._bell)
        self._bell = -1  # a late SIGTERM must not ring somebody else's number

    def _join(self) -> Link:
        if self.core.socket is None:
            raise RuntimeError("a half needs its link")
        self.loop.watch(self.core.peer_fd, select.EPOLLIN, self._peer_died)
        return Link(self.core.socket, self.loop, self.receive)

    def _ring(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.eventfd_write(self._bell, 1)

    def _rung(self, _events: int) -> None:
        os.eventfd_read(self._bell)
        self.asked_to_end()

    def _peer_died(self, _events: int) -> None:
        self.link.drain()
        self.loop.unwatch(self.core.peer_fd)
        self.core.forget_peer()
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < WITHIN] + [now]
        if len(self._restarts) > MANY:
            self.loop.after(1.0, self._bring_back)
        else:
            self._bring_back()

    def _bring_back(self) -> None:
        if self.core.stopping:
            self.loop.done = True
            return
        self.link.close()
        try:
            forked = self.core.fork_peer()
        except OSError as error:
            self.core.notes.say(f"no fork, trying again: {error}")
            self.loop.after(1.0, self._bring_back)
            return
        if forked:
            self.next_role = VAULT if self.role == PUMP else PUMP
            self.loop.done = True
            return
        self.core.notes.say(f"{self.role} brought the other half back as {self.core.peer_pid}")
        self.link = self._join()
        self.peer_restarted()


def name_process(name: str) -> None:
    """Set the name `ps` and `top` show; the command line stays as it was started."""
    with contextlib.suppress(OSError), open("/proc/self/comm", "w") as file:  # noqa: PTH123 - pathlib costs memory
        file.write(name)
