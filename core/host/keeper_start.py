"""Reaches the keeper of a home: connects to its socket, starts it detached, tells whether one is alive."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import sys
from pathlib import Path

KEPT_ENV = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PYTHONHOME", "VIRTUAL_ENV", "TMPDIR")


def connect(home: Path) -> socket.socket:
    """Connect through the directory's descriptor: a Unix address holds 107 bytes, a home may be longer."""
    directory = os.open(home / "keeper", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        sock.connect(f"/proc/self/fd/{directory}/sock")
    except BaseException:
        sock.close()
        raise
    finally:
        os.close(directory)
    return sock


def lock_is_free(home: Path) -> bool:
    """Tell whether no keeper of this home is alive."""
    try:
        fd = os.open(home / "keeper" / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


async def start_daemon(home: Path) -> None:
    """Run the starter to its end; it leaves the daemon behind, or finds that another one was faster."""
    starter = await asyncio.create_subprocess_exec(
        *_command(home), cwd="/", env=_environment(), start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complaint = await starter.communicate()
    if starter.returncode != 0:
        raise OSError(complaint.decode(errors="replace").strip() or "the keeper did not start")


def _command(home: Path) -> list[str]:
    # -S: everything worth finding is on the path we pass, and site's start-up files cost memory for ever.
    return [sys.executable, "-S", "-m", "core.keeper", str(home.resolve())]


def _environment() -> dict[str, str]:
    """Build the daemon's environment from an allow-list: no token, no marker of an agent we may run in."""
    code = Path(__file__).resolve().parents[2]
    path = [str(code), *(str(Path(entry).resolve()) for entry in sys.path if entry)]
    env = {name: os.environ[name] for name in KEPT_ENV if name in os.environ}
    return {**env, "PYTHONPATH": os.pathsep.join(dict.fromkeys(path))}
