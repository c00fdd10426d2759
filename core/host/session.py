"""One session on this host: carries its orders out one after the other and tells what happens.

Orders may arrive twice; each is carried out in a way that a repetition changes nothing: processes,
frames, worktrees and merges are all found again by the ids they were made under.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import AgentMissing, AgentUnusable, LeadhandError, NotRunning
from core.events import CommandFailed, Event, InputAccepted, RequestResolved, TurnStarted
from core.host.agents.program import find_program
from core.host.agents.registry import make_driver
from core.host.journal import Journal
from core.host.keeper import Keeper, KeeperError
from core.host.process import Process
from core.host.repository import Repository
from core.host.settings import HostAgent, HostSettings
from core.model import Json, SessionId
from core.ports import AgentSpec, Command, HostLink, Verb
from core.states import PermissionMode, Strategy

log = logging.getLogger(__name__)
CLOSE_GRACE_S = 10.0


class HostSession:
    """Owns a session's journal, worktree and process."""

    def __init__(
        self,
        session: SessionId,
        settings: HostSettings,
        keeper: Keeper,
        link: HostLink,
        repository: Repository,
        spawn_task: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self.journal = Journal(settings.home / "host" / f"{session}.jsonl", session)
        self.process: Process | None = None
        self._settings = settings
        self._keeper = keeper
        self._link = link
        self._repository = repository
        self._spawn_task = spawn_task
        self._orders: asyncio.Queue[Command] = asyncio.Queue()
        self._news = asyncio.Event()
        self._given = False  # a prompt was written and the agent has not taken it yet
        self._reader: asyncio.Task[None] | None = None
        if self.journal.unconfirmed():
            self._news.set()

    def begin(self) -> None:
        """Start the two loops: orders in, records out."""
        self._loops = (self._spawn_task(self._carry_out_orders()), self._spawn_task(self._tell()))

    async def attach(self) -> None:
        """Go on reading a process that outlived us, from where the journal stands."""
        if self.journal.ended or not self.journal.launch:
            return
        order = self.journal.launch
        agent = self._agent(order)
        driver = make_driver(agent.driver)
        cwd = self._cwd(order)
        driver.start(self._spec(order, agent, cwd), self._settings.environ)
        self._follow(Process(self._keeper, self.journal, driver, self._emit, self._tree))

    def give(self, command: Command) -> None:
        """Queue an order."""
        self._orders.put_nowait(command)

    # ---- records out ------------------------------------------------------------------------------

    def _emit(self, events: Sequence[Event], offset: int) -> None:
        if any(isinstance(event, TurnStarted | InputAccepted) for event in events):
            self._given = False
        self.journal.append(events, offset)
        self._news.set()

    async def _tell(self) -> None:
        """Hand records over until control has stored them; what is not confirmed is offered again."""
        while True:
            await self._news.wait()
            self._news.clear()
            while batch := self.journal.unconfirmed():
                await self._link.append(batch)
                self.journal.ack(batch[-1].seq)

    # ---- orders in --------------------------------------------------------------------------------

    async def _carry_out_orders(self) -> None:
        while True:
            command = await self._orders.get()
            if not self.journal.is_done(command.id):
                await self._carry_out(command)
                self.journal.done(command.id)
            await self._link.done(command.id)

    async def _carry_out(self, command: Command) -> None:
        """Carry one order out; a refusal becomes an event, never an exception."""
        try:
            await self._verbs()[command.verb](command)
        except LeadhandError as error:
            fields = tuple(sorted(error.fields.items()))
            self._refuse(command, error.key, fields)
        except KeeperError as error:
            gone = error.code in {"gone", "no_run"}
            key = NotRunning.key if gone else "error-keeper-down"
            self._refuse(command, key, (("reason", str(error)),))
        except Exception as error:
            log.exception("order %s failed", command.id)
            self._refuse(command, "error-unknown", (("reason", f"{type(error).__name__}: {error}"),))

    def _refuse(self, command: Command, key: str, fields: tuple[tuple[str, str], ...]) -> None:
        self._emit([CommandFailed(command.id, command.verb, key, fields)], self.journal.offset)

    def _verbs(self) -> dict[Verb, Callable[[Command], Coroutine[Any, Any, None]]]:
        return {
            Verb.LAUNCH: self._launch,
            Verb.PROMPT: self._prompt,
            Verb.PLAN: self._plan,
            Verb.PERMISSION: self._permission,
            Verb.ANSWER: self._answer,
            Verb.INTERRUPT: self._interrupt,
            Verb.CLOSE: self._close,
            Verb.KILL: self._kill,
            Verb.INSPECT: self._inspect,
            Verb.LAND: self._land,
            Verb.REMOVE: self._remove,
        }

    async def _launch(self, command: Command) -> None:
        """Make the worktree, start the agent, give it its prompts."""
        order = command.body
        if order["epoch"] != self.journal.epoch:
            await self._end_old_process()
            self.journal.launched(order["epoch"], order)
        agent = self._agent(order)
        find_program(order["agent"], agent, self._settings.environ)
        if order["strategy"] != Strategy.OFF:
            self._emit([await self._repository.provision(self.journal, order)], 0)
        driver = make_driver(agent.driver)
        cwd = self._cwd(order)
        start = driver.start(self._spec(order, agent, cwd), self._settings.environ)
        process = Process(self._keeper, self.journal, driver, self._emit, self._tree)
        try:
            await process.spawn(start, cwd, self._marker(order))
        except KeeperError as error:
            self.journal.expect_end()
            if error.code == "not_found":
                raise AgentMissing(agent=order["agent"], command=agent.command[0]) from error
            raise AgentUnusable(agent=order["agent"], reason=error) from error
        self._follow(process)
        for prompt in order["prompts"]:
            await process.write(driver.prompt(prompt["text"], prompt["id"]), f"{command.id}:{prompt['id']}")

    async def _end_old_process(self) -> None:
        """A session has one process: an older one gets a moment to end, then is ended."""
        if self._reader is None or self._reader.done() or self.process is None:
            return
        self.journal.expect_end()
        # Closing the input of an agent at work would deny what it asks and let it go on by itself.
        if not self.journal.in_turn:
            with suppress(KeeperError):
                await self.process.close_input()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._reader), CLOSE_GRACE_S)
        if not self._reader.done():
            await self.process.kill()
            await self._reader

    def _follow(self, process: Process) -> None:
        self.process = process
        self._reader = self._spawn_task(process.follow())

    def _running(self) -> Process:
        if self.process is None or self._reader is None or self._reader.done():
            raise NotRunning(name=self.journal.launch.get("name", "?"))
        return self.process

    async def _prompt(self, command: Command) -> None:
        process = self._running()
        frames = process.driver.prompt(command.body["text"], command.body["id"])
        self._given = True
        await process.write(frames, command.id)

    async def _plan(self, command: Command) -> None:
        process, body = self._running(), command.body
        tree = await self._tree()
        frames = process.driver.plan(body["request"], body["verdict"], body["feedback"])
        await self._reply(process, command, body["request"], frames, tree)

    async def _permission(self, command: Command) -> None:
        process, body = self._running(), command.body
        frames = process.driver.permission(body["request"], body["verdict"], body["reason"])
        await self._reply(process, command, body["request"], frames)

    async def _answer(self, command: Command) -> None:
        process, body = self._running(), command.body
        frames = process.driver.answer(body["request"], body["answers"])
        await self._reply(process, command, body["request"], frames)

    async def _reply(
        self, process: Process, command: Command, request: str, frames: Sequence[bytes], tree: str = ""
    ) -> None:
        if not frames:
            raise NotRunning(name=self.journal.launch.get("name", "?"))
        await process.write(frames, command.id)
        self._emit([RequestResolved(request, "user", tree)], self.journal.offset)

    async def _interrupt(self, command: Command) -> None:
        process = self._running()
        await process.write(process.driver.interrupt(command.id), command.id)

    async def _close(self, command: Command) -> None:
        """Let the agent end, unless it was given something new to do meanwhile."""
        if command.body.get("epoch") == self.journal.epoch and not self._given and not self.journal.in_turn:
            self._closing = self._spawn_task(self._end_old_process())

    async def _kill(self, _: Command) -> None:
        if self._reader is not None and not self._reader.done() and self.process is not None:
            self.journal.expect_end()
            await self.process.kill()

    async def _inspect(self, command: Command) -> None:
        event = await self._repository.inspect(self.journal, command.body["title"])
        self._emit([event], self.journal.offset)

    async def _land(self, command: Command) -> None:
        event = await self._repository.land(self.journal, command.body)
        self._emit([event], self.journal.offset)

    async def _remove(self, command: Command) -> None:
        await self._end_old_process()
        only_clean = bool(command.body["only_clean"])
        event = await self._repository.remove(self.journal, only_clean=only_clean)
        self._emit([event], self.journal.offset)

    # ---- what an order means here -------------------------------------------------------------------

    def _agent(self, order: Json) -> HostAgent:
        try:
            return self._settings.agents[order["agent"]]
        except KeyError:
            raise AgentMissing(agent=order["agent"], command=order["agent"]) from None

    def _cwd(self, order: Json) -> Path:
        return self._repository.cwd(self.journal, order)

    def _marker(self, order: Json) -> str:
        # Killing looks for it among all processes of the machine: it must not be another home's, too.
        return f"s{self.journal.session}-{order['epoch']}-{order['agent_session']}"

    async def _tree(self) -> str:
        return await self._repository.tree(self.journal)

    def _spec(self, order: Json, agent: HostAgent, cwd: Path) -> AgentSpec:
        return AgentSpec(
            command=tuple(agent.command),
            cwd=str(cwd),
            marker=self._marker(order),
            mode=PermissionMode(order["mode"]),
            agent_session=order["agent_session"],
            resume=order["resume"] and self.journal.talked,
            approved=order["approved"],
            model=agent.model,
            base_url=agent.base_url,
            key_env=agent.key_env,
            env=agent.env,
        )
