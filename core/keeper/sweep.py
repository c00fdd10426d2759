"""Ends an agent's whole tree: its group, its session, its descendants, and escapees that carry its marker.

Works in short steps on the vault's timers, so nothing waits for a process that does not want to die.
"""

# Paths are plain text here: pathlib costs memory in each of the two daemons.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from core.keeper.loop import Loop

    Target = tuple[int, int, str, set[int]]  # pid, start time, marker, whom to spare

FIRST_LOOK = 0.01
LONGEST_LOOK = 0.1
ROUNDS = 250  # of SIGKILL; a tree that forks faster than this is reported as still alive


class Process:
    """One line of /proc: who, whose child, in which group and session, since when."""

    __slots__ = ("group", "parent", "pid", "session", "start", "zombie")

    def __init__(self, pid: int, stat: bytes) -> None:
        fields = stat[stat.rindex(b")") + 2 :].split()  # the name before it may hold spaces and brackets
        self.pid = pid
        self.zombie = fields[0] in (b"Z", b"X")
        self.parent, self.group, self.session = int(fields[1]), int(fields[2]), int(fields[3])
        self.start = int(fields[19])


def look(pid: int) -> Process | None:
    """Read one process; None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return Process(pid, file.read())
    except (OSError, ValueError):
        return None


def start_time(pid: int) -> int:
    """Return the second half of a process's identity; 0 when it is gone."""
    process = look(pid)
    return process.start if process else 0


def same(pid: int, start: int) -> bool:
    """Tell whether that very process is still alive."""
    process = look(pid)
    return process is not None and process.start == start and not process.zombie


class Census:
    """Everybody alive at one moment, and who carries which marker; taken once for many questions."""

    def __init__(self) -> None:
        self.taken = time.monotonic()
        self.everybody = [p for name in os.listdir("/proc") if name.isdigit() and (p := look(int(name)))]
        self.marked: dict[bytes, set[int]] = {}
        for process in self.everybody:
            if marker := _marker(process.pid):
                self.marked.setdefault(marker, set()).add(process.pid)

    def tree(self, pid: int, start: int, marker: str, spare: set[int]) -> dict[int, int]:
        """Return pid and start time of all that belongs to the agent; pid 0 asks for the marker alone."""
        found = self._members(pid, start) | (self.marked.get(marker.encode(), set()) if marker else set())
        found -= spare
        grown = True
        while grown:
            children = {p.pid for p in self.everybody if p.parent in found} - found - spare
            found |= children
            grown = bool(children)
        return {p.pid: p.start for p in self.everybody if p.pid in found and not p.zombie}

    def _members(self, pid: int, start: int) -> set[int]:
        # While a member lives the kernel keeps the number; another process under it means no member is left.
        if pid <= 0 or any(p.pid == pid and p.start != start for p in self.everybody):
            return set()
        return {p.pid for p in self.everybody if pid in (p.pid, p.group, p.session)}


class Registrar:
    """Hands out a census taken after a given moment, and takes a new one only when it must."""

    def __init__(self) -> None:
        self._latest: Census | None = None

    def since(self, moment: float) -> Census:
        """Return a census not older than `moment`."""
        if self._latest is None or self._latest.taken < moment:
            self._latest = Census()
        return self._latest


def _marker(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            text = b"\0" + file.read()
    except OSError:
        return b""
    return text.partition(b"\0LEADHAND_RUN=")[2].partition(b"\0")[0]


def send(targets: dict[int, int], number: int) -> None:
    """Signal each process that is still the one that was found."""
    for pid, start in targets.items():
        if same(pid, start):
            with contextlib.suppress(OSError):
                os.kill(pid, number)


class Kill:
    """One ending in progress: SIGTERM, patience, SIGKILL until a look around finds nobody."""

    def __init__(self, loop: Loop, registrar: Registrar, target: Target, grace: float) -> None:
        self._loop = loop
        self._registrar = registrar
        self._target = target
        self._asked = time.monotonic()
        self._deadline = self._asked + grace
        self._wait = FIRST_LOOK
        self._rounds = 0
        self._known: dict[int, int] = {}
        self.waiting: list[Callable[[bool], None]] = []
        self._timer = loop.after(0, self._ask_nicely if grace > 0 else self._look)

    def hurry(self, grace: float) -> None:
        """Shorten the patience when somebody else asks for less."""
        self._deadline = min(self._deadline, time.monotonic() + grace)

    def _ask_nicely(self) -> None:
        self._known = self._tree()
        send(self._known, signal.SIGTERM)
        send(self._known, signal.SIGCONT)  # a stopped process would never see the first one
        self._timer = self._loop.after(FIRST_LOOK, self._wait_for_them)

    def _wait_for_them(self) -> None:
        alive = any(same(pid, start) for pid, start in self._known.items())
        if alive and time.monotonic() < self._deadline:
            self._wait = min(LONGEST_LOOK, self._wait * 2)
            self._timer = self._loop.after(self._wait, self._wait_for_them)
            return
        # The look comes a turn later, so that everybody who needs one now shares it.
        self._asked = time.monotonic()
        self._timer = self._loop.after(0, self._look)

    def _look(self) -> None:
        self._known = self._tree()
        self._rounds += 1
        if self._known and self._rounds <= ROUNDS:
            send(self._known, signal.SIGKILL)
            self._deadline = 0.0
            self._timer = self._loop.after(FIRST_LOOK, self._wait_for_them)
            return
        for tell in self.waiting:
            tell(not self._known)

    def _tree(self) -> dict[int, int]:
        return self._registrar.since(self._asked).tree(*self._target)
