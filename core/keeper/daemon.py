"""Start of the keeper: one per home, detached from everything of its starter, then the two halves."""

# Paths are plain text here: pathlib costs memory in each of the two daemons.
# ruff: noqa: PTH101, PTH103, PTH108

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import resource
import signal
import socket
import sys

from core.keeper.notes import Notes
from core.keeper.pair import VAULT, Core, Half
from core.keeper.pump import Pump
from core.keeper.spawn import MARKER_NAME, Starter
from core.keeper.vault import Vault, adopt_past

BACKLOG = 128


def main(argv: list[str]) -> int:
    """Start the keeper for a home; returns once it serves, or at once when another one does."""
    if len(argv) != 1:
        print("usage: python -m core.keeper <home>", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    if MARKER_NAME in os.environ:
        _start_again_unmarked()
    starter = Starter(os.umask(0o077), resource.getrlimit(resource.RLIMIT_NOFILE))
    os.closerange(3, 65536)
    home = os.path.realpath(argv[0])
    try:
        if not _lock(home):
            print(f"a keeper serves {home} already", file=sys.stderr)  # noqa: T201
            return 0
    except OSError as error:
        print(f"the keeper cannot start: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return _detach(home, starter)


def _lock(home: str) -> bool:
    """Make the directories and take the lock, which lives as long as either half. False: somebody has it."""
    os.makedirs(f"{home}/keeper/runs", mode=0o700, exist_ok=True)
    os.chmod(f"{home}/keeper", 0o700)
    lock = os.open(f"{home}/keeper/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start_again_unmarked() -> None:
    # Started from inside an agent, we would be swept away with it: its marker stands in our environment.
    env = {name: value for name, value in os.environ.items() if name != MARKER_NAME}
    os.execve(sys.executable, sys.orig_argv, env)  # noqa: S606 - the same command again


def _detach(home: str, starter: Starter) -> int:
    """Fork the daemon; the lock goes with it. The starter waits until the socket is there."""
    ready_r, ready_w = os.pipe()
    if os.fork() == 0:
        code = 70
        try:
            os.close(ready_r)
            _become_daemon(home, starter, ready_w)
            code = 0
        finally:
            os._exit(code)
    os.close(ready_w)
    answer = os.read(ready_r, 4096)
    if answer == b"ready":
        return 0
    print(answer.decode() or "the keeper did not start", file=sys.stderr)  # noqa: T201
    return 1


def _become_daemon(home: str, starter: Starter, ready: int) -> None:
    try:
        os.setsid()
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.close(null)
        for number in (signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _, hard = starter.nofile
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        notes = Notes(f"{home}/keeper/keeper.log")
        core = Core(home, _listen(home), mmap.mmap(-1, mmap.PAGESIZE), notes, starter)
    except OSError as error:
        os.write(ready, f"the keeper cannot start: {error}".encode())
        raise
    try:
        _serve(core, ready)
    except BaseException:
        notes.fault("in the main loop")
        raise


def _listen(home: str) -> socket.socket:
    directory = os.open(f"{home}/keeper", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    path = f"/proc/self/fd/{directory}/sock"  # a Unix address holds 107 bytes, a home may be longer
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # ours by the lock; its owner is dead
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(BACKLOG)
    os.close(directory)
    return listener


def _serve(core: Core, ready: int) -> None:
    orphans = adopt_past(core)
    if core.fork_peer():
        os.close(ready)
        half: Half = Pump(core)
    else:
        vault = Vault(core)
        vault.end_orphans(orphans)
        os.write(ready, b"ready")
        os.close(ready)
        half = vault
    while (role := half.run()) is not None:
        half = Vault(core) if role == VAULT else Pump(core)
