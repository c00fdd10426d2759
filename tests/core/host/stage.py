"""A host with a real keeper, real git and the demo agent; control's end of the link is a list."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from core.demo import command as demo_agent
from core.demo.repository import create
from core.events import Event
from core.host.host import Host
from core.host.keeper import Keeper
from core.host.settings import HostAgent, HostProject, HostSettings
from core.model import SessionId
from core.ports import Beat, Command, Record, Verb
from core.states import PermissionMode, Strategy
from tests.core.keeper.harness import House, keeper_in

ROOT = Path(__file__).parents[3]
ONE = SessionId(1)


class FakeHostLink:
    """The host's end of a link: what it said is kept, what it is told comes from the test."""

    def __init__(self) -> None:
        self.told: list[Record] = []
        self.finished: list[str] = []
        self.refusing: Exception | None = None
        self._orders: asyncio.Queue[Command] = asyncio.Queue()

    def order(self, *commands: Command) -> None:
        for command in commands:
            self._orders.put_nowait(command)

    async def commands(self) -> AsyncIterator[Command]:
        while True:
            yield await self._orders.get()

    async def done(self, command: str) -> None:
        self.finished.append(command)

    async def append(self, records: Sequence[Record]) -> None:
        if self.refusing is not None:
            raise self.refusing
        self.told.extend(record for record in records if record.seq > self.last(record.session))

    async def beat(self, beat: Beat) -> None: ...

    async def close(self) -> None: ...

    def last(self, session: SessionId) -> int:
        return max((record.seq for record in self.told if record.session == session), default=0)


class Scene:
    """A host that can be ended and begun again as a kill would do it."""

    def __init__(self, home: Path, repo: Path, house: House) -> None:
        self.home = home
        self.repo = repo
        self.house = house
        self.link = FakeHostLink()
        self.agents = {"demo": agent()}
        self.host: Host | None = None

    async def begin(self) -> None:
        keeper = await Keeper.connect(self.home)
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        projects = {"tally": HostProject(self.repo)}
        self.host = Host(HostSettings(self.home, projects, self.agents, environ), keeper, self.link)
        await self.host.start()

    async def end(self) -> None:
        if self.host is not None:
            await self.host.close()
            self.host = None

    def of(self, kind: type[Any]) -> list[Any]:
        return [record.event for record in self.link.told if isinstance(record.event, kind)]

    async def see(self, kind: type[Any], test: Callable[[Any], bool] = lambda _: True, count: int = 1) -> Any:
        """Wait until events of a kind were told and return the last of them."""
        return await self.until(lambda: [e for e in self.of(kind) if test(e)][count - 1 :])

    async def until(self, test: Callable[[], Any], seconds: float = 20.0) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := test()):
                await asyncio.sleep(0.01)
        return found[-1] if isinstance(found, list) else found

    def gapless(self) -> bool:
        return [record.seq for record in self.link.told] == list(range(1, len(self.link.told) + 1))


def agent(**env: str) -> HostAgent:
    """The demo agent without its pauses."""
    return HostAgent("claude", demo_agent(), {"LEADHAND_DEMO_PACE": "0", "PYTHONPATH": str(ROOT), **env})


def launch(
    epoch: int = 1,
    text: str = "Add a JSON output format",
    *,
    session: SessionId = ONE,
    agent: str = "demo",
    mode: PermissionMode = PermissionMode.PLAN,
    resume: bool = False,
) -> Command:
    body = {
        "project": "tally",
        "name": f"task-{session}",
        "agent": agent,
        "mode": mode,
        "strategy": Strategy.ASK,
        "base": None,
        "approved": False,
        "epoch": epoch,
        "resume": resume,
        "agent_session": f"6f1c7a52-6a39-4a53-9d3e-{session:012}",
        "prompts": [{"id": f"00000000-0000-4000-8000-{session:06}{epoch:06}", "text": text}],
    }
    return Command(f"launch:{session}:{epoch}", session, Verb.LAUNCH, body)


def order(verb: Verb, id: str = "", session: SessionId = ONE, /, **body: Any) -> Command:
    return Command(id or f"{verb}:x", session, verb, body)


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.kind for event in events]


@asynccontextmanager
async def scene_in(tmp: Path) -> AsyncIterator[Scene]:
    """A host that has begun; afterwards nothing of it is left."""
    home, repo = tmp / "home", tmp / "tally"
    home.mkdir(mode=0o700)
    create(repo)
    async with keeper_in(home) as house:
        scene = Scene(home, repo, house)
        try:
            await scene.begin()
            yield scene
        finally:
            await scene.end()
