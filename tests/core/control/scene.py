"""A session over a real database, driven by records and decisions; orders and notices are looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from core import events
from core.control import decisions, records, sessions
from core.control.work import Work
from core.events import Event
from core.model import (
    Changes,
    ChatId,
    Decision,
    Json,
    Launch,
    Millis,
    Notice,
    Policy,
    QuestionItem,
    Session,
    SessionId,
    User,
    UserId,
)
from core.ports import Command, Record, Tx, Verb
from core.states import DecisionKind, ErrorKind, NoticeKind, PermissionMode, PlanApproval, Role, Strategy
from core.store.db import SqliteStore

T = TypeVar("T")
FAR_AWAY = Millis(10**15)
ANN, BOB, CHAT = UserId(1), UserId(2), ChatId(100)
CREATED = events.WorktreeCreated("/w", "leadhand/fix", "main", "abc", "base")
STARTED = events.ProcessStarted("s1-1", 42)
BEGUN = (CREATED, STARTED, events.SessionStarted("c1"), events.TurnStarted())
PLAN = events.PlanRequested("r1", "# Do it", tree="base")
DONE = events.TurnFinished("completed", "All done.")
CRASH = events.SessionEnded(1, None, expected=False, tail="boom")
LOST = events.SessionEnded(None, None, expected=False)
CLOSED = events.SessionEnded(0, None, expected=True)
QUESTION = events.QuestionRequested("q1", (QuestionItem("a", "What?"),))
PERMISSION = events.PermissionRequested("p1", "c", "Bash", "execute", "make test")
AUTH = events.TurnFinished("failed", "", events.AgentError(ErrorKind.AUTH, "401 no key"))
OUTCOMES = {NoticeKind.COMPLETED, NoticeKind.FAILED, NoticeKind.STOPPED, NoticeKind.SUSPENDED}
CHANGED = Changes(commits=2, files=3, added=10, deleted=4, tip="t1")
NOT_RUNNING = "error-not-running"


class Scene:
    """One store, and the first session in it."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.now = 1_000
        self.seq = 0
        self.id = SessionId(1)

    async def do(self, rule: Callable[[Work], T]) -> T:
        """Run a rule in its transaction."""
        self.now += 1
        return await self.store.write(lambda tx: rule(Work(tx, Millis(self.now))))

    async def on(self, rule: Callable[[Work, Session], T]) -> T:
        """Run a rule about the session."""
        return await self.do(lambda work: rule(work, work.session(self.id)))

    async def launch(self, mode: PermissionMode = PermissionMode.PLAN, **policy: Strategy) -> Session:
        """Launch the session."""
        how = Policy("demo", mode, PlanApproval.ASK, policy.get("strategy", Strategy.ASK), "main")
        return await self.do(lambda w: sessions.launch(w, Launch("app", "fix: the bug", how, ANN, CHAT)))

    async def tell(self, *events: Event, epoch: int | None = None) -> None:
        """Apply events as the host would send them."""
        for event in events:
            self.seq += 1
            await self.repeat(event, epoch)

    async def repeat(self, event: Event, epoch: int | None = None) -> None:
        """Apply an event under the present number again."""
        now = epoch if epoch is not None else (await self.session()).epoch
        record = Record(self.id, now, self.seq, self.seq * 10, event)
        await self.do(lambda work: records.apply(work, record))

    async def begin(self, mode: PermissionMode = PermissionMode.DEFAULT, **policy: Strategy) -> None:
        """Launch the session and let its agent begin to work."""
        await self.launch(mode, **policy)
        await self.tell(*BEGUN)

    async def plan(self) -> str:
        """Bring a session to its first plan; returns the decision's id."""
        await self.begin(PermissionMode.PLAN)
        await self.tell(PLAN)
        return await self.decision(DecisionKind.PLAN)

    async def complete(self, changes: Changes = CHANGED) -> None:
        """Let the agent finish its turn and the branch be measured."""
        await self.tell(DONE, events.WorktreeInspected(changes))

    async def lose(self, order: Command, error: str = NOT_RUNNING, epoch: int | None = None) -> None:
        """Let the host refuse an order."""
        await self.tell(events.CommandFailed(order.id, order.verb, error), epoch=epoch)

    async def say(self, text: str, by: UserId = ANN) -> None:
        """Take a message to the session."""
        await self.on(lambda work, session: decisions.say(work, session, text, by))

    async def press(self, decision: str, verb: str, by: UserId = ANN, message: int = 1) -> None:
        """Press a button."""
        await self.do(lambda work: decisions.press(work, decision, verb, by, CHAT, message))

    async def pending(self, kind: DecisionKind | None = None) -> list[Decision]:
        """Return what may still be decided, newest first."""
        return await self.read(lambda tx: list(tx.decisions.pending(self.id, kind)))

    async def decision(self, kind: DecisionKind) -> str:
        """Return the id of the one pending decision of a kind."""
        [decision] = await self.pending(kind)
        return decision.id

    async def session(self) -> Session:
        """Return the session as it is."""
        return await self.read(lambda tx: tx.sessions.get(self.id))

    async def read(self, query: Callable[[Tx], T]) -> T:
        """Read."""
        return await self.store.read(query)

    async def orders(self, verb: Verb | None = None) -> list[Command]:
        """Return the orders that wait to be confirmed."""
        found = await self.read(lambda tx: [command for _, command in tx.commands.open()])
        return [c for c in found if verb is None or c.verb is verb]

    async def order(self, verb: Verb) -> Command:
        """Return the newest waiting order of a kind."""
        return (await self.orders(verb))[-1]

    async def prompt(self) -> str:
        """Return what the newest launch tells its agent."""
        [prompt] = (await self.order(Verb.LAUNCH)).body["prompts"]
        return str(prompt["text"])

    async def notices(self, kind: NoticeKind | None = None) -> list[Notice]:
        """Return all notices there ever were, oldest first."""
        # Nothing is ever sent here, so all of them are due.
        found = await self.read(lambda tx: tx.outbox.due(FAR_AWAY))
        return sorted((n for n in found if kind is None or n.kind is kind), key=lambda n: n.id)

    async def outcomes(self) -> list[NoticeKind]:
        """Return how the session was said to have ended, each time."""
        return [n.kind for n in await self.notices() if n.kind in OUTCOMES]

    async def notice(self, kind: NoticeKind) -> Notice:
        """Return the newest notice of a kind."""
        found = await self.read(lambda tx: tx.outbox.newest(self.id, kind))
        assert found is not None, kind
        return found

    async def data(self, kind: NoticeKind) -> Json:
        """Return what the newest notice of a kind shows."""
        return (await self.notice(kind)).data

    async def count(self, kind: NoticeKind) -> int:
        """Count notices of a kind that are due."""
        due = await self.read(lambda tx: list(tx.outbox.due(Millis(self.now))))
        return sum(n.kind is kind for n in due)


@asynccontextmanager
async def scene(path: Path) -> AsyncIterator[Scene]:
    """Open a scene with two people."""
    store = await SqliteStore.open(path / "leadhand.db")
    try:
        play = Scene(store)
        for user in (User(ANN, "Ann", Role.OWNER), User(BOB, "Bob", Role.OPERATOR)):
            await play.do(lambda work, user=user: work.tx.users.put(user))  # type: ignore[misc]
        yield play
    finally:
        await store.close()
