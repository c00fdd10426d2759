"""The host's way to the keeper: requests over its socket, output straight from the logs.

The connection mends itself: after a restart of the keeper's pump every unanswered request is sent again,
and the keeper answers a repeated one without doing it twice.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from core.host.keeper_start import connect, lock_is_free, start_daemon
from core.host.splitter import Splitter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from pathlib import Path

VERSION = 1
OLDEST = 1
LINE_LIMIT = 64 * 1024 * 1024
TURN_BYTES = 64 * 1024
FRAME_LIMIT = 32 * 1024 * 1024
PATIENCE = 10.0

Stream = Literal["out", "tty"]
Layout = Literal["structured", "terminal"]


class KeeperError(Exception):
    """The keeper refused; `code` is one of its words, `detail` a sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class KeeperUnavailable(KeeperError):
    """No keeper answers."""

    def __init__(self, detail: str) -> None:
        super().__init__("unavailable", detail)


@dataclass(frozen=True, slots=True)
class Spawn:
    """What to start; `env` is complete, `marker` becomes LEADHAND_RUN and finds escaped children."""

    run: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    layout: Layout = "structured"
    cols: int = 120
    rows: int = 40
    marker: str = ""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What the keeper knows about a run; exit code and signal are both None when the end went unseen."""

    run: str
    pid: int
    start_time: int
    state: Literal["running", "exited"]
    exit_code: int | None
    signal: int | None
    out_end: int
    tty_end: int
    spawned_at: float
    exited_at: float | None
    layout: str
    marker: str
    command: str
    cwd: str
    rows: int
    cols: int
    out_log: str
    tty_log: str | None
    log_full: str


@dataclass(frozen=True, slots=True)
class KeeperStatus:
    """The keeper's own state."""

    v: int
    vault_pid: int
    pump_pid: int
    home: str
    started_at: float
    running: int
    exited: int
    log_full: list[str] = field(default_factory=list)


