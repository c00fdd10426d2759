"""One session on this host: carries its orders out one after the other and tells what happens.

Orders may arrive twice; each is carried out in a way that a repetition changes nothing: processes,
frames, worktrees and merges are all found again by the ids they were made under.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import AgentMissing, AgentUnusable, DiskFull, KeeperDown, LeadhandError, NotRunning
from core.events import (
    CommandFailed,
    Event,
    InputAccepted,
    ProcessStarted,
    RequestResolved,
    SessionEnded,
    TurnStarted,
)
from core.host.agents.program import find_program
from core.host.agents.registry import make_driver
from core.host.journal import Journal
from core.host.keeper import KeeperError, KeeperUnavailable
from core.host.keeper_line import KeeperLine
from core.host.patience import patiently
from core.host.process import Process, run_name
from core.host.reporter import Reporter
from core.host.repository import Repository
from core.host.settings import HostAgent, HostSettings
from core.model import Json, SessionId
from core.ports import AgentSpec, Command, HostLink, Start, Verb
from core.states import PermissionMode, Strategy

log = logging.getLogger(__name__)
CLOSE_GRACE_S = 10.0  # for an agent that was asked to end
DRAIN_S = 30.0  # for what an ended agent has written to be told; a log on a full disk may never end
KILL_PATIENCE_S = 2.0  # then a stop overtakes the orders before it
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class HostSession:
    """Owns a session's journal, worktree and process."""

    def __init__(
        self,
        session: SessionId,
        settings: HostSettings,
        line: KeeperLine,
        link: HostLink,
        repository: Repository,
        spawn_task: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        on_idle: Callable[[HostSession], None],
    ) -> None:
        self.journal = Journal(settings.home / "host" / f"{session}.jsonl", session)
        self.process: Process | None = None
        self._settings = settings
        self._line = line
        self._link = link
        self._repository = repository
        self._spawn_task = spawn_task
        self._on_idle = on_idle
        self._orders: asyncio.Queue[Command] = asyncio.Queue()
        self._kills: set[str] = set()  # orders to kill that wait
        self._busy = False
        self._given = False  # a prompt was written and the agent has not taken it yet
        self._reader: asyncio.Task[None] | None = None
        self._reporter = Reporter(self.journal, link, lambda: on_idle(self))

    def begin(self) -> None:
        """Start the two loops: orders in, records out."""
        self._loops = (self._spawn_task(self._carry_out_orders()), self._spawn_task(self._reporter.run()))

    @property
    def settled(self) -> bool:
        """Tell whether there is no process, nothing to do and nothing to tell."""
        at_work = self._busy or not self._orders.empty() or self._is_running()
        told = not self.journal.waiting and (self.journal.ended or not self.journal.started)
        return told and not at_work

    def retire(self) -> None:
        """Put the journal aside and end the loops; the next order begins the session anew."""
        self.journal.settle()
        for loop in self._loops:
            loop.cancel()

    async def attach(self) -> None:
        """Go on reading a process that outlived us, from where the journal stands."""
        if self.journal.ended or not self.journal.started:
            return  # a process nobody was told of is found again by its order, which is open still
        try:
            process, _ = self._prepare(self.journal.launch)
        except LeadhandError as error:  # such as an agent that is not configured any more
            await self._give_up(error.message())
            return
        self._follow(process)
        if self.journal.expected_end:
            self._closing = self._spawn_task(self._end_old_process())

    async def _give_up(self, why: str) -> None:
        """End a process nobody can talk to."""
        run = run_name(self.journal.session, self.journal.epoch)
        with suppress(KeeperError):
            await self._line.ask(lambda keeper: keeper.kill(run))
        await self._emit([SessionEnded(None, None, self.journal.expected_end, why)])

    def give(self, command: Command) -> None:
        """Queue an order."""
        self._orders.put_nowait(command)
        if command.verb is Verb.KILL and not self.journal.is_done(command.id):
            self._kills.add(command.id)
            self._overtaking = self._spawn_task(self._kill_anyway(command))

    async def _kill_anyway(self, command: Command) -> None:
        """An order before the kill may wait for an agent that does not read: then do not wait with it."""
        await asyncio.sleep(KILL_PATIENCE_S)
        if command.id in self._kills:
            with suppress(KeeperError, OSError):  # the order itself is still to come, and tells what is wrong
                await self._kill(command)

    # ---- records out ------------------------------------------------------------------------------

    async def _emit(self, events: Sequence[Event], offset: int | None = None) -> None:
        await self._reporter.write(events, offset)
        if any(isinstance(event, TurnStarted | InputAccepted) for event in events):
            self._given = False

    async def _hear(self, events: Sequence[Event], offset: int) -> None:
        """Take what the agent said, unless too much of it waits already: its log keeps the rest."""
        await self._reporter.room()
        await self._emit(events, offset)

    # ---- orders in --------------------------------------------------------------------------------

    async def _carry_out_orders(self) -> None:
        while True:
            command = await self._orders.get()
            self._busy = True
            if not self.journal.is_done(command.id):
                await self._carry_out(command)
                await self._note_done(command)
            self._kills.discard(command.id)
            await patiently("a confirmation is not taken", partial(self._link.done, command.id))
            self._busy = False
            self._on_idle(self)

    async def _note_done(self, command: Command) -> None:
        async def write() -> None:
            self.journal.done(command.id)

        await patiently(f"order {command.id} cannot be noted as done", write, over=OSError)

    async def _carry_out(self, command: Command) -> None:
        """Carry one order out; a refusal becomes an event, never an exception."""
        try:
            await self._verbs()[command.verb](command)
        except LeadhandError as error:
            await self._refuse(command, error)
        except KeeperUnavailable as error:
            await self._refuse(command, KeeperDown(reason=error.detail))
        except KeeperError as error:
            gone = error.code in {"gone", "no_run"}
            name = self.journal.launch.get("name", "?")
            await self._refuse(command, NotRunning(name=name) if gone else KeeperDown(reason=error))
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FULL:
                await self._refuse(command, DiskFull(path=self._settings.home))
                return
            log.exception("order %s failed", command.id)
            await self._refuse(command, LeadhandError(reason=f"{type(error).__name__}: {error}"))

    async def _refuse(self, command: Command, error: LeadhandError) -> None:
        fields = tuple(sorted(error.fields.items()))
        await self._emit([CommandFailed(command.id, command.verb, error.key, fields)])

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
        """Make the worktree, start the agent, give it its prompts. A repetition finds what there is."""
        order = command.body
        if order["epoch"] > self.journal.epoch:
            await self._end_old_process()
            self.journal.launched(order["epoch"], order)
            self._given = False
        if order["epoch"] < self.journal.epoch or self.journal.ended:
            return  # a newer process took its place, or it began and has ended
        find_program(order["agent"], self._agent(order), self._settings.environ)
        if order["strategy"] != Strategy.OFF and not self._kills:
            await self._emit([await self._repository.provision(self.journal, order)])
        if self._kills:
            return  # it was stopped before it began
        process = self.process if self._is_running() else None
        if process is None:
            process = await self._start(order)
        # Written once by its id: also when the process was found running, for we may have died before.
        await process.write(self._prepare(order)[1].greeting, "greeting")
        for prompt in order["prompts"]:
            frames = process.driver.prompt(prompt["text"], prompt["id"])
            await process.write(frames, f"{command.id}:{prompt['id']}")

    async def _start(self, order: Json) -> Process:
        """Start the agent and read it."""
        process, start = self._prepare(order)
        try:
            info = await process.spawn(start, self._cwd(order), self._marker(order))
        except KeeperUnavailable:
            raise
        except KeeperError as error:
            if error.code == "not_found":
                raise AgentMissing(agent=order["agent"], command=start.argv[0]) from error
            raise AgentUnusable(agent=order["agent"], reason=error) from error
        if not self.journal.started:
            await self._emit([ProcessStarted(process.run, info.pid)])
        self._follow(process)
        return process

    def _prepare(self, order: Json) -> tuple[Process, Start]:
        agent, cwd = self._agent(order), self._cwd(order)
        driver = make_driver(agent.driver)
        start = driver.start(self._spec(order, agent, cwd), self._settings.environ)
        return Process(self._line, self.journal, driver, self._tree), start

    async def _end_old_process(self) -> None:
        """A session has one process: an older one gets a moment to end, then is ended."""
        process, reader = self.process, self._reader
        if process is None or reader is None or reader.done():
            return
        self.journal.expect_end()
        # Closing the input of an agent at work would deny what it asks and let it go on by itself.
        if not self.journal.in_turn:
            with suppress(KeeperError):
                await process.close_input()
            await asyncio.wait({reader}, timeout=CLOSE_GRACE_S)
        if not reader.done():
            await process.kill()
            await asyncio.wait({reader}, timeout=DRAIN_S)
            reader.cancel()

    def _follow(self, process: Process) -> None:
        self.process = process
        self._reader = self._spawn_task(self._read(process))
        self._reader.add_done_callback(lambda _: self._on_idle(self))

    async def _read(self, process: Process) -> None:
        """Read a process to its end; whatever goes wrong, control learns that there is none any more."""
        try:
            end = await process.follow(self._hear)
        except Exception as error:
            log.exception("%s cannot be read any more", process.run)
            with suppress(KeeperError):
                await process.kill()
            lost = isinstance(error, KeeperError) and error.code == "no_run"
            tail = "" if lost else f"{type(error).__name__}: {error}"
            end = SessionEnded(None, None, self.journal.expected_end, tail)
        await self._emit([end])

    def _is_running(self) -> bool:
        return self.process is not None and self._reader is not None and not self._reader.done()

    async def _running(self) -> Process:
        """Return the process once its driver knows what was asked before we came."""
        if self.process is None or not self._is_running():
            raise NotRunning(name=self.journal.launch.get("name", "?"))
        await self.process.ready()
        return self.process

    async def _prompt(self, command: Command) -> None:
        process = await self._running()
        frames = process.driver.prompt(command.body["text"], command.body["id"])
        self._given = True
        await process.write(frames, command.id)

    async def _plan(self, command: Command) -> None:
        process, body = await self._running(), command.body
        tree = await self._tree()
        frames = process.driver.plan(body["request"], body["verdict"], body["feedback"])
        await self._reply(process, command, body["request"], frames, tree)

    async def _permission(self, command: Command) -> None:
        process, body = await self._running(), command.body
        frames = process.driver.permission(body["request"], body["verdict"], body["reason"])
        await self._reply(process, command, body["request"], frames)

    async def _answer(self, command: Command) -> None:
        process, body = await self._running(), command.body
        frames = process.driver.answer(body["request"], body["answers"])
        await self._reply(process, command, body["request"], frames)

    async def _reply(
        self, process: Process, command: Command, request: str, frames: Sequence[bytes], tree: str = ""
    ) -> None:
        if not frames:
            raise NotRunning(name=self.journal.launch.get("name", "?"))
        await process.write(frames, command.id)
        await self._emit([RequestResolved(request, "user", tree)])

    async def _interrupt(self, command: Command) -> None:
        process = await self._running()
        await process.write(process.driver.interrupt(command.id), command.id)

    async def _close(self, command: Command) -> None:
        """Let the agent end, unless it was given something new to do meanwhile."""
        if not self._is_running() or command.body.get("epoch") != self.journal.epoch:
            return
        if not self._given and not self.journal.in_turn:
            self.journal.expect_end()  # before this order is done: a restart goes on with it
            self._closing = self._spawn_task(self._end_old_process())

    async def _kill(self, _: Command) -> None:
        process = self.process
        if process is not None and self._is_running():
            self.journal.expect_end()
            await process.kill()

    async def _inspect(self, command: Command) -> None:
        event = await self._repository.inspect(self.journal, command.body["title"])
        await self._emit([event])

    async def _land(self, command: Command) -> None:
        event = await self._repository.land(self.journal, command.body)
        await self._emit([event])

    async def _remove(self, command: Command) -> None:
        await self._end_old_process()
        only_clean = bool(command.body["only_clean"])
        event = await self._repository.remove(self.journal, only_clean=only_clean)
        await self._emit([event])

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
        try:
            return await self._repository.tree(self.journal)
        except LeadhandError as error:  # a decision must not fail for that: the measure is missing then
            log.warning("session %s: its tree cannot be measured: %s", self.journal.session, error)
            return ""

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
