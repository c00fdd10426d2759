"""The pump: moves every agent's bytes and serves the socket. The vault decides about processes."""

# Paths are plain text here: pathlib costs memory in each of the two daemons.
# ruff: noqa: PTH108

from __future__ import annotations

import binascii
import contextlib
import fcntl
import json
import os
import select
import struct
import termios

from core.keeper.clients import Client
from core.keeper.entry import Entry
from core.keeper.flow import Flow
from core.keeper.link import close_all
from core.keeper.pair import PUMP, Core, Half
from core.keeper.spawn import check_run
from core.keeper.wire import OLDEST, VERSION, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from core.keeper.wire import Msg

    Then = Callable[[Refused | None], None]

GRACE_S = 5.0


class Pump(Half):
    """Serves clients; asks the vault where a process or a directory is concerned."""

    role = PUMP

    def __init__(self, core: Core) -> None:
        self._clients: set[Client] = set()
        self._flows: dict[str, Flow] = {}
        self._asked: dict[int, tuple[Msg, int, Then]] = {}
        self._after_end: dict[str, list[Callable[[], None]]] = {}
        self._ending = False
        self._last_rid = 0
        super().__init__(core)
        self._requests: dict[str, Callable[[Client, Msg], None]] = {
            "hello": self._hello, "watch": self._watch, "spawn": self._spawn, "write": self._write,
            "close_stdin": self._close_stdin, "signal": self._signal, "resize": self._resize,
            "kill": self._kill, "forget": self._forget, "list": self._list, "info": self._info,
            "status": self._status, "stop": self._stop,
        }  # fmt: skip
        for entry in core.table.values():
            if not entry.over:
                self._flows[entry.run] = Flow(self.loop, entry, self._changed)
        core.listener.settimeout(0)
        self._listen()

    def release(self) -> None:
        """Give back the clients too: a copy kept in a fork would hide our death from them."""
        for client in self._clients:
            client.abandon()
        close_all([spec for _, spec, _ in self._asked.values() if spec >= 0])
        super().release()

    def each_turn(self) -> None:
        """Tell each client that keeps up what has changed for it."""
        for client in list(self._clients):
            while client.dirty and client.idle():
                client.send(self._event(client.dirty.pop()))

    def _event(self, run: str) -> Msg:
        entry = self.core.table.get(run)
        if entry is None:
            return {"ev": "forgotten", "run": run}
        info = entry.info()
        if entry.over:
            return {"ev": "exit", "run": run, "info": info}
        return {"ev": "end", "run": run, **{name: info[name] for name in ("out_end", "tty_end", "log_full")}}

    def _listen(self) -> None:
        self.loop.watch(self.core.listener.fileno(), select.EPOLLIN, self._accept)

    def _accept(self, _events: int) -> None:
        try:
            sock, _ = self.core.listener.accept()
        except BlockingIOError:
            return
        except OSError as error:  # out of descriptors: the listener stays ready, so look away for a while
            self.core.notes.say(f"no client accepted: {error}")
            self.loop.unwatch(self.core.listener.fileno())
            self.loop.after(1.0, self._listen)
            return
        client = Client(sock, self.loop, self._handle, self._clients.discard)
        self._clients.add(client)
        client.send({"keeper": VERSION, "oldest": OLDEST})

    def _handle(self, client: Client, request: Msg) -> None:
        try:
            act = self._requests.get(str(request.get("op")))
            if act is None:
                raise Refused("unknown_op", f"this keeper does not know {request.get('op')!r}")
            act(client, request)
        except Refused as refused:
            client.refuse(request, refused)
        except (KeyError, TypeError, ValueError) as error:
            client.refuse(request, Refused("bad_request", repr(error)))

    def _changed(self, flow: Flow) -> None:
        entry = flow.entry
        for client in self._clients:
            client.mark(entry.run)
        if entry.over:
            self._flows.pop(entry.run, None)
            self.link.send(
                {"op": "over", "run": entry.run, "out_end": entry.out_end, "tty_end": entry.tty_end}
            )
        self._tell_if_settled(entry)

    def _tell_if_settled(self, entry: Entry, *, anyway: bool = False) -> None:
        """Answer who waits for an end; a log may stay full for days, so it holds nobody up."""
        if anyway or entry.over or (entry.ended and entry.log_full):
            for tell in self._after_end.pop(entry.run, []):
                tell()

    def receive(self, message: Msg, fds: list[int]) -> None:
        """Take a new run, an exit, or the answer to a question."""
        note = message.get("note")
        if note == "entry":
            self._take_entry(message, fds)
        elif note == "exit":
            self._take_exit(message)
        elif note == "end":
            self.asked_to_end()
        elif message.get("rid") in self._asked:
            _, spec, then = self._asked.pop(message["rid"])
            close_all([spec])
            err = message.get("err")
            then(Refused(err["code"], err["detail"]) if err else None)

    def peer_restarted(self) -> None:
        """Ask the new vault again; every question may be asked twice."""
        for message, spec, _ in self._asked.values():
            self.link.send(message, [spec] if spec >= 0 else [])

    def asked_to_end(self) -> None:
        """End every agent, then both halves."""
        self._end(GRACE_S)

    def _take_entry(self, message: Msg, fds: list[int]) -> None:
        facts = message["facts"]
        if len(fds) != len(message["fds"]):
            # Out of descriptors here. The vault holds them all, so a pump forked from it does as well.
            self.core.notes.say(f"{facts['run']}: descriptors got lost on the way, starting over")
            raise SystemExit(70)
        entry = Entry(
            f"{self.core.dir}/runs/{facts['run']}", facts, dict(zip(message["fds"], fds, strict=True))
        )
        self.core.table[entry.run] = entry
        self._flows[entry.run] = Flow(self.loop, entry, self._changed)
        for client in self._clients:
            client.mark(entry.run)

    def _take_exit(self, message: Msg) -> None:
        entry = self.core.table.get(message["run"])
        if entry is not None and not entry.ended:
            entry.see_exit(message["code"], message["signal"], message["at"])
            self._flows[entry.run].agent_ended()
            self._tell_if_settled(entry)

    def _ask(self, message: Msg, then: Then, spec: int = -1) -> None:
        self._last_rid += 1
        message["rid"] = self._last_rid
        self._asked[self._last_rid] = (message, spec, then)
        self.link.send(message, [spec] if spec >= 0 else [])

    def _hello(self, client: Client, request: Msg) -> None:
        version = min(int(request["v"]), VERSION)
        if version < max(OLDEST, int(request.get("oldest", 1))):
            raise Refused("version", f"this keeper speaks {OLDEST} to {VERSION}")
        client.reply(request, {"v": version})

    def _watch(self, client: Client, request: Msg) -> None:
        runs = request.get("runs")
        client.watching = None if runs is None else {str(run) for run in runs}
        client.reply(request, {})
        for run in self.core.table:
            client.mark(run)

    def _spawn(self, client: Client, request: Msg) -> None:
        run = check_run(request.get("run"))
        if run in self.core.table:
            client.reply(request, self.core.table[run].info())
            return
        if self._ending:
            raise Refused("stopping", "the keeper is about to end")
        spec = os.memfd_create("leadhand-spec", os.MFD_CLOEXEC)
        with open(spec, "wb", closefd=False) as file:
            file.write(json.dumps({name: value for name, value in request.items() if name != "id"}).encode())

        def then(refused: Refused | None) -> None:
            if refused is None:
                client.reply(request, self.core.table[run].info())
            else:
                client.refuse(request, refused)

        self._ask({"op": "spawn", "run": run}, then, spec)

    def _write(self, client: Client, request: Msg) -> None:
        flow = self._flow(request)
        data = binascii.a2b_base64(request["data"])
        flow.write(str(request["wid"]), data, self._answer(client, request))

    def _close_stdin(self, client: Client, request: Msg) -> None:
        entry = self._entry(request)
        if entry.layout != "structured":
            raise Refused("bad_request", "a terminal's input cannot be closed; write its end-of-file key")
        if entry.over or "stdin" not in entry.fds:
            client.reply(request, {})
            return
        answer = self._answer(client, request)

        def closed(refused: Refused | None) -> None:
            entry.close("stdin")  # the vault's copy is closed by now: this one was the last
            answer(refused)

        def written(_refused: Refused | None) -> None:
            self._ask({"op": "close_stdin", "run": entry.run}, closed)

        self._flows[entry.run].close_input(written)

    def _signal(self, client: Client, request: Msg) -> None:
        message = {"op": "signal", "run": self._entry(request).run, "signo": int(request["signo"])}
        self._ask({**message, "sid": str(request["sid"])}, self._answer(client, request))

    def _resize(self, client: Client, request: Msg) -> None:
        entry = self._flow(request).entry
        entry.rows, entry.cols = int(request["rows"]), int(request["cols"])
        fcntl.ioctl(entry.fds["pty"], termios.TIOCSWINSZ, struct.pack("HHHH", entry.rows, entry.cols, 0, 0))
        client.reply(request, {})

    def _kill(self, client: Client, request: Msg) -> None:
        entry = self._entry(request)
        answer = self._answer(client, request)

        def then(refused: Refused | None) -> None:
            if refused is not None:
                answer(refused)
                return
            self._after_end.setdefault(entry.run, []).append(lambda: answer(None))
            self._tell_if_settled(entry)

        self._ask({"op": "kill", "run": entry.run, "grace_s": float(request.get("grace_s", GRACE_S))}, then)

    def _forget(self, client: Client, request: Msg) -> None:
        run = check_run(request.get("run"))
        answer = self._answer(client, request)

        def then(refused: Refused | None) -> None:
            if refused is None and self.core.table.pop(run, None) is not None:
                for other in self._clients:
                    other.mark(run)
            answer(refused)

        self._ask({"op": "forget", "run": run}, then)

    def _list(self, client: Client, request: Msg) -> None:
        client.reply(request, {"runs": [entry.info() for entry in self.core.table.values()]})

    def _info(self, client: Client, request: Msg) -> None:
        client.reply(request, self._entry(request).info())

    def _status(self, client: Client, request: Msg) -> None:
        live = self._live()
        answer = {
            "v": VERSION, "vault_pid": self.core.peer_pid, "pump_pid": os.getpid(),
            "home": self.core.home, "started_at": self.core.started_at,
            "running": len(live), "exited": len(self.core.table) - len(live),
            "log_full": [entry.run for entry in live if entry.log_full],
        }  # fmt: skip
        client.reply(request, answer)

    def _stop(self, client: Client, request: Msg) -> None:
        live = self._live()
        if live and not request.get("force"):
            raise Refused("running", f"{len(live)} agents are running")
        self._end(float(request.get("grace_s", GRACE_S)), self._answer(client, request))

    def _end(self, grace: float, tell: Then | None = None) -> None:
        self._ending = True
        waiting = {entry.run for entry in self._live()}

        def gone(run: str) -> Callable[[], None]:
            def tick() -> None:
                waiting.discard(run)
                if not waiting:
                    if tell is not None:
                        tell(None)
                    self._last_words()

            return tick

        for run in list(waiting):
            self._after_end.setdefault(run, []).append(gone(run))
            self._ask({"op": "kill", "run": run, "grace_s": grace}, self._anyway(run))
        if not waiting:
            gone("")()

    def _anyway(self, run: str) -> Then:
        def then(refused: Refused | None) -> None:
            # A kill that failed holds up the end of the keeper no more than any other.
            self._tell_if_settled(self.core.table[run], anyway=refused is not None)

        return then

    def _last_words(self) -> None:
        self.core.notes.say("the keeper ends")
        self.core.stop()
        with contextlib.suppress(OSError):
            os.unlink(f"{self.core.dir}/sock")
        self.loop.done = True

    def _live(self) -> list[Entry]:
        return [entry for entry in self.core.table.values() if not entry.over]

    def _entry(self, request: Msg) -> Entry:
        entry = self.core.table.get(check_run(request.get("run")))
        if entry is None:
            raise Refused("no_run", f"no such run: {request['run']}")
        return entry

    def _flow(self, request: Msg) -> Flow:
        entry = self._entry(request)
        if entry.run not in self._flows:
            raise Refused("gone", "the agent has ended")
        return self._flows[entry.run]

    def _answer(self, client: Client, request: Msg) -> Then:
        def answer(refused: Refused | None) -> None:
            if refused is None:
                client.reply(request, {})
            else:
                client.refuse(request, refused)

        return answer
