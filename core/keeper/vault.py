"""The vault: starts agents, keeps a duplicate of every descriptor, sees exits, ends whole trees."""

# Paths are plain text here: pathlib costs memory in each of the two daemons.
# ruff: noqa: PTH112, PTH208

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import time
from collections import deque

from core.keeper.entry import Entry, load_past, recall_exit, remove_dir, save_exit
from core.keeper.link import close_all
from core.keeper.pair import VAULT, Core, Half
from core.keeper.spawn import LARGE_PIPES, check_run, spawn
from core.keeper.sweep import Census, Kill, Registrar, same, send
from core.keeper.wire import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from core.keeper.wire import Msg

SIGNALS_REMEMBERED = 256
PAST_GRACE = 2.0
NUMBER_IS_OURS = 60.0


class Vault(Half):
    """Answers the pump's requests; all a client is told about processes was decided here."""

    role = VAULT

    def __init__(self, core: Core) -> None:
        self._kills: dict[str, Kill] = {}
        self._registrar = Registrar()
        self._signals: deque[str] = deque(maxlen=SIGNALS_REMEMBERED)
        super().__init__(core)
        importlib.import_module("ptyprocess")  # now, not within the first spawn
        self._requests: dict[str, Callable[[Msg, list[int]], None]] = {
            "spawn": self._spawn, "kill": self._kill, "signal": self._signal,
            "close_stdin": self._close_stdin, "forget": self._forget, "over": self._over,
        }  # fmt: skip
        for entry in core.table.values():
            if not entry.ended:
                self._watch_exit(entry)

    def receive(self, message: Msg, fds: list[int]) -> None:
        """Handle one request; a refusal or a fault is the answer."""
        try:
            self._requests[message["op"]](message, fds)
        except Refused as refused:
            self._answer(message, {"err": {"code": refused.code, "detail": refused.detail}})
        except Exception as error:
            self.core.notes.say(f"{message.get('op')} failed: {error!r}")
            self._answer(message, {"err": {"code": "internal", "detail": repr(error)}})
        finally:
            close_all(fds)

    def asked_to_end(self) -> None:
        """Leave the decision, and the order of things, to the pump."""
        self.link.send({"note": "end"})

    def _answer(self, request: Msg, answer: Msg) -> None:
        if "rid" in request:
            self.link.send({"rid": request["rid"], **answer})

    def _spawn(self, message: Msg, fds: list[int]) -> None:
        run = check_run(message["run"])
        if run in self.core.table:
            self._answer(message, {"ok": {}})
            return
        spec = json.loads(os.pread(fds[0], os.fstat(fds[0]).st_size, 0))
        directory = f"{self.core.dir}/runs/{run}"
        self._clear_remains(directory, spec.get("marker") or "")
        live = sum(not entry.over for entry in self.core.table.values())
        entry = spawn(spec, directory, self.core.starter, large_pipe=live < LARGE_PIPES)
        self.core.table[run] = entry
        # The pump replies to its client only after it has these: by then both halves hold the agent.
        self.link.send(
            {"note": "entry", "facts": entry.facts(), "fds": list(entry.fds)}, list(entry.fds.values())
        )
        self._answer(message, {"ok": {}})
        self._watch_exit(entry)

    def _clear_remains(self, directory: str, marker: str) -> None:
        """A vault killed inside a spawn leaves a directory, perhaps an agent without a terminal; end both."""
        if os.path.isdir(directory):
            if marker:
                spare = {1, os.getpid(), self.core.peer_pid}
                send(Census().tree(0, 0, marker, spare), signal.SIGKILL)
            remove_dir(directory)

    def _watch_exit(self, entry: Entry) -> None:
        self.loop.watch(entry.fds["pidfd"], select.EPOLLIN, lambda _events: self._exited(entry))

    def _exited(self, entry: Entry) -> None:
        pidfd = entry.fds["pidfd"]
        self.loop.unwatch(pidfd)
        if not recall_exit(entry):
            entry.see_exit(*_fate(pidfd), time.time())
            self._save(entry)
        self.link.send(
            {
                "note": "exit",
                "run": entry.run,
                "code": entry.exit_code,
                "signal": entry.signal,
                "at": entry.exited_at,
            }
        )
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)  # reaped last: a new vault could still ask
        entry.close("pidfd")

    def _save(self, entry: Entry, *, again: bool = False) -> None:
        if entry.run not in self.core.table:
            return
        try:
            save_exit(entry)
        except OSError as error:
            if not again:
                self.core.notes.say(f"{entry.run}: exit not saved, trying every second: {error}")
            self.loop.after(1.0, lambda: self._save(entry, again=True))

    def _over(self, message: Msg, _fds: list[int]) -> None:
        entry = self.core.table.get(message["run"])
        if entry is not None and entry.ended:
            entry.out_end, entry.tty_end, entry.over = message["out_end"], message["tty_end"], True
            entry.close()

    def _kill(self, message: Msg, _fds: list[int]) -> None:
        entry = self._entry(message)
        grace = float(message["grace_s"])
        kill = self._kills.get(entry.run)
        if kill is None:
            kill = self._start_kill(entry, _leader(entry), grace)
        else:
            kill.hurry(grace)
        kill.waiting.append(lambda gone: self._answer(message, {"ok": {"gone": gone}}))

    def _start_kill(self, entry: Entry, leader: int, grace: float) -> Kill:
        spare = {1, os.getpid(), self.core.peer_pid}
        kill = Kill(self.loop, self._registrar, (leader, entry.start_time, entry.marker, spare), grace)
        self._kills[entry.run] = kill

        def drop(_gone: bool) -> None:  # noqa: FBT001 - one of several listeners
            self._kills.pop(entry.run, None)

        kill.waiting.append(drop)
        return kill

    def _signal(self, message: Msg, _fds: list[int]) -> None:
        entry = self._entry(message)
        if message["sid"] not in self._signals:
            self._signals.append(message["sid"])
            if entry.ended or not same(entry.pid, entry.start_time):
                raise Refused("gone", "the agent has ended")
            os.killpg(entry.pid, message["signo"])
        self._answer(message, {"ok": {}})

    def _close_stdin(self, message: Msg, _fds: list[int]) -> None:
        self._entry(message).close("stdin")
        self._answer(message, {"ok": {}})

    def _forget(self, message: Msg, _fds: list[int]) -> None:
        entry = self.core.table.get(message["run"])
        if entry is not None:
            if not entry.over:
                raise Refused("running", "an agent is forgotten after it has ended")
            remove_dir(entry.dir)
            del self.core.table[entry.run]
        self._answer(message, {"ok": {}})

    def _entry(self, message: Msg) -> Entry:
        entry = self.core.table.get(message["run"])
        if entry is None:
            raise Refused("no_run", f"no such run: {message['run']}")
        return entry

    def end_orphans(self, orphans: list[Entry]) -> None:
        """End what still carries the marker of a run whose keeper died."""
        for entry in orphans:
            self._start_kill(entry, 0, PAST_GRACE)


def adopt_past(core: Core) -> list[Entry]:
    """List what an earlier keeper left; return the runs whose exit nobody saw."""
    runs, orphans = f"{core.dir}/runs", []
    for name in sorted(os.listdir(runs)):
        entry = load_past(f"{runs}/{name}")
        if entry is None:
            core.notes.say(f"not a run, left alone: {runs}/{name}")
            continue
        core.table[entry.run] = entry
        entry.over = True
        if recall_exit(entry):
            continue
        entry.see_exit(None, None, time.time())
        try:
            save_exit(entry)
        except OSError as error:
            core.notes.say(f"{entry.run}: exit not saved: {error}")
        if entry.marker:
            orphans.append(entry)
    return orphans


def _leader(entry: Entry) -> int:
    """Return the group to end; 0 when the agent is dead so long that its number may be another's."""
    if entry.ended and time.time() - (entry.exited_at or 0.0) > NUMBER_IS_OURS:
        return 0
    return entry.pid


def _fate(pidfd: int) -> tuple[int | None, int | None]:
    """Return exit code and signal; None and None when the agent was somebody else's child."""
    try:
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None, None
    if result is None:
        return None, None
    if result.si_code == os.CLD_EXITED:
        return result.si_status, None
    return None, result.si_status
