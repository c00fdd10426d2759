"""The host: takes orders off the link, gives each to its session, and finds its sessions again at start."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from core.host.keeper import Keeper
from core.host.keeper_line import KeeperLine
from core.host.repository import Repository
from core.host.session import HostSession
from core.host.settings import HostSettings
from core.model import SessionId
from core.ports import HostLink

log = logging.getLogger(__name__)


class Host:
    """All sessions of this machine."""

    def __init__(self, settings: HostSettings, keeper: Keeper, link: HostLink) -> None:
        self._settings = settings
        self._line = KeeperLine(settings.home, keeper)
        self._link = link
        self._repository = Repository(settings)
        self._sessions: dict[SessionId, HostSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Find sessions whose process lives or whose records may be unknown, then take orders."""
        for journal in sorted((self._settings.home / "host").glob("*.jsonl")):
            if journal.stem.isdigit():
                await self._find(SessionId(int(journal.stem)))
        self._orders = self._spawn(self._take_orders())
        self._looking = self._spawn(self._look_at_projects())

    async def _find(self, id: SessionId) -> None:
        try:
            session = self._session(id)
            await session.attach()
            self._settle(session)
        except Exception:
            log.exception("session %s could not be attached", id)

    async def close(self) -> None:
        """Let go of everything; agents go on in the keeper."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for session in self._sessions.values():
            session.journal.close()
        await self._repository.close()
        await self._line.close()

    async def _take_orders(self) -> None:
        async for command in self._link.commands():
            try:
                self._session(command.session).give(command)
            except (
                OSError,
                ValueError,
            ):  # its journal; the order stays open and comes again at the next start
                log.exception("order %s could not be taken", command.id)

    async def _look_at_projects(self) -> None:
        """Tell at the start what will stop a task later; the other projects go on."""
        for name, project in self._settings.projects.items():
            if problem := await self._repository.problem(project):
                log.warning("project %s: %s", name, problem.message())

    def _session(self, id: SessionId) -> HostSession:
        if id not in self._sessions:
            session = HostSession(
                id, self._settings, self._line, self._link, self._repository, self._spawn, self._settle
            )
            session.begin()
            self._sessions[id] = session
        return self._sessions[id]

    def _settle(self, session: HostSession) -> None:
        """Let go of a session that has nothing to do: it costs neither memory nor a descriptor then."""
        number = session.journal.session
        if self._sessions.get(number) is not session or not session.settled:
            return
        try:
            session.retire()
        except OSError as error:  # it stays as it is, and is tried again when something happens to it
            log.warning("session %s cannot be put aside: %s", number, error)
            return
        del self._sessions[number]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the host ended", exc_info=error)
