"""Cuts a growing log into lines and keeps count of the bytes, so that a reader can go on from any line."""

from __future__ import annotations


class Splitter:
    """Cuts a log into lines; `read` is the offset up to which it was fed."""

    __slots__ = ("read", "rest")

    def __init__(self, offset: int) -> None:
        self.read = offset
        self.rest = bytearray()

    def feed(self, chunk: bytes) -> list[tuple[int, bytes]]:
        """Return the lines that ended in this chunk."""
        at = self.read - len(self.rest)
        self.read += len(chunk)
        *whole, last = chunk.split(b"\n")
        lines = []
        for part in whole:
            line = bytes(self.rest) + part if self.rest else part
            self.rest.clear()
            at += len(line) + 1
            lines.append((at, line))
        self.rest += last
        return lines
