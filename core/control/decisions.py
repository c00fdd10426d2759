"""Where a press or a message goes: to the decision behind a button, or to what a place waits for."""

from __future__ import annotations

from core.control import plans, questions, sessions, worktrees
from core.control.work import Work
from core.errors import BadInput, DecisionStale, DecisionTaken, NothingPending
from core.model import ChatId, Decision, Place, Session, UserId
from core.ports import Tx
from core.states import ApprovalState, DecisionKind, DecisionState

PLAN_WORDS = {
    "approve": "approve",
    "approved": "approve",
    "revise": "revise",
    "request changes": "revise",
    "reject": "reject",
    "rejected": "reject",
}


def place(tx: Tx, chat: ChatId, thread: int | None, reply_to: int | None, user: UserId) -> Place:
    """Find what a message in this place belongs to: awaited feedback first, then reply, then topic."""
    expectation = tx.routes.expected(chat, thread, user)
    notice = tx.outbox.by_message(chat, reply_to) if reply_to is not None else None
    if notice is not None and notice.session is not None:
        return Place(expectation, notice.session)
    return Place(expectation, tx.routes.by_topic(chat, thread) if thread is not None else None)


def press(work: Work, id: str, verb: str, by: UserId, chat: ChatId, message: int) -> Decision:
    """Carry out a button, or say why not. A decision is bound to its chat and its message."""
    decision = work.tx.decisions.get(id)
    if decision is None or decision.chat != chat:
        raise DecisionStale
    if decision.message is not None and decision.message != message:
        raise DecisionStale
    session = work.session(decision.session)
    if decision.state is DecisionState.TAKEN:
        raise DecisionTaken(verb=decision.verb or "", by=work.person(decision.by))
    if decision.state is not DecisionState.PENDING or decision.expires_at <= work.now:
        raise DecisionStale
    _carry_out(work, session, decision, verb, by)
    return decision


def _carry_out(work: Work, session: Session, decision: Decision, verb: str, by: UserId) -> None:
    match decision.kind:
        case DecisionKind.PLAN:
            plans.decide(work, session, verb, by)
        case DecisionKind.QUESTION:
            questions.press(work, session, decision, verb, by)
        case DecisionKind.PERMISSION:
            questions.decide_permission(work, session, decision, verb, by)
        case DecisionKind.WORKTREE:
            worktrees.decide(work, session, verb, by)
        case DecisionKind.DISCARD:
            worktrees.decide_discard(work, session, decision, verb, by)


def say(work: Work, session: Session, text: str, by: UserId) -> Session:
    """Take a message to a session: a decision in words, an answer, feedback, or a prompt."""
    if not text.strip():
        raise BadInput(reason="the message is empty")
    if session.state.approval is ApprovalState.PENDING:
        verb = PLAN_WORDS.get(text.strip().rstrip(".!?").casefold())
        if verb is not None:
            return plans.decide(work, session, verb, by)
        return plans.decide(work, session, "revise", by, text)
    if work.pending(session, DecisionKind.QUESTION) is not None:
        return questions.answer_by_text(work, session, text, by)
    if plans.awaits_feedback(work, session):
        return plans.give_feedback(work, session, text, by)
    return sessions.say(work, session, text, by)


def permission(work: Work, session: Session, verb: str, by: UserId) -> Session:
    """Decide the oldest open permission request of a session."""
    open_ones = work.tx.decisions.pending(session.id, DecisionKind.PERMISSION)
    if not open_ones:
        raise NothingPending(name=session.name)
    return questions.decide_permission(work, session, work.renewed(session, open_ones[-1]), verb, by)


def discard(work: Work, session: Session, verb: str, by: UserId) -> Session:
    """Answer the question whether to discard."""
    decision = work.pending(session, DecisionKind.DISCARD)
    if decision is None:
        raise NothingPending(name=session.name)
    return worktrees.decide_discard(work, session, decision, verb, by)
