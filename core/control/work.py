"""One transaction's worth of deciding: the rows, the time, and the orders that leave after the commit."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core import lifecycle
from core.errors import DecisionStale, DecisionTaken, UnknownSession
from core.lifecycle import Change
from core.model import AuditEntry, Decision, Json, Millis, Notice, Session, SessionId, UserId
from core.ports import Command, Tx, Verb
from core.states import DecisionKind, DecisionState, NoticeKind, Priority

DECISION_LIFE_MS = 30 * 24 * 3600 * 1000
CARDS = {
    DecisionKind.PLAN: NoticeKind.PLAN,
    DecisionKind.QUESTION: NoticeKind.QUESTION,
    DecisionKind.PERMISSION: NoticeKind.PERMISSION,
    DecisionKind.WORKTREE: NoticeKind.BRANCH,
    DecisionKind.DISCARD: NoticeKind.CONFIRM_DISCARD,
}
_ESSENTIAL = frozenset(NoticeKind) - {NoticeKind.PROGRESS}  # a task is acknowledged before its first card


def random_id() -> str:
    """Return 22 unguessable characters."""
    return secrets.token_urlsafe(16)


@dataclass(slots=True)
class Work:
    """What the rules work with. Nothing leaves the process before the transaction is committed."""

    tx: Tx
    now: Millis
    fresh_id: Callable[[], str] = random_id
    orders: list[tuple[str, Command]] = field(default_factory=list)
    notified: bool = False

    def session(self, id: SessionId) -> Session:
        """Return a session as it is now, or raise `UnknownSession`."""
        try:
            return self.tx.sessions.get(id)
        except KeyError:
            raise UnknownSession(name=id) from None

    def change(self, session: Session, *changes: Change, **fields: Any) -> Session:
        """Apply state changes and other fields, save, and return the new row."""
        state = session.state
        for change in changes:
            state = lifecycle.reduce(state, change)
        changed: Session = replace(session, state=state, updated_at=self.now, **fields)
        self.tx.sessions.save(changed)
        return changed

    def order(
        self, session: Session, verb: Verb, body: Json | None = None, *, id: str | None = None
    ) -> Command:
        """Store an order for the session's host; it is sent after the commit and until it is confirmed."""
        command = Command(id or f"{verb}:{self.fresh_id()}", session.id, verb, body or {})
        self.tx.commands.add(session.host, command, self.now)
        self.orders.append((session.host, command))
        return command

    def notify(self, session: Session, kind: NoticeKind, mark: str, data: Json) -> Notice | None:
        """Store a notice in the session's place. `mark` makes its key unique: one outcome, one notice."""
        route = self.tx.routes.get(session.id)
        if route is None:
            return None
        self.notified = True
        return self.tx.outbox.put(
            key=f"{kind}:{session.id}:{mark}",
            kind=kind,
            chat=route.chat,
            thread=route.thread,
            session=session.id,
            data={"name": session.name, **data},
            priority=Priority.ESSENTIAL if kind in _ESSENTIAL else Priority.CARD,
            at=self.now,
        )

    def refresh(self, session: Session, kind: NoticeKind, mark: str, **news: Any) -> None:
        """Let a notice that exists show something else; a notice that does not exist stays so."""
        notice = self.tx.outbox.by_key(f"{kind}:{session.id}:{mark}")
        if notice is not None and any(notice.data.get(key) != value for key, value in news.items()):
            data = {k: v for k, v in {**notice.data, **news}.items() if k != "name"}
            self.notify(session, kind, mark, data)

    def ask(self, session: Session, kind: DecisionKind, subject: str) -> Decision:
        """Store what a card's buttons stand for, before the card exists. The subject marks the card."""
        route = self.tx.routes.get(session.id)
        if route is None:
            raise UnknownSession(name=session.name)
        decision = Decision(
            id=self.fresh_id(),
            session=session.id,
            kind=kind,
            subject=subject,
            chat=route.chat,
            state=DecisionState.PENDING,
            expires_at=Millis(self.now + DECISION_LIFE_MS),
            created_at=self.now,
        )
        self.tx.decisions.add(decision)
        return decision

    def take(self, decision: Decision, verb: str, by: UserId) -> None:
        """Make the decision, once. Raises `DecisionTaken` or `DecisionStale` when somebody was first."""
        if self.tx.decisions.take(decision.id, verb, by, self.now):
            self.audit(by, decision.session, f"{decision.kind}.{verb}", decision.subject)
            return
        now = self.tx.decisions.get(decision.id)
        if now is not None and now.state is DecisionState.TAKEN and now.verb is not None:
            raise DecisionTaken(verb=now.verb, by=self.person(now.by))
        raise DecisionStale

    def supersede(self, session: Session, *kinds: DecisionKind) -> None:
        """Let pending decisions of these kinds die, and their cards with them."""
        for decision in self.tx.decisions.supersede(session.id, kinds):
            self.refresh(session, CARDS[decision.kind], decision.subject, closed="superseded")

    def person(self, user: UserId | None) -> str:
        """Return what to call a person."""
        known = self.tx.users.get(user) if user is not None else None
        return known.name if known else "?" if user is None else str(user)

    def pending(self, session: Session, kind: DecisionKind) -> Decision | None:
        """Return the newest pending decision of a kind."""
        rows: Sequence[Decision] = self.tx.decisions.pending(session.id, kind)
        return self.renewed(session, rows[0]) if rows else None

    def renewed(self, session: Session, decision: Decision) -> Decision:
        """Return a pending decision; one whose buttons are too old gets new ones, for it still waits."""
        if decision.expires_at > self.now:
            return decision
        self.tx.decisions.save(replace(decision, state=DecisionState.SUPERSEDED))
        fresh = replace(self.ask(session, decision.kind, decision.subject), draft=decision.draft)
        self.tx.decisions.save(fresh)
        self.refresh(session, CARDS[decision.kind], decision.subject, decision=fresh.id)
        return fresh

    def audit(self, by: UserId | None, session: SessionId | None, verb: str, detail: str) -> None:
        """Record who decided what."""
        self.tx.journal.audit(AuditEntry(self.now, by, session, verb, detail))
