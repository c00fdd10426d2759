"""Runs an agent that speaks frames: stdin and stdout on pipes, a PTY as controlling terminal.

The layout the keeper gives to structured agents, without the keeper, for runs against real programs.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

Frame = dict[str, Any]


class Process:
    """One running agent: frames in, frames out, every frame kept."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self.master, slave = os.openpty()
        self.proc = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.lines: list[bytes] = []
        self.log: list[tuple[str, Frame]] = []  # ("<" from the agent, ">" to it)
        self.terminal = b""
        self.arrived: queue.Queue[None] = queue.Queue()  # one item a line, for who reads `lines`
        self.drained = threading.Event()
        self._queue: queue.Queue[Frame | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=read, daemon=True) for read in (self._read, self._read_terminal)
        ]
        for reader in self._readers:
            reader.start()

    def send(self, *frames: Frame | bytes) -> None:
        """Write frames."""
        assert self.proc.stdin is not None
        for frame in frames:
            raw = frame if isinstance(frame, bytes) else json.dumps(frame).encode() + b"\n"
            self.log.append((">", json.loads(raw)))
            self.proc.stdin.write(raw)
        self.proc.stdin.flush()

    def expect(self, wanted: Callable[[Frame], Any], timeout: float = 30) -> Frame:
        """Return the next frame that is wanted; frames before it are passed over."""
        end = time.monotonic() + timeout
        while True:
            try:
                frame = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"not seen; last frames: {self.kinds()[-8:]}") from None
            if frame is None:
                raise EOFError(f"the agent ended: {self.terminal[-2000:]!r} {self.kinds()[-8:]}")
            if wanted(frame):
                return frame

    def quiet(self, seconds: float) -> list[Frame]:
        """Return all frames that come within some time."""
        end, seen = time.monotonic() + seconds, []
        while (left := end - time.monotonic()) > 0:
            try:
                frame = self._queue.get(timeout=left)
            except queue.Empty:
                break
            if frame is None:
                break
            seen.append(frame)
        return seen

    def close_stdin(self) -> None:
        """Let the agent see the end of its input."""
        assert self.proc.stdin is not None
        self.proc.stdin.close()

    def wait(self, timeout: float = 20) -> int:
        """Return the exit code (negative: signal)."""
        return self.proc.wait(timeout)

    def kill(self) -> None:
        """End the whole process group at once and let go of its pipes."""
        with suppress(ProcessLookupError):
            os.killpg(self.proc.pid, signal.SIGKILL)
        self.proc.wait(10)
        for reader in self._readers:
            reader.join(5)
        for stream in (self.proc.stdin, self.proc.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def kinds(self) -> list[str]:
        """Return a short word for each frame that came."""
        return [kind(frame) for side, frame in self.log if side == "<"]

    def _read(self) -> None:
        assert self.proc.stdout is not None
        for line in self.proc.stdout:
            self.lines.append(line)
            try:
                frame = json.loads(line)
            except ValueError:
                frame = {"type": "_text", "text": line.decode(errors="replace")}
            self.log.append(("<", frame))
            self._queue.put(frame)
            self.arrived.put(None)
        self._queue.put(None)
        self.drained.set()

    def _read_terminal(self) -> None:
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self.terminal += data


def kind(frame: Frame) -> str:
    """Return type, subtype and tool of a frame in one word."""
    request = frame.get("request", {}) if frame.get("type") == "control_request" else {}
    parts = [frame.get("type"), frame.get("subtype"), frame.get("state"), request.get("subtype")]
    return "/".join(str(part) for part in [*parts, request.get("tool_name")] if part)
