"""Starts one agent with ptyprocess: a PTY as its controlling terminal, pipes where the layout asks for them.

Either everything exists when `spawn` returns, or a refusal is raised and nothing is left behind.
"""

# Paths are plain text here: pathlib costs memory in each of the two daemons.
# ruff: noqa: PTH102, PTH112, PTH113, PTH117, PTH118

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import resource
import signal
import time
import tty

from core.keeper.entry import Entry, remove_dir, save_json
from core.keeper.feed import new_queue
from core.keeper.link import close_all
from core.keeper.sweep import start_time
from core.keeper.wire import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.keeper.wire import Msg

LAYOUTS = ("structured", "terminal")
RUN_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,64}\Z")
MARKER_NAME = "LEADHAND_RUN"
PIPE_BYTES = 256 * 1024
# Above fs.pipe-user-pages-soft (64 MiB) the kernel gives every new pipe of the user, agents' too, 8 KiB only.
LARGE_PIPES = 64


class Starter:
    """What an agent must get back from the time before the daemon changed it."""

    def __init__(self, umask: int, nofile: tuple[int, int]) -> None:
        self.umask = umask
        self.nofile = nofile


class Command:
    """A request that was checked: what to run, with what, where, on how large a terminal."""

    def __init__(self, spec: Msg, program: str) -> None:
        self.argv: list[str] = [program, *spec["argv"][1:]]
        self.env: dict[str, str] = dict(spec["env"])
        self.cwd: str = spec["cwd"]
        self.size = (int(spec.get("rows") or 40), int(spec.get("cols") or 120))


def spawn(spec: Msg, directory: str, starter: Starter, *, large_pipe: bool) -> Entry:
    """Start the agent described by `spec` with its logs in `directory`, which must not exist yet."""
    command = _check(spec)
    ours: dict[str, int] = {}
    theirs: list[int] = []
    try:
        os.mkdir(directory, 0o700)
        _open_logs(spec["layout"], directory, ours)
        stdio = _open_pipes(spec["layout"], ours, theirs, large_pipe=large_pipe)
        pid = _start(command, stdio, starter, ours)
        entry = Entry(directory, _facts(spec, command, pid), ours)
        save_json(directory, "run.json", entry.facts())
        return entry  # noqa: TRY300 - the finally below belongs to both outcomes
    except BaseException as error:
        _undo(ours, directory)
        raise _refusal(error) from None
    finally:
        close_all(theirs)


def _facts(spec: Msg, command: Command, pid: int) -> Msg:
    rows, cols = command.size
    return {
        "run": spec["run"], "layout": spec["layout"], "marker": spec.get("marker") or "",
        "command": command.argv[0], "cwd": command.cwd, "pid": pid, "start_time": start_time(pid),
        "rows": rows, "cols": cols, "spawned_at": time.time(),
    }  # fmt: skip


def check_run(run: object) -> str:
    """Return the run's name if it may be a directory's name."""
    if not isinstance(run, str) or not RUN_NAME.match(run):
        raise Refused("bad_request", "a run is named with 1 to 64 of A-Z a-z 0-9 _ . - and no leading dot")
    return run


def _check(spec: Msg) -> Command:
    argv, env, cwd = spec.get("argv"), spec.get("env"), spec.get("cwd")
    if spec.get("layout") not in LAYOUTS:
        raise Refused("bad_request", f"layout is one of {', '.join(LAYOUTS)}")
    if not isinstance(argv, list) or not argv or not isinstance(env, dict) or not isinstance(cwd, str):
        raise Refused("bad_request", "a spawn needs argv, env and cwd")
    marker = spec.get("marker") or ""
    texts = [*argv, *env, *env.values(), cwd, marker]
    if any(not isinstance(text, str) or "\0" in text for text in texts) or any(
        "=" in k or not k for k in env
    ):
        raise Refused("bad_request", "argv and env hold text without NUL, names without =")
    if not os.path.isabs(cwd) or not os.path.isdir(cwd) or not os.access(cwd, os.X_OK):
        raise Refused("no_cwd", f"not a directory to work in: {cwd}")
    command = Command(spec, _find(argv[0], env.get("PATH", os.defpath), cwd))
    if marker:
        command.env[MARKER_NAME] = marker
    return command


