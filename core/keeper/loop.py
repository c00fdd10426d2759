"""A single-threaded epoll loop with timers; it sleeps without a time limit while nothing is due."""

from __future__ import annotations

import heapq
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from core.keeper.notes import Notes


class Timer:
    """One thing to do at a time; `fn` is None once it ran or was cancelled."""

    __slots__ = ("fn", "when")

    def __init__(self, when: float, fn: Callable[[], None]) -> None:
        self.when = when
        self.fn: Callable[[], None] | None = fn

    def __lt__(self, other: Timer) -> bool:
        return self.when < other.when

    def cancel(self) -> None:
        """Forget it."""
        self.fn = None


class Loop:
    """Calls back when a descriptor is ready, a time has come, or on the next turn."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._epoll = select.epoll()
        self._watched: dict[int, Callable[[int], None]] = {}
        self._timers: list[Timer] = []
        self._soon: list[Callable[[], None]] = []
        self.done = False

    def watch(self, fd: int, events: int, fn: Callable[[int], None]) -> None:
        """Call `fn(events)` when `fd` is ready; a second call replaces the first."""
        if fd in self._watched:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
        self._watched[fd] = fn

    def unwatch(self, fd: int) -> None:
        """Stop watching. Due before every close: the other process has a duplicate, so epoll would go on."""
        if self._watched.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def after(self, seconds: float, fn: Callable[[], None]) -> Timer:
        """Call `fn` once, later."""
        timer = Timer(time.monotonic() + seconds, fn)
        heapq.heappush(self._timers, timer)
        return timer

    def soon(self, fn: Callable[[], None]) -> None:
        """Call `fn` on the next turn, after the descriptors that are ready by then."""
        self._soon.append(fn)

    def close(self) -> None:
        """Give the epoll descriptor back; in a fork this leaves the parent's registrations alone."""
        self.done = True
        self._watched.clear()
        self._timers.clear()
        self._soon.clear()
        self._epoll.close()

    def run(self, each_turn: Callable[[], None]) -> None:
        """Turn until `done` is set."""
        while not self._is_done():
            for fd, events in self._epoll.poll(self._patience()):
                fn = self._watched.get(fd)
                if fn is not None:
                    self._call(fn, events)
                if self._is_done():
                    return
            self._run_due()
            if not self._is_done():
                each_turn()

    def _is_done(self) -> bool:
        return self.done

    def _patience(self) -> float | None:
        if self._soon:
            return 0
        while self._timers and self._timers[0].fn is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return None
        return max(0.0, self._timers[0].when - time.monotonic())

    def _run_due(self) -> None:
        waiting, self._soon = self._soon, []
        for fn in waiting:
            if not self.done:
                self._call(fn)
        now = time.monotonic()
        while not self.done and self._timers and self._timers[0].when <= now:
            timer = heapq.heappop(self._timers)
            if timer.fn is not None:
                call, timer.fn = timer.fn, None
                self._call(call)

    def _call(self, fn: Callable[..., None], *args: int) -> None:
        # One broken callback must not end the process that holds everybody's descriptors.
        try:
            fn(*args)
        except Exception:
            self._notes.fault("in a callback")
