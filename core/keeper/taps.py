"""Moves an agent's output into its log inside the kernel: the bytes never pass through our memory.

`splice` takes bytes out of a pipe and puts them into the file in one system call, so SIGKILL finds them in
one place or the other. A terminal is spliced through a pipe that both processes hold.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.keeper.entry import Entry

CHUNK = 256 * 1024
PTY_CHUNK = 16 * 1024
RATE = 5_000_000.0
BURST = 8_000_000.0


class LogFull(Exception):
    """The log takes no more bytes for now; everything unread stays with the kernel."""


class Bucket:
    """The output allowance of one run; it keeps one firehose from starving the others."""

    def __init__(self, rate: float = RATE, burst: float = BURST) -> None:
        self._rate, self._burst = rate, burst
        self._tokens = burst
        self._at = time.monotonic()

    def take(self, count: int) -> None:
        """Spend what was moved."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate) - count
        self._at = now

    def pause(self) -> float:
        """Return how long to leave the agent blocked; 0 while there is allowance."""
        self.take(0)
        return 0.0 if self._tokens > 0 else 0.02 - self._tokens / self._rate


class Tap:
    """One source of bytes and the log it fills. `eof`: nobody can write to the source any more."""

    def __init__(self, entry: Entry, source: str, stream: str) -> None:
        self.source = source
        self.fd = entry.fds[source]
        self.eof = False
        self._log = entry.fds[stream]
        self._mid = (entry.fds["mid_r"], entry.fds["mid_w"]) if source == "pty" else None
        self._end = os.fstat(self._log).st_size
        self._stash = b""

    def left(self) -> int:
        """Return how many bytes wait in the source."""
        return _unread(self.fd)

    def move(self) -> int:
        """Move one chunk; 0 when there is nothing now or ever (see `eof`)."""
        if self._stash:
            self._write_stash()
        if self._mid is None:
            return 0 if self.eof else self._from_pipe(self.fd, CHUNK)
        moved = self._empty_middle()
        if not self.eof and not _unread(self._mid[0]):
            self._fill_middle(self._mid[1])
            moved += self._empty_middle()
        return moved

    def _empty_middle(self) -> int:
        moved = 0
        while self._mid is not None and _unread(self._mid[0]):
            moved += self._from_pipe(self._mid[0], CHUNK)
        return moved

    def _fill_middle(self, middle: int) -> None:
        try:
            count = self._from_terminal(middle)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            count = 0  # nobody has the terminal open; while the agent lives somebody may open it again
        self.eof = count == 0

    def _from_terminal(self, middle: int) -> int:
        try:
            return os.splice(self.fd, middle, PTY_CHUNK, flags=os.SPLICE_F_NONBLOCK)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
        return os.write(middle, os.read(self.fd, 4096))  # this kernel does not splice terminals

    def _from_pipe(self, pipe: int, limit: int) -> int:
        try:
            count = os.splice(pipe, self._log, limit, offset_dst=self._end, flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS):
                raise LogFull(errno.errorcode.get(error.errno or 0, "EIO")) from error
            return self._copy(pipe, limit)
        self._end += count
        if count == 0 and pipe == self.fd:
            self.eof = True
        return count

    def _copy(self, pipe: int, limit: int) -> int:
        """For logs that refuse splice: here, and only here, bytes are in our memory for a moment."""
        try:
            self._stash = os.read(pipe, min(limit, 64 * 1024))
        except BlockingIOError:
            return 0
        if not self._stash:
            self.eof = pipe == self.fd
        count = len(self._stash)
        self._write_stash()
        return count

    def _write_stash(self) -> None:
        while self._stash:
            try:
                n = os.pwrite(self._log, self._stash, self._end)
            except OSError as error:
                raise LogFull(errno.errorcode.get(error.errno or 0, "EIO")) from error
            self._stash, self._end = self._stash[n:], self._end + n


def _unread(fd: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0])