def _find(command: str, path: str, cwd: str) -> str:
    # ptyprocess would search the daemon's PATH; the agent's own is the one that counts.
    places = [cwd] if "/" in command else [os.path.join(cwd, place) for place in path.split(":")]
    for place in places:
        full = os.path.join(place, command)
        if command and os.path.isfile(full) and os.access(full, os.X_OK):
            return full
    raise Refused("not_found", f"no such program, or not executable: {command}")


def _open_logs(layout: str, directory: str, ours: dict[str, int]) -> None:
    for stream in ("out", "tty") if layout == "structured" else ("out",):
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        ours[stream] = os.open(f"{directory}/{stream}.log", flags, 0o600)
    ours["queue"] = new_queue()


def _open_pipes(
    layout: str, ours: dict[str, int], theirs: list[int], *, large_pipe: bool
) -> tuple[int, int] | None:
    """Return the agent's ends for stdin and stdout, or None when the PTY is both."""
    ours["mid_r"], ours["mid_w"] = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    if layout == "terminal":
        ours["via_r"], ours["via_w"] = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        return None
    stdin, ours["stdin"] = os.pipe2(os.O_CLOEXEC)
    theirs.append(stdin)
    ours["stdout"], stdout = os.pipe2(os.O_CLOEXEC)
    theirs.append(stdout)
    for name in ("stdin", "stdout"):
        os.set_blocking(ours[name], False)  # each end has its own flag: the agent's ends keep blocking
    if large_pipe:
        with contextlib.suppress(OSError):  # a smaller pipe is slower, not wrong
            fcntl.fcntl(stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return stdin, stdout


def _start(command: Command, stdio: tuple[int, int] | None, starter: Starter, ours: dict[str, int]) -> int:
    import ptyprocess  # only the vault needs it; it brings a megabyte along

    me = os.getpid()

    def prepare() -> None:
        if stdio is not None:
            os.dup2(stdio[0], 0)
            os.dup2(stdio[1], 1)
            tty.setraw(2)
        for number in (signal.SIGPIPE, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_NOFILE, starter.nofile)
        os.umask(starter.umask)
        os.chdir(command.cwd)

    try:
        child = ptyprocess.PtyProcess.spawn(
            command.argv, env=command.env, echo=stdio is None, preexec_fn=prepare, dimensions=command.size,
            pass_fds=stdio or (),
        )  # fmt: skip
    except BaseException as error:
        if os.getpid() != me:
            os._exit(70)  # a fault between fork and exec must not become a second vault
        # The traceback holds the frame that holds the half-made process and its descriptors.
        raise _refusal(error.with_traceback(None)) from None
    # Its close() sleeps, ends the agent, and runs when the object is collected: keep a duplicate instead.
    ours["pty"] = os.dup(child.fd)
    child.closed = True
    child.fileobj.close()
    os.set_blocking(ours["pty"], False)
    ours["pidfd"] = os.pidfd_open(child.pid)
    return int(child.pid)


def _undo(ours: dict[str, int], directory: str) -> None:
    if "pidfd" in ours:
        signal.pidfd_send_signal(ours["pidfd"], signal.SIGKILL)
        os.waitid(os.P_PIDFD, ours["pidfd"], os.WEXITED)
    close_all(list(ours.values()))
    with contextlib.suppress(OSError):
        remove_dir(directory)


def _refusal(error: BaseException) -> BaseException:
    """Name the faults a caller can act on; everything unexpected stays what it is."""
    if isinstance(error, Refused) or not isinstance(error, OSError | ValueError):
        return error
    number = getattr(error, "errno", None)
    if isinstance(error, FileNotFoundError) or number in (errno.ENOENT, errno.ENOEXEC):
        return Refused("not_found", f"the program or its interpreter cannot be run: {error}")
    if number in (errno.ENOSPC, errno.EDQUOT):
        return Refused("no_space", str(error))
    return Refused("spawn_failed", str(error))
