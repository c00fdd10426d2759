"""One run in the table both processes hold: plain facts and the descriptors that keep its agent alive."""

# Paths are plain text here: pathlib costs memory in each of the two daemons.
# ruff: noqa: PTH105, PTH106, PTH108, PTH116, PTH119, PTH123, PTH208

from __future__ import annotations

import contextlib
import json
import os

from core.keeper.link import close_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.keeper.wire import Msg

FACTS = (
    "run", "layout", "marker", "command", "cwd", "pid", "start_time", "rows", "cols", "spawned_at",
    "ended", "exit_code", "signal", "exited_at", "over", "out_end", "tty_end", "log_full",
)  # fmt: skip


class Entry:
    """`ended`: the agent's exit was seen. `over`: its last byte is logged, its descriptors closed."""

    __slots__ = (*FACTS, "dir", "fds")

    def __init__(self, directory: str, facts: Msg, fds: dict[str, int]) -> None:
        self.dir = directory
        self.fds = fds
        self.run: str = facts["run"]
        self.layout: str = facts["layout"]
        self.marker: str = facts.get("marker", "")
        self.command: str = facts.get("command", "")
        self.cwd: str = facts.get("cwd", "")
        self.pid: int = facts["pid"]
        self.start_time: int = facts["start_time"]
        self.rows: int = facts.get("rows", 40)
        self.cols: int = facts.get("cols", 120)
        self.spawned_at: float = facts.get("spawned_at", 0.0)
        self.ended: bool = facts.get("ended", False)
        self.exit_code: int | None = facts.get("exit_code")
        self.signal: int | None = facts.get("signal")
        self.exited_at: float | None = facts.get("exited_at")
        self.over: bool = facts.get("over", False)
        self.out_end: int = facts.get("out_end", 0)
        self.tty_end: int = facts.get("tty_end", 0)
        self.log_full: str = facts.get("log_full", "")

    def facts(self) -> Msg:
        """Everything but the descriptors, for the other process and for `run.json`."""
        return {name: getattr(self, name) for name in FACTS}

    def log_path(self, stream: str) -> str:
        """Where the stream's bytes are; a terminal has only `out`."""
        return f"{self.dir}/{stream}.log"

    def info(self) -> Msg:
        """What a client is told."""
        for stream in ("out", "tty"):
            if stream in self.fds:
                setattr(self, f"{stream}_end", os.fstat(self.fds[stream]).st_size)
        answer = self.facts()
        del answer["ended"]
        answer["state"] = "exited" if answer.pop("over") else "running"
        answer["out_log"] = self.log_path("out")
        answer["tty_log"] = self.log_path("tty") if self.layout == "structured" else None
        return answer

    def close(self, *names: str) -> None:
        """Close the named descriptors, or all of them."""
        for name in names or tuple(self.fds):
            if name in self.fds:
                close_all([self.fds.pop(name)])

    def see_exit(self, code: int | None, signal: int | None, at: float) -> None:
        """Remember how the agent ended; None and None when nobody could be asked."""
        self.ended, self.exit_code, self.signal, self.exited_at = True, code, signal, at


def save_json(directory: str, name: str, value: Msg) -> None:
    """Write a small file so that a reader sees all of it or none."""
    draft = f"{directory}/.{name}.new"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, json.dumps(value).encode())
    finally:
        os.close(fd)
    os.replace(draft, f"{directory}/{name}")


def load_json(directory: str, name: str) -> Msg | None:
    """Read one of those files; None when it is absent or not readable as one."""
    try:
        with open(f"{directory}/{name}", "rb") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def save_exit(entry: Entry) -> None:
    """Leave the exit where it can be read after a reboot."""
    save_json(
        entry.dir, "exit.json", {"code": entry.exit_code, "signal": entry.signal, "at": entry.exited_at}
    )


def recall_exit(entry: Entry) -> bool:
    """Take the exit over from `exit.json` when somebody saw it before us."""
    seen = load_json(entry.dir, "exit.json")
    if seen is None:
        return False
    entry.see_exit(seen.get("code"), seen.get("signal"), seen.get("at") or 0.0)
    return True


def remove_dir(directory: str) -> None:
    """Remove a run's directory, which holds only files."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return
    for name in names:
        os.unlink(f"{directory}/{name}")
    os.rmdir(directory)


def load_past(directory: str) -> Entry | None:
    """Read a run an earlier keeper left: its process is lost to us, its logs are not."""
    facts = load_json(directory, "run.json")
    if facts is None or facts.get("run") != os.path.basename(directory):
        return None
    entry = Entry(directory, facts, {})
    for stream in ("out", "tty"):
        with contextlib.suppress(OSError):
            setattr(entry, f"{stream}_end", os.stat(entry.log_path(stream)).st_size)
    return entry
