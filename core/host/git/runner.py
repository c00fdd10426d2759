"""Runs git: each command goes through GitPython in one small thread pool, under settings that neither a
repository nor a user can bend. A cancelled caller gets its cancellation only when its command has ended."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from core.host.git.errors import GitFailed, GitMissing, GitTimeout
from core.host.git.lock import Locks, held

T = TypeVar("T")

# What a repository's or user's configuration must not decide for us: programs to start, prompts, hooks,
# signatures, colours, automatic stashes and background work that would hold our pipes open.
_SETTINGS = (
    ("advice.detachedHead", "false"),
    ("branch.autoSetupMerge", "false"),
    ("color.ui", "false"),
    ("commit.gpgSign", "false"),
    ("core.editor", ":"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.quotePath", "false"),
    ("gc.auto", "0"),
    ("log.showSignature", "false"),
    ("maintenance.auto", "false"),
    ("merge.autoStash", "false"),
    ("merge.verifySignatures", "false"),
    ("safe.bareRepository", "all"),
    ("submodule.recurse", "false"),
    ("tag.gpgSign", "false"),
    ("worktree.guessRemote", "false"),
)
# Variables with which a surrounding git (a hook that starts us) would point commands at its own repository.
_FOREIGN = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_DATE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit names; handed over in the environment, never written to a configuration."""

    name: str = "Leadhand"
    email: str = "leadhand@localhost"


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The parts of output made with `-z`."""
        return tuple(part for part in self.out.split("\0") if part)


class Git:
    """Runs git commands and holds what they share: threads, identity, locks, a scratch directory."""

    def __init__(
        self,
        *,
        scratch: Path | None = None,
        identity: Identity | None = None,
        threads: int = 4,
        timeout_s: float = 300.0,
        lock_timeout_s: float = 120.0,
    ) -> None:
        self.scratch = (scratch or Path(tempfile.gettempdir())).resolve()
        self.scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.identity = identity or Identity()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="git")
        self._timeout_s = timeout_s
        self._locks = Locks(lock_timeout_s)
        self.version: tuple[int, ...] = ()  # filled in by the first look at a project

    def close(self) -> None:
        """Wait for running commands and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def lock(self, common_dir: Path) -> AbstractAsyncContextManager[None]:
        """Hold the repository against every other writer of ours, in this process and in others."""
        return self._locks.hold(common_dir)

    async def run(
        self,
        cwd: Path | str,
        *args: str,
        ok: tuple[int, ...] = (0,),
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        author: Identity | None = None,
        timeout_s: float | None = None,
    ) -> Output:
        """Run `git <args>` in a directory; an exit code not in `ok` raises."""
        limit = timeout_s or self._timeout_s
        variables = {**_environment(self.identity, author or self.identity), **(env or {})}
        output = await self.in_thread(partial(_execute, str(cwd), args, variables, stdin, limit, held()))
        if output.code not in ok:
            raise GitFailed(" ".join(args[:2]), output.code, output.err.strip()[-2000:])
        return output

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run blocking work in the pool. A cancelled caller still waits: no lock is let go early."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait({future})
            raise


def _environment(identity: Identity, author: Identity) -> dict[str, str]:
    variables = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": ":",
        "GIT_SEQUENCE_EDITOR": ":",
        "GIT_ASKPASS": "true",
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_COMMITTER_NAME": identity.name,
        "GIT_COMMITTER_EMAIL": identity.email,
    }
    # The last setting of a key wins, so ours go behind those already in the environment.
    known = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(known) if known.isdigit() else 0
    variables["GIT_CONFIG_COUNT"] = str(first + len(_SETTINGS))
    for number, (key, value) in enumerate(_SETTINGS, first):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


def _execute(
    cwd: str,
    args: tuple[str, ...],
    variables: dict[str, str],
    stdin: str | None,
    limit: float,
    inherit: tuple[int, ...],
) -> Output:
    try:
        import git
        from git.exc import GitCommandNotFound
    except ImportError as error:  # GitPython looks for the program when it is imported
        raise GitMissing from error
    # `-C`, because GitPython silently runs in our own directory when the wanted one is gone.
    command = ["git", "-C", cwd, *args]
    foreign = [name for name in _FOREIGN if name in os.environ and name not in variables]
    if foreign:
        command = ["env", *(f"--unset={name}" for name in foreign), *command]
    with tempfile.TemporaryFile() as source:
        source.write((stdin or "").encode("utf-8", "surrogateescape"))
        source.seek(0)
        try:
            code, out, err = git.Git().execute(
                command,
                istream=source if stdin is not None else None,
                env=variables,
                with_extended_output=True,
                with_exceptions=False,
                kill_after_timeout=limit,
                pass_fds=inherit,
            )
        except GitCommandNotFound as error:
            raise GitMissing from error
    if code < 0 and str(err).startswith("Timeout"):
        raise GitTimeout(" ".join(args[:2]), limit)
    return Output(code, str(out), str(err))
