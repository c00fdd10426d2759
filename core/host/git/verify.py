"""Runs a project's own checks on a merged result before it is published, in a throw-away checkout. What runs
there was written by an agent: it gets a short environment and a time limit."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from zlib import crc32

from core.host.git import refs
from core.host.git.include import copy_included
from core.host.git.listing import root_of, worktrees
from core.host.git.outcomes import Blocked, MergeRequest, Reason
from core.host.git.runner import Git

_PASSED_ON = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
)
_TAIL = 4000


async def verify(git: Git, request: MergeRequest, commit: str) -> Blocked | None:
    """Run the commands one after the other on a checkout of the commit; the first failure is told."""
    root, common = await root_of(git, request.project)
    # The same name each time, so that what a killed process left is found and taken away.
    path = git.scratch / f"verify-{refs.checked(request.session)}-{crc32(str(common).encode()):08x}"
    await _remove(git, request.project, common, path)
    try:
        async with git.lock(common):
            await git.run(request.project, "worktree", "add", "--quiet", "--detach", str(path), commit)
        await copy_included(git, root, path)
        for argv in request.verify:
            code, tail = await _command(argv, path, request.verify_env, request.verify_timeout_s)
            if code != 0:
                said = "took too long" if code is None else f"exit code {code}"
                return Blocked(Reason.VERIFY_FAILED, (" ".join(argv),), f"{said}\n{tail}".strip())
        return None
    finally:
        await _remove(git, request.project, common, path)


async def _command(
    argv: tuple[str, ...], cwd: Path, extra: Mapping[str, str], limit: float
) -> tuple[int | None, str]:
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(extra)
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=cwd, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return 127, str(error)
    tail = bytearray()
    try:
        async with asyncio.timeout(limit):
            await _drain(process, tail)
            code: int | None = await process.wait()
    except TimeoutError:
        code = None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # also whatever the command left running
        await process.wait()
    return code, tail.decode("utf-8", "replace")[-_TAIL:]


async def _drain(process: asyncio.subprocess.Process, tail: bytearray) -> None:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    while chunk := await process.stdout.read(65536):
        tail += chunk
        del tail[: -4 * _TAIL]


async def _remove(git: Git, repository: Path, common: Path, path: Path) -> None:
    """Take the throw-away checkout away, also one that a killed process left."""
    async with git.lock(common):
        if any(entry.path == path for entry in await worktrees(git, repository)):
            await git.run(repository, "worktree", "remove", "--force", "--force", str(path), ok=(0, 128))
        await git.in_thread(partial(shutil.rmtree, path, ignore_errors=True))
