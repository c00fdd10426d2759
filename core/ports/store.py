"""The seam to what is remembered: one writer, and a small repository per noun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from core.model import (
    AuditEntry,
    ChatId,
    Decision,
    Expectation,
    Json,
    Millis,
    Notice,
    Permission,
    Plan,
    Question,
    Route,
    Session,
    SessionId,
    User,
    UserId,
    Worktree,
)
from core.ports.link import Command, Record
from core.states import DecisionKind, NoticeKind, Priority

T = TypeVar("T")


class Store(Protocol):
    """One writer, one transaction at a time; functions run to completion or leave no trace."""

    async def write(self, change: Callable[[Tx], T]) -> T:
        """Run `change` in a transaction and return its result after the commit."""
        ...

    async def read(self, query: Callable[[Tx], T]) -> T:
        """Run `query` on a read-only snapshot."""
        ...

    async def close(self) -> None:
        """Finish what was begun and close."""
        ...


class Tx(Protocol):
    """A transaction: one small repository per noun. Everything is synchronous inside."""

    @property
    def sessions(self) -> Sessions: ...
    @property
    def plans(self) -> Plans: ...
    @property
    def requests(self) -> Requests: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def worktrees(self) -> Worktrees: ...
    @property
    def routes(self) -> Routes: ...
    @property
    def users(self) -> Users: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def commands(self) -> Commands: ...
    @property
    def journal(self) -> Journal: ...


class Sessions(Protocol):
    """Rows of sessions."""

    def add(self, session: Session) -> Session:
        """Store a new session and return it with its id; raises `ValueError` when its name is taken."""
        ...

    def get(self, id: SessionId) -> Session:
        """Return a session; raises `KeyError`."""
        ...

    def by_name(self, name: str) -> Session | None:
        """Return the session of that name."""
        ...

    def save(self, session: Session) -> None:
        """Replace a session's row; raises `KeyError`, and `ValueError` when its new name is taken."""
        ...

    def live(self) -> Sequence[Session]:
        """Return sessions that are not completed, failed or killed, and those whose process lives."""
        ...

    def recent(self, limit: int) -> Sequence[Session]:
        """Return the newest sessions, newest first."""
        ...

    def names_like(self, stem: str) -> frozenset[str]:
        """Return the taken names that begin with `stem`."""
        ...


class Plans(Protocol):
    """Rows of plan versions."""

    def put(self, plan: Plan) -> None:
        """Insert or replace a version."""
        ...

    def get(self, session: SessionId, version: int) -> Plan | None:
        """Return one version."""
        ...

    def by_request(self, session: SessionId, request: str) -> Plan | None:
        """Return the plan an agent's request id belongs to."""
        ...


class Requests(Protocol):
    """Rows of questions and permissions."""

    def add_question(self, question: Question) -> Question:
        """Store a question and return it with its id."""
        ...

    def add_permission(self, permission: Permission) -> Permission:
        """Store a permission request and return it with its id."""
        ...

    def question(self, id: int) -> Question | None:
        """Return a question."""
        ...

    def permission(self, id: int) -> Permission | None:
        """Return a permission request."""
        ...

    def save(self, row: Question | Permission) -> None:
        """Replace a row."""
        ...

    def pending(self, session: SessionId) -> Sequence[Question | Permission]:
        """Return what a session waits for, oldest first."""
        ...

    def by_request(self, session: SessionId, request: str) -> Question | Permission | None:
        """Return the row an agent's request id belongs to."""
        ...


class Decisions(Protocol):
    """Rows behind buttons."""

    def add(self, decision: Decision) -> None:
        """Store a decision before its buttons are shown."""
        ...

    def get(self, id: str) -> Decision | None:
        """Return a decision."""
        ...

    def take(self, id: str, verb: str, by: UserId, at: Millis) -> bool:
        """Compare and swap pending → taken; False when somebody was first or it is out of date."""
        ...

    def supersede(self, session: SessionId, kinds: Sequence[DecisionKind]) -> Sequence[Decision]:
        """Let pending decisions of these kinds die; return them."""
        ...

    def pending(self, session: SessionId, kind: DecisionKind | None = None) -> Sequence[Decision]:
        """Return what may still be decided, newest first."""
        ...

    def save(self, decision: Decision) -> None:
        """Replace draft and message of a row; a pending one dies when its state says superseded."""
        ...


class Worktrees(Protocol):
    """Rows of worktrees."""

    def put(self, worktree: Worktree) -> None:
        """Insert or replace."""
        ...

    def get(self, session: SessionId) -> Worktree | None:
        """Return a session's worktree."""
        ...


