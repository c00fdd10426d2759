"""Stdin of one run: frames queue in a memfd, the kernel moves them on, a kill between two steps loses none.

The queue's file position is the number of bytes delivered. `splice` advances it in the same system call that
fills the pipe, and both processes share it. A ring of the last 1024 write ids stands before the bytes. An id
is written before its bytes: a frame cut short by a kill is found and taken back; nobody was promised it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios

from core.keeper.wire import QUEUE_LIMIT, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.keeper.entry import Entry

RING = 1024
BASE = 64 * 1024  # the bytes start on a page of their own
HEAD = struct.Struct("<QQ")  # ids ever written, ids known to be delivered
SLOT = struct.Struct("<qQQQ")  # hash of the id, where its bytes start and end, its number
SLOTS_AT = 64
CHUNK = 1024 * 1024


def new_queue() -> int:
    """Return the memfd of an empty queue."""
    fd = os.memfd_create("leadhand-stdin", os.MFD_CLOEXEC)
    os.ftruncate(fd, BASE)
    os.lseek(fd, BASE, os.SEEK_SET)
    return fd


class Feed:
    """The pump's view of the queue; it is rebuilt from the memfd in every new pump."""

    def __init__(self, entry: Entry) -> None:
        self._fds = entry.fds
        self._queue = entry.fds["queue"]
        self._ids: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._count: int
        self._drained: int
        self._count, self._drained = HEAD.unpack(os.pread(self._queue, HEAD.size, 0))
        self._size = os.fstat(self._queue).st_size
        self._recover()

    @property
    def target(self) -> int | None:
        """The descriptor the agent reads from the other end of; None once it is closed."""
        return self._fds.get("stdin" if "via_w" not in self._fds else "pty")

    def pending(self) -> bool:
        """Tell whether bytes wait for the agent."""
        return bool(self._drained < self._count)

    @property
    def last(self) -> int:
        """The number of the newest write."""
        return self._count - 1

    def known(self, wid: str) -> int | None:
        """Return the number of an earlier write with this id."""
        return self._ids.get(_hash(wid))

    def delivered(self, number: int) -> bool:
        """Tell whether all bytes of that write were in the agent's pipe or terminal at the last push."""
        return number < self._drained

    def offer(self, wid: str, data: bytes) -> int:
        """Queue a whole frame and return its number."""
        if len(data) > QUEUE_LIMIT:
            raise Refused("too_big", f"a write holds at most {QUEUE_LIMIT} bytes")
        start = self._size
        waiting = self._count - self._drained
        if waiting and (waiting >= RING or start - self._position() + len(data) > QUEUE_LIMIT):
            raise Refused("busy", "the agent does not read its input; the queue is full")
        number = self._count
        slot = SLOT.pack(_hash(wid), start, start + len(data), number)
        os.pwrite(self._queue, slot, SLOTS_AT + number % RING * SLOT.size)
        self._save(number + 1, self._drained)
        self._append(data, start)
        self._remember(number, _hash(wid), start + len(data))
        return number

    def push(self) -> None:
        """Move on what fits. Raises BrokenPipeError when the agent closed its end."""
        target = self.target
        if target is None:
            raise BrokenPipeError
        try:
            while self.pending():
                if self._position() >= self._size:
                    self._reset()
                else:
                    self._step(target)
        except BlockingIOError:
            self._settle()

    def _reset(self) -> None:
        """Forget the bytes, not the ids: all of them are delivered."""
        self._save(self._count, self._count)
        os.ftruncate(self._queue, BASE)
        os.lseek(self._queue, BASE, os.SEEK_SET)
        self._size = BASE
        self._ends.clear()

    def _settle(self) -> None:
        at, first = self._position(), self._drained
        while first < self._count and self._ends[first] <= at:
            del self._ends[first]
            first += 1
        if first != self._drained:
            self._save(self._count, first)

    def _step(self, target: int) -> None:
        via = self._fds.get("via_w")
        if via is None:
            _move(self._queue, target)
            return
        # A file cannot be spliced into a terminal; a pipe held by both processes stands between.
        try:
            if os.lseek(self._queue, 0, os.SEEK_CUR) < self._size:
                _move(self._queue, via)
        except BlockingIOError:
            pass
        os.splice(self._fds["via_r"], target, CHUNK, flags=os.SPLICE_F_NONBLOCK)

    def _position(self) -> int:
        at = os.lseek(self._queue, 0, os.SEEK_CUR)
        via = self._fds.get("via_r")
        return at if via is None else at - _unread(via)

    def _append(self, data: bytes, start: int) -> None:
        view, at = memoryview(data), start
        try:
            while view:
                n = os.pwrite(self._queue, view, at)
                view, at = view[n:], at + n
        except OSError as error:
            os.ftruncate(self._queue, start)
            self._save(self._count, self._drained)
            raise Refused("busy", f"no memory for the input queue: {error}") from None
        self._size = at

    def _save(self, count: int, drained: int) -> None:
        os.pwrite(self._queue, HEAD.pack(count, drained), 0)
        self._drained = drained

    def _remember(self, number: int, key: int, end: int) -> None:
        self._count = number + 1
        self._ids[key] = number
        self._ends[number] = end
        if len(self._ids) > 2 * RING:
            self._ids = {k: n for k, n in self._ids.items() if n >= self._count - RING}

    def _recover(self) -> None:
        for number in range(max(0, self._count - RING), self._count):
            raw = os.pread(self._queue, SLOT.size, SLOTS_AT + number % RING * SLOT.size)
            key, start, end, _ = SLOT.unpack(raw)
            if number >= self._drained and end > self._size:
                os.ftruncate(
                    self._queue, start
                )  # its bytes are not all here: it was never promised to anybody
                self._size, self._count = start, number
                self._save(number, self._drained)
                break
            self._ids[key] = number
            if number >= self._drained:
                self._ends[number] = end
        if not self.pending():
            self._reset()


def _move(source: int, target: int) -> None:
    try:
        os.splice(source, target, CHUNK, flags=os.SPLICE_F_NONBLOCK)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        # No splice here: between these two calls a kill can repeat at most one pipe's worth.
        data = os.pread(source, 4096, os.lseek(source, 0, os.SEEK_CUR))
        os.lseek(source, os.write(target, data), os.SEEK_CUR)


def _unread(pipe: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0"))[0])


def _hash(wid: str) -> int:
    # Python's keyed hash: the key lives in memory, which a fork keeps and both processes therefore share.
    return hash(wid)
