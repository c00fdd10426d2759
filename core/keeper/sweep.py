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


def tree(pid: int, start: int, marker: str, spare: set[int]) -> dict[int, int]:
    """Return pid and start time of all that belongs to the agent; pid 0 asks for the marker alone."""
    everything = [p for name in os.listdir("/proc") if name.isdigit() and (p := look(int(name)))]
    agent = next((p for p in everything if p.pid == pid), None)
    # While a member lives the kernel keeps the number; another process under it means no member is left.
    theirs = pid > 0 and (agent is None or agent.start == start)
    found: set[int] = set()
    for process in everything:
        member = theirs and pid in (process.pid, process.group, process.session)
        if member or (marker and _carries(process.pid, marker)):
            found.add(process.pid)
    found -= spare
    _add_descendants(found, everything, spare)
    return {p.pid: p.start for p in everything if p.pid in found and not p.zombie}


def _add_descendants(found: set[int], everything: list[Process], spare: set[int]) -> None:
    grown = True
    while grown:
        grown = False
        for process in everything:
            if process.parent in found and process.pid not in found and process.pid not in spare:
                found.add(process.pid)
                grown = True


def _carries(pid: int, marker: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return b"\0LEADHAND_RUN=" + marker.encode() + b"\0" in b"\0" + file.read() + b"\0"
    except OSError:
        return False


def send(targets: dict[int, int], number: int) -> None:
    """Signal each process that is still the one that was found."""
    for pid, start in targets.items():
        if same(pid, start):
            with contextlib.suppress(OSError):
                os.kill(pid, number)


class Kill:
    """One ending in progress: SIGTERM, patience, SIGKILL until a look around finds nobody."""

    def __init__(self, loop: Loop, target: tuple[int, int, str], grace: float, spare: set[int]) -> None:
        self._loop = loop
        self._target = target
        self._spare = spare
        self._deadline = time.monotonic() + grace
        self._wait = FIRST_LOOK
        self._rounds = 0
        self._known: dict[int, int] = {}
        self.waiting: list[Callable[[bool], None]] = []
        if grace > 0:
            self._known = self._tree()
            send(self._known, signal.SIGTERM)
            send(self._known, signal.SIGCONT)  # a stopped process would never see the first one
        self._timer = loop.after(0 if not self._known else FIRST_LOOK, self._step)

    def hurry(self, grace: float) -> None:
        """Shorten the patience when somebody else asks for less."""
        self._deadline = min(self._deadline, time.monotonic() + grace)
        self._timer.cancel()
        self._timer = self._loop.after(0, self._step)

    def _tree(self) -> dict[int, int]:
        return tree(*self._target, self._spare)

    def _step(self) -> None:
        alive = any(same(pid, start) for pid, start in self._known.items())
        if alive and time.monotonic() < self._deadline:
            self._wait = min(LONGEST_LOOK, self._wait * 2)
            left = max(0.0, self._deadline - time.monotonic())
            self._timer = self._loop.after(min(self._wait, left), self._step)
            return
        self._known = self._tree()
        self._rounds += 1
        if self._known and self._rounds <= ROUNDS:
            send(self._known, signal.SIGKILL)
            self._deadline = 0.0
            self._timer = self._loop.after(FIRST_LOOK, self._step)
            return
        for tell in self.waiting:
            tell(not self._known)