class Routes(Protocol):
    """Where sessions talk, and what a chat expects next."""

    def put(self, route: Route) -> None:
        """Insert or replace a session's route."""
        ...

    def get(self, session: SessionId) -> Route | None:
        """Return a session's route."""
        ...

    def by_topic(self, chat: ChatId, thread: int) -> SessionId | None:
        """Return the session of a topic."""
        ...

    def expect(self, expectation: Expectation) -> None:
        """Arm: the person's next message there is feedback. Replaces an older one."""
        ...

    def expected(self, chat: ChatId, thread: int | None, user: UserId) -> Expectation | None:
        """Return what was armed, without disarming it."""
        ...

    def disarm(self, session: SessionId) -> None:
        """Drop what was armed for a session."""
        ...

    def migrate(self, old: ChatId, new: ChatId) -> None:
        """Move everything of a group to its new chat id."""
        ...


class Users(Protocol):
    """Paired people and settings."""

    def put(self, user: User) -> None:
        """Insert or replace."""
        ...

    def get(self, id: UserId) -> User | None:
        """Return a person, if paired."""
        ...

    def all(self) -> Sequence[User]:
        """Return everybody who is paired."""
        ...

    def allow_chat(self, chat: ChatId, by: UserId) -> None:
        """Let a group be talked in."""
        ...

    def chat_allowed(self, chat: ChatId) -> bool:
        """Tell whether a group was allowed."""
        ...


class Inbox(Protocol):
    """Updates, journaled before they are confirmed."""

    def add(self, update: int, body: str, at: Millis) -> bool:
        """Store an update; False when it is known already."""
        ...

    def done(self, update: int) -> bool:
        """Mark an update as handled; False when it was handled before or never stored."""
        ...

    def open(self) -> Sequence[tuple[int, str]]:
        """Return updates that were not handled, in order."""
        ...

    def prune(self, before: Millis) -> None:
        """Forget handled updates that are older."""
        ...


class Outbox(Protocol):
    """Notices and how far they were delivered."""

    def put(
        self,
        key: str,
        kind: NoticeKind,
        chat: ChatId,
        thread: int | None,
        session: SessionId | None,
        data: Json,
        priority: Priority,
        at: Millis,
    ) -> Notice:
        """Insert a notice, or give the one with this key new data and the next revision."""
        ...

    def by_key(self, key: str) -> Notice | None:
        """Return the notice of a key."""
        ...

    def by_message(self, chat: ChatId, message: int) -> Notice | None:
        """Return the notice a message belongs to."""
        ...

    def newest(self, session: SessionId, kind: NoticeKind) -> Notice | None:
        """Return a session's newest notice of a kind."""
        ...

    def due(self, now: Millis) -> Sequence[Notice]:
        """Return pending notices that may go, in order of chat, priority and age."""
        ...

    def save(self, notice: Notice) -> None:
        """Replace delivery fields (state, shown, parts, attempts, not_before, thread); never data or rev."""
        ...

    def unfinished(self) -> Sequence[Notice]:
        """Return notices that were being sent when the process died."""
        ...


class Commands(Protocol):
    """Orders to hosts that were decided and not yet confirmed."""

    def add(self, host: str, command: Command, at: Millis) -> None:
        """Store an order; an id that is known already is left alone."""
        ...

    def done(self, id: str) -> None:
        """Confirm."""
        ...

    def open(self) -> Sequence[tuple[str, Command]]:
        """Return unconfirmed orders with their hosts, in order."""
        ...

    def get(self, id: str) -> Command | None:
        """Return an order; its body is empty when it was forgotten."""
        ...

    def kept(self, session: SessionId) -> Sequence[Command]:
        """Return a session's orders whose bodies were not forgotten, in order."""
        ...

    def forget(self, id: str) -> None:
        """Confirm, and keep nothing but the id."""
        ...


class Journal(Protocol):
    """What happened, and who decided what."""

    def record(self, record: Record, at: Millis) -> bool:
        """Store an event; False when this seq is known already."""
        ...

    def tail(self, session: SessionId, limit: int) -> Sequence[Record]:
        """Return the newest events, oldest first."""
        ...

    def audit(self, entry: AuditEntry) -> None:
        """Store who decided what."""
        ...

    def audited(self, limit: int) -> Sequence[AuditEntry]:
        """Return the newest decisions, newest first."""
        ...
