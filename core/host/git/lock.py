"""One writer per repository: an asyncio lock inside the process and a `flock` in the real common git
directory across processes. Git commands inherit the `flock`: when we are killed it lasts until the command
in flight has ended, and then the kernel lets it go."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path

from core.host.git.errors import RepositoryBusy, RepositoryReadOnly

FILE_NAME = "leadhand.lock"
_POLL_S = 0.02
_held: ContextVar[tuple[int, ...]] = ContextVar("held", default=())


def held() -> tuple[int, ...]:
    """The descriptors of the locks the running task holds, for its commands to inherit."""
    return _held.get()


class Locks:
    """The locks of all repositories this process works on."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._inside: dict[Path, asyncio.Lock] = {}

    @asynccontextmanager
    async def hold(self, common_dir: Path) -> AsyncIterator[None]:
        """Hold the lock of the repository whose common git directory this is."""
        real = _real(common_dir)
        inside = self._inside.setdefault(real, asyncio.Lock())
        try:
            await asyncio.wait_for(inside.acquire(), self._timeout_s)
        except TimeoutError:
            raise RepositoryBusy(real, self._timeout_s) from None
        try:
            descriptor = await self._take(real)
            token = _held.set((*_held.get(), descriptor))
            try:
                yield
            finally:
                _held.reset(token)
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # also should a stray process still have it
                os.close(descriptor)
        finally:
            inside.release()

    async def _take(self, real: Path) -> int:
        try:
            descriptor = os.open(
                real / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError as error:
            raise RepositoryReadOnly(real, error.strerror or str(error)) from error
        try:
            async with asyncio.timeout(self._timeout_s):
                # A blocking flock could not be cancelled, and another process sets no event here.
                while not _try(descriptor):  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_S)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, TimeoutError):
                raise RepositoryBusy(real, self._timeout_s) from None
            raise
        return descriptor


def _real(path: Path) -> Path:
    return path.resolve()


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