class _View:
    """What notifications told about one run."""

    __slots__ = ("changed", "forgotten", "info", "unsure")

    def __init__(self) -> None:
        self.info: RunInfo | None = None  # once exited
        self.forgotten = False
        self.unsure = False  # the connection was lost since we were told
        self.changed = asyncio.Event()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Keeper:
    """One connection to the keeper of a home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._ids = itertools.count(1)
        self._nonce = secrets.token_hex(4)
        self._waiting: dict[int, tuple[bytes, asyncio.Future[dict[str, Any]]]] = {}
        self._views: dict[str, _View] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._lost: KeeperUnavailable | None = None

    @classmethod
    async def connect(cls, home: Path, *, start: bool = True) -> Self:
        """Connect to the home's keeper, starting it when none runs."""
        keeper = cls(home)
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while (reader := await keeper._try()) is None:
            if not start:
                raise KeeperUnavailable(f"no keeper serves {home}")
            if asyncio.get_running_loop().time() > deadline:
                raise KeeperUnavailable(f"the keeper of {home} does not answer")
            try:
                await start_daemon(home)
            except OSError as error:
                raise KeeperUnavailable(str(error)) from error
            await asyncio.sleep(0.005)
        keeper._task = asyncio.create_task(keeper._serve(reader))
        return keeper

    @property
    def lost(self) -> bool:
        """Tell whether the keeper has ended: this connection will not mend itself any more."""
        return self._lost is not None

    async def spawn(self, spec: Spawn) -> RunInfo:
        """Start an agent; a second call with the same run returns the first one's."""
        answer = await self._ask(
            "spawn", run=spec.run, argv=list(spec.argv), env=dict(spec.env), cwd=spec.cwd, layout=spec.layout,
            cols=spec.cols, rows=spec.rows, marker=spec.marker,
        )  # fmt: skip
        return _info(answer)

    async def write(self, run: str, data: bytes, wid: str) -> None:
        """Give the agent a frame, once per `wid`; returns when the kernel has all of it."""
        await self._ask("write", run=run, data=base64.b64encode(data).decode(), wid=wid)

    async def close_stdin(self, run: str) -> None:
        """End the agent's input after everything queued."""
        await self._ask("close_stdin", run=run)

    async def signal(self, run: str, signo: int) -> None:
        """Signal the agent's process group."""
        await self._ask("signal", run=run, signo=int(signo), sid=f"{self._nonce}.{next(self._ids)}")

    async def resize(self, run: str, rows: int, cols: int) -> None:
        """Set the size of the agent's terminal."""
        await self._ask("resize", run=run, rows=rows, cols=cols)

    async def kill(self, run: str, grace_s: float = 5.0) -> None:
        """End the agent's whole tree, escaped children included; returns when it is gone."""
        await self._ask("kill", run=run, grace_s=grace_s)

    async def forget(self, run: str) -> None:
        """Remove an exited run and its logs."""
        await self._ask("forget", run=run)

    async def list(self) -> list[RunInfo]:
        """Return every run the keeper knows."""
        return [_info(item) for item in (await self._ask("list"))["runs"]]

    async def info(self, run: str) -> RunInfo:
        """Return one run."""
        return _info(await self._ask("info", run=run))

    async def status(self) -> KeeperStatus:
        """Return the keeper's own state."""
        answer = await self._ask("status")
        return KeeperStatus(**{name: answer[name] for name in KeeperStatus.__slots__ if name in answer})

    async def stop(self, *, force: bool = False, grace_s: float = 5.0) -> None:
        """End the keeper; refused while agents run unless forced. Returns when its processes are gone."""
        await self._ask("stop", force=force, grace_s=grace_s)
        await self.close()
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not lock_is_free(self._home):
            if asyncio.get_running_loop().time() > deadline:
                raise KeeperUnavailable("the keeper answered and did not end")
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Leave the keeper alone."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._fail(KeeperUnavailable("the connection was closed"))
        await self._hang_up()

    async def wait(self, run: str) -> RunInfo:
        """Return once the run's agent has ended and its last byte is logged."""
        first = await self.info(run)
        view = self._view(run)
        while first.state != "exited":
            if view.info is not None:
                return view.info
            await self._next(run, view)
        return first

    async def lines(
        self, run: str, offset: int = 0, stream: Stream = "out"
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        """Yield (offset after the line, line) from the log, live, until the run is over and all is read."""
        info = await self.info(run)
        path = info.out_log if stream == "out" else info.tty_log
        if path is None:
            raise KeeperError("no_stream", "a terminal has only one stream: out")
        view = self._view(run)
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            split = Splitter(offset)
            while True:
                changed, over = view.changed, view.info is not None or info.state == "exited"
                chunk = os.pread(fd, TURN_BYTES, split.read)
                for item in split.feed(chunk):
                    yield item
                if len(split.rest) > FRAME_LIMIT:
                    raise KeeperError("line_too_long", f"{FRAME_LIMIT} bytes without an end of line")
                if chunk:
                    await asyncio.sleep(0)  # the other runs' turn
                elif over:
                    break
                else:
                    await self._next(run, view, changed)
            if split.rest:
                yield split.read, bytes(split.rest)
        finally:
            os.close(fd)

    def _view(self, run: str) -> _View:
        return self._views.setdefault(run, _View())

    async def _next(self, run: str, view: _View, changed: asyncio.Event | None = None) -> None:
        """Wait for the next notification about a run."""
        if self._lost is not None:
            raise self._lost
        if view.forgotten:
            raise KeeperError("no_run", f"the run was forgotten: {run}")
        await (changed or view.changed).wait()
        if view.unsure:
            view.unsure = False
            await self.info(run)  # raises when the run was forgotten meanwhile

    async def _ask(self, op: str, **arguments: object) -> dict[str, Any]:
        if self._lost is not None:
            raise self._lost
        number = next(self._ids)
        line = json.dumps({"id": number, "op": op, **arguments}).encode() + b"\n"
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = (line, future)
        try:
            if self._writer is not None:
                self._writer.write(line)
            return await future
        finally:
            self._waiting.pop(number, None)

    async def _try(self) -> asyncio.StreamReader | None:
        with contextlib.suppress(OSError, EOFError):
            return await self._open()
        return None

    async def _open(self) -> asyncio.StreamReader:
        """Connect, agree on the version, and ask for notifications about every run."""
        reader, writer = await asyncio.open_connection(sock=connect(self._home), limit=LINE_LIMIT)
        self._writer = writer
        writer.write(json.dumps({"id": 0, "op": "hello", "v": VERSION, "oldest": OLDEST}).encode() + b"\n")
        while True:
            line = await reader.readline()
            if not line.endswith(b"\n"):
                await self._hang_up()
                raise EOFError("the keeper hung up")
            answer = json.loads(line)
            if answer.get("id") == 0:
                break
        if "err" in answer:
            await self._hang_up()
            raise KeeperError(answer["err"]["code"], answer["err"]["detail"])
        for view in self._views.values():
            view.info, view.unsure = None, True
            view.wake()
        writer.write(b'{"id":0,"op":"watch"}\n')
        for waiting, _ in self._waiting.values():
            writer.write(waiting)
        return reader

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        while True:
            with contextlib.suppress(OSError):
                while (line := await reader.readline()).endswith(b"\n"):
                    self._receive(json.loads(line))
            await self._hang_up()
            try:
                reader = await self._reopen()
            except KeeperError as error:
                self._fail(error if isinstance(error, KeeperUnavailable) else KeeperUnavailable(str(error)))
                return

    async def _reopen(self) -> asyncio.StreamReader:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return await self._open()
            except FileNotFoundError:
                raise KeeperUnavailable("the keeper has ended") from None
            except (OSError, EOFError):
                if lock_is_free(self._home) or asyncio.get_running_loop().time() > deadline:
                    raise KeeperUnavailable("the keeper is gone") from None
            await asyncio.sleep(0.005)

    def _receive(self, message: dict[str, Any]) -> None:
        if "ev" in message:
            self._notice(message)
        elif (waiting := self._waiting.get(message.get("id") or 0)) is not None and not waiting[1].done():
            if "err" in message:
                waiting[1].set_exception(KeeperError(message["err"]["code"], message["err"]["detail"]))
            else:
                waiting[1].set_result(message["ok"])

    def _notice(self, message: dict[str, Any]) -> None:
        view = self._view(message["run"])
        match message["ev"]:
            case "end":
                view.info = None
            case "exit":
                view.info = _info(message["info"])
            case "forgotten":
                view.forgotten = True
                del self._views[message["run"]]
            case _:
                pass  # a newer keeper's word
        view.wake()

    def _fail(self, error: KeeperUnavailable) -> None:
        self._lost = self._lost or error
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(error)
        for view in self._views.values():
            view.wake()

    async def _hang_up(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _info(answer: dict[str, Any]) -> RunInfo:
    # Fields a newer keeper adds are ignored, those an older one lacks are None.
    return RunInfo(**{name: answer.get(name) for name in RunInfo.__slots__})  # type: ignore[arg-type]
