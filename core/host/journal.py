"""A session's journal: what happened, in order and without gaps, and which orders were carried out.

One append-only file of JSON lines per session. A line is whole or is not there: a torn last line (the
process died while writing) is cut off at opening, and what it said happens again from the agent's log.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.events import (
    Event,
    InputAccepted,
    ProcessStarted,
    SessionEnded,
    TurnFinished,
    TurnStarted,
    decode,
    encode,
)
from core.model import Json, SessionId
from core.ports import Record

_COMPACT_BYTES = 1 << 20
_BATCH = 256
_SHELF = "settled"  # where journals wait that nothing is expected of
_KEPT = ("seq", "acked", "offset", "epoch", "expected_end", "started", "ended", "talked", "in_turn")


class Journal:
    """Appends records and marks; everything needed to go on after a crash is in its attributes."""

    def __init__(self, path: Path, session: SessionId) -> None:
        self.session = session
        self.seq = 0  # last record written
        self.acked = 0  # last record control has stored
        self.offset = 0  # the running process's log has been read up to here
        self.epoch = 0
        self.launch: Json = {}  # the order of the running process
        self.worktree: Json = {}  # where the session works; never changes once it stands
        self.expected_end = False  # we asked the process to end
        self.started = False  # it was told that the process runs
        self.ended = True
        self.talked = False  # the agent has taken a prompt: its conversation can be resumed
        self.in_turn = False  # the agent is at work on a prompt
        self._done: dict[str, bool] = {}
        self._open: list[Record] = []
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shelved = path.parent / _SHELF / path.name
        if not path.exists() and shelved.exists():
            shelved.rename(path)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._read()

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def settle(self) -> None:
        """Close the file and put it aside: a start does not open it, the next order does."""
        self._compact()
        shelf = self._path.parent / _SHELF
        shelf.mkdir(mode=0o700, exist_ok=True)
        self._path.rename(shelf / self._path.name)
        self.close()

    @property
    def waiting(self) -> int:
        """Return how many records control may not have."""
        return len(self._open)

    def unconfirmed(self) -> Sequence[Record]:
        """Return the oldest records control may not have, so many that one transaction can take them."""
        return self._open[:_BATCH]

    def is_done(self, command: str) -> bool:
        """Tell whether an order was carried out."""
        return self._done.get(command, False)

    def append(self, events: Sequence[Event], offset: int) -> list[Record]:
        """Write events that belong together; `offset` is where the agent's log was read up to."""
        start = self.seq + 1
        records = [
            Record(self.session, self.epoch, start + i, offset, event) for i, event in enumerate(events)
        ]
        line = {"seq": start, "epoch": self.epoch, "offset": offset, "events": [encode(e) for e in events]}
        self._write(line)
        self._take_records(records)
        return records

    def launched(self, epoch: int, order: Json) -> None:
        """Begin a new process: its log starts at offset 0."""
        self._write({"launch": epoch, "order": order})
        self._take_launch(epoch, order)

    def provisioned(self, worktree: Json) -> None:
        """Remember where the session works."""
        self._write({"worktree": worktree})
        self.worktree = worktree

    def expect_end(self) -> None:
        """Remember that we asked the process to end."""
        if not self.expected_end:
            self._write({"expect_end": self.epoch})
            self.expected_end = True

    def done(self, command: str) -> None:
        """Remember that an order was carried out."""
        self._write({"done": command})
        self._done[command] = True

    def sync(self) -> None:
        """Bring what was written to the disk: not even after a power cut may control be ahead of us."""
        os.fdatasync(self._fd)

    def ack(self, seq: int) -> None:
        """Remember what control has stored."""
        if seq > self.acked:
            self._take_ack(seq)
            self._write({"ack": seq})
            if not self._open and os.fstat(self._fd).st_size > _COMPACT_BYTES:
                self._compact()

    # ---- file -------------------------------------------------------------------------------------

    def _write(self, line: Json) -> None:
        data = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode(
            "utf-8", "surrogatepass"
        )
        before = os.fstat(self._fd).st_size
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError:
            os.ftruncate(self._fd, before)  # half a line must not stand before the next one
            raise

    def _read(self) -> None:
        good = 0
        with os.fdopen(os.dup(self._fd), "rb") as file:
            file.seek(0)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    self._take(json.loads(line.decode("utf-8", "surrogatepass")))
                except ValueError:
                    break
                good += len(line)
        os.ftruncate(self._fd, good)

    def _take(self, line: dict[str, Any]) -> None:
        match line:
            case {"seq": first, "epoch": epoch, "offset": offset, "events": found}:
                self._take_records(
                    [Record(self.session, epoch, first + i, offset, decode(e)) for i, e in enumerate(found)]
                )
            case {"launch": epoch, "order": order}:
                self._take_launch(epoch, order)
            case {"worktree": worktree}:
                self.worktree = worktree
            case {"expect_end": _}:
                self.expected_end = True
            case {"done": command}:
                self._done[command] = True
            case {"ack": seq}:
                self._take_ack(seq)
            case {"state": state}:
                for name in _KEPT:
                    setattr(self, name, state[name])
            case _:
                raise ValueError(f"unknown journal line {line!r}")

    def _take_records(self, records: Sequence[Record]) -> None:
        if records:
            self.seq, self.offset = records[-1].seq, records[-1].offset
            self._open.extend(records)
            for record in records:
                self._take_event(record.event)

    def _take_event(self, event: Event) -> None:
        match event:
            case ProcessStarted():
                self.started = True
            case TurnStarted() | InputAccepted():
                self.talked = self.in_turn = True
            case TurnFinished():
                self.in_turn = False
            case SessionEnded():
                self.in_turn, self.ended = False, True
            case _:
                pass

    def _take_ack(self, seq: int) -> None:
        self.acked = seq
        self._open = [record for record in self._open if record.seq > seq]

    def _take_launch(self, epoch: int, order: Json) -> None:
        self.epoch, self.launch = epoch, order
        self.offset, self.expected_end, self.started, self.ended, self.in_turn = 0, False, False, False, False

    def _compact(self) -> None:
        """Write what is still needed to a new file and put it in place of the old one."""
        fresh = self._path.with_suffix(".new")
        fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        old, self._fd = self._fd, fd
        try:
            self._write({"launch": self.epoch, "order": self.launch})
            self._write({"state": {name: getattr(self, name) for name in _KEPT}})
            if self.worktree:
                self._write({"worktree": self.worktree})
            for command in list(self._done)[-256:]:
                self._write({"done": command})
            fresh.replace(self._path)
        except OSError:
            os.close(fd)
            self._fd = old
            raise
        os.close(old)
