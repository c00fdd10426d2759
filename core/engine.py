"""The composition root and the public verbs: each opens one transaction and asks the rules. No rules here."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self, TypeVar

from core.clock import SystemClock
from core.config import Config, prepare_home
from core.control import decisions, plans, questions, sessions, worktrees
from core.control.delivery import Delivery
from core.control.loop import Control
from core.control.people import People
from core.control.work import Work
from core.errors import AlreadyRunning, HomeBroken, KeeperDown, UnknownSession
from core.host.host import Host
from core.host.keeper import Keeper, KeeperError, KeeperUnavailable
from core.host.settings import HostAgent, HostProject, HostSettings
from core.links.local import LocalLink
from core.model import ChatId, Decision, Launch, Place, Route, Session, SessionId, UserId
from core.ports import Clock, Store
from core.store.db import SqliteStore

T = TypeVar("T")


class Engine:
    """Everything Leadhand can do, without a word of Telegram."""

    def __init__(self, config: Config, store: Store, control: Control, held: AsyncExitStack):
        self.config = config
        self.delivery = Delivery(control)
        self.people = People(control)
        self._store = store
        self._control = control
        self._held = held

    @classmethod
    async def open(
        cls, config: Config, *, environ: Mapping[str, str] | None = None, clock: Clock | None = None
    ) -> Self:
        """Open the home, attach to the keeper and go on where the last run stopped."""
        prepare_home(config.home)
        async with AsyncExitStack() as held:  # what is open is closed again, whatever fails
            held.callback(os.close, _lock_home(config.home))
            store = await SqliteStore.open(config.home / "leadhand.db")
            held.push_async_callback(store.close)
            keeper = await _keeper(config.home)
            held.push_async_callback(keeper.close)
            link = LocalLink()
            control = Control(store, link, clock or SystemClock())
            held.push_async_callback(control.close)
            host = Host(_host_settings(config, environ or os.environ), keeper, link)
            held.push_async_callback(host.close)
            await control.start()
            await host.start()
            return cls(config, store, control, held.pop_all())

    @staticmethod
    async def keeper(home: Path) -> Keeper | None:
        """Connect to the keeper of a home, if one runs; needs no configuration."""
        try:
            return await Keeper.connect(home, start=False)
        except KeeperUnavailable:
            return None

    async def close(self) -> None:
        """Let go, the host first; agents go on in the keeper."""
        await self._held.aclose()

    # ---- verbs ------------------------------------------------------------------------------------

    async def launch(self, wish: Launch, *, update: int | None = None) -> Session | None:
        """Start a session; None when this update was handled before."""
        return await self._once(update, lambda work: sessions.launch(work, wish))

    async def say(self, session: SessionId, text: str, by: UserId, *, update: int | None = None) -> None:
        """Continue a session: answer what it asks, give feedback it waits for, steer or resume it."""
        await self._on(session, update, lambda w, s: decisions.say(w, s, text, by))

    async def stop(self, session: SessionId, by: UserId, *, update: int | None = None) -> None:
        """End a session's process, keeping everything it made."""
        await self._on(session, update, lambda w, s: sessions.stop(w, s, by))

    async def decide_plan(
        self, session: SessionId, verb: str, by: UserId, feedback: str = "", *, update: int | None = None
    ) -> None:
        """Approve, revise or reject the pending plan."""
        await self._on(session, update, lambda w, s: plans.decide(w, s, verb, by, feedback))

    async def give_feedback(
        self, session: SessionId, feedback: str, by: UserId, *, update: int | None = None
    ) -> None:
        """Say what should change in the plan that was sent back."""
        await self._on(session, update, lambda w, s: plans.give_feedback(w, s, feedback, by))

    async def answer(self, session: SessionId, text: str, by: UserId, *, update: int | None = None) -> None:
        """Answer the open question in one's own words."""
        await self._on(session, update, lambda w, s: questions.answer_by_text(w, s, text, by))

    async def decide_permission(
        self, session: SessionId, verb: str, by: UserId, *, update: int | None = None
    ) -> None:
        """Decide the oldest open permission request."""
        await self._on(session, update, lambda w, s: decisions.permission(w, s, verb, by))

    async def decide_branch(
        self, session: SessionId, verb: str, by: UserId, *, update: int | None = None
    ) -> None:
        """Merge, keep for later, or begin to discard a branch."""
        await self._on(session, update, lambda w, s: worktrees.decide(w, s, verb, by))

    async def confirm_discard(
        self, session: SessionId, verb: str, by: UserId, *, update: int | None = None
    ) -> None:
        """Answer Yes or No to the question whether to discard."""
        await self._on(session, update, lambda w, s: decisions.discard(w, s, verb, by))

    async def press(self, decision: str, verb: str, by: UserId, chat: ChatId, message: int) -> Decision:
        """Carry out a button. Raises `DecisionStale`, `DecisionTaken` or another `LeadhandError`."""
        return await self._control.decide(lambda w: decisions.press(w, decision, verb, by, chat, message))

    # ---- reading ----------------------------------------------------------------------------------

    async def session(self, id: SessionId) -> Session:
        """Return a session, or raise `UnknownSession`."""
        return await self._control.decide(lambda w: w.session(id))

    async def session_named(self, name: str) -> Session:
        """Return the session of that name, or raise `UnknownSession`."""
        found = await self._store.read(lambda tx: tx.sessions.by_name(name))
        if found is None:
            raise UnknownSession(name=name)
        return found

    async def recent_sessions(self, limit: int = 20) -> Sequence[Session]:
        """Return the newest sessions, newest first."""
        return await self._store.read(lambda tx: tx.sessions.recent(limit))

    async def route(self, session: SessionId) -> Route | None:
        """Return where a session talks."""
        return await self._store.read(lambda tx: tx.routes.get(session))

    async def place(self, chat: ChatId, thread: int | None, reply_to: int | None, user: UserId) -> Place:
        """Tell what a message in this place belongs to."""
        return await self._store.read(lambda tx: decisions.place(tx, chat, thread, reply_to, user))

    # ---- inside -----------------------------------------------------------------------------------

    async def _on(
        self, session: SessionId, update: int | None, rule: Callable[[Work, Session], object]
    ) -> None:
        await self._once(update, lambda work: rule(work, work.session(session)))

    async def _once(self, update: int | None, rule: Callable[[Work], T]) -> T | None:
        """Run a rule; with an update, mark it handled in the same transaction and never run it twice."""

        def guarded(work: Work) -> T | None:
            if update is not None and not work.tx.inbox.done(update):
                return None
            return rule(work)

        return await self._control.decide(guarded)


async def _keeper(home: Path) -> Keeper:
    try:
        return await Keeper.connect(home)
    except KeeperError as error:  # its last line says it: what is before it is where in the program it was
        raise KeeperDown(reason=error.detail.strip().splitlines()[-1]) from error


def _lock_home(home: Path) -> int:
    """One Leadhand per home: hold a lock until the process ends."""
    path = home / "run.lock"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HomeBroken(path=path, reason=(error.strerror or str(error)).lower()) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise AlreadyRunning(what=f"home ({home})") from None
    return fd


def _host_settings(config: Config, environ: Mapping[str, str]) -> HostSettings:
    return HostSettings(
        home=config.home,
        projects={n: HostProject(p.path.expanduser(), p.base) for n, p in config.settings.projects.items()},
        agents={
            n: HostAgent(a.driver, a.command, a.env, a.model, a.base_url, a.key_env)
            for n, a in config.agents.items()
        },
        environ={k: v for k, v in environ.items() if not k.startswith("LEADHAND_TELEGRAM")},
    )
