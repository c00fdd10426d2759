"""Drives an agent through its driver, the way the host does, and collects the events."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from core.events import Event, MessageDelta
from core.ports import AgentSpec, Driver
from tests.real_agents.rig import Process

E = TypeVar("E")


class Driven:
    """One run: a driver, its process, and every event so far."""

    def __init__(self, driver: Driver, spec: AgentSpec, environ: Mapping[str, str]) -> None:
        start = driver.start(spec, environ)
        self.driver = driver
        self.spec = spec
        self.events: list[Event] = []
        self.process = Process(start.argv, start.env, Path(spec.cwd))
        self._seen = 0  # events an `until` has passed
        self._read = 0  # lines fed
        self.process.send(*start.greeting)

    def send(self, frames: Sequence[bytes]) -> None:
        """Write frames; nothing to write is a mistake of the test."""
        assert frames
        self.process.send(*frames)

    def prompt(self, text: str, id: str) -> None:
        """Send a prompt."""
        self.send(self.driver.prompt(text, id))

    def until(self, kind: type[E], matches: Callable[[E], bool] = lambda _: True, timeout: float = 30) -> E:
        """Return the next event of a kind."""
        end = time.monotonic() + timeout
        while True:
            while self._seen < len(self.events):
                event = self.events[self._seen]
                self._seen += 1
                if isinstance(event, kind) and matches(event):
                    return event
            if time.monotonic() > end:
                raise TimeoutError(f"no {kind.__name__}; last: {self.events[-5:]}")
            self._pull(0.2)

    def settle(self, seconds: float) -> list[Event]:
        """Return what happens within some time."""
        before, end = len(self.events), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._pull(left)
        return self.events[before:]

    def finish(self, timeout: float = 20) -> int:
        """Close the input, feed the rest and return the exit code."""
        self.process.close_stdin()
        code = self.process.wait(timeout)
        self.process.drained.wait(5)
        self._pull(0)
        return code

    def of(self, kind: type[E]) -> list[E]:
        """Return all events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def told(self) -> list[Event]:
        """Return all events but the deltas."""
        return [event for event in self.events if not isinstance(event, MessageDelta)]

    def _pull(self, timeout: float) -> None:
        if self._read >= len(self.process.lines) and timeout:
            try:
                self.process.arrived.get(timeout=timeout)
            except queue.Empty:
                return
        while self._read < len(self.process.lines):
            line = self.process.lines[self._read]
            self._read += 1
            self.events.extend(self.driver.feed(line))
