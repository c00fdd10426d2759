"""Records from a host, applied: one record, one transaction, exactly once by its `seq`."""

from __future__ import annotations

import contextlib

from core import events
from core.control import failures, orders, plans, questions, sessions, worktrees
from core.control.work import Work
from core.lifecycle import ENDED
from core.model import Session
from core.ports import Record
from core.states import ApprovalState, NoticeKind

_HOST = (
    events.WorktreeCreated,
    events.WorktreeInspected,
    events.WorktreeLanded,
    events.WorktreeRemoved,
    events.CommandFailed,
)


def apply(work: Work, record: Record) -> None:
    """Apply one record. A known `seq` and an agent's words from an older epoch change nothing."""
    session = work.session(record.session)
    if record.seq <= session.applied_seq or not work.tx.journal.record(record, work.now):
        return
    if record.epoch >= session.epoch or isinstance(record.event, _HOST):
        session = _apply(work, session, record.event)
    work.change(session, applied_seq=record.seq, applied_offset=record.offset)


def skip(work: Work, record: Record) -> None:
    """Note a record that cannot be applied, so that the sequence goes on, and tell the owner."""
    session = work.session(record.session)
    if record.seq <= session.applied_seq:
        return
    with contextlib.suppress(TypeError, ValueError):  # it may be what cannot even be written down
        work.tx.journal.record(record, work.now)
    session = work.change(session, applied_seq=record.seq, applied_offset=record.offset)
    data = {"error": "error-unknown", "fields": {}}
    work.notify(session, NoticeKind.WARNING, f"record.{record.seq}", data)


def _apply(work: Work, session: Session, event: events.Event) -> Session:
    """Ask the noun the event belongs to."""
    match event:
        case events.PlanRequested() | events.QuestionRequested() | events.PermissionRequested():
            return _request(work, session, event)
        case events.RequestResolved():
            return _resolved(work, session, event)
        case (
            events.WorktreeCreated()
            | events.WorktreeInspected()
            | events.WorktreeLanded()
            | events.WorktreeRemoved()
        ):
            return _worktree(work, session, event)
        case events.SessionStarted(agent_session=agent_session):
            return work.change(session, agent_session=agent_session)
        case events.ProcessStarted() | events.SessionEnded():
            return _process(work, session, event)
        case events.TurnStarted() | events.ToolStarted() | events.Used() | events.TurnFinished():
            return _turn(work, session, event)
        case events.CommandFailed():
            return failures.command_failed(work, session, event)
        case events.InputAccepted(input=prompt):
            orders.accepted(work, session, prompt)
            return session
        case (
            events.MessageDelta()
            | events.Message()
            | events.ToolFinished()
            | events.Todo()
            | events.ModeChanged()
            | events.Compacted()
            | events.Retrying()
            | events.NoticeGiven()
        ):
            return session


def _process(work: Work, session: Session, event: events.ProcessStarted | events.SessionEnded) -> Session:
    match event:
        case events.ProcessStarted():
            return sessions.process_started(work, session)
        case events.SessionEnded():
            return sessions.session_ended(work, session, event)


def _turn(
    work: Work,
    session: Session,
    event: events.TurnStarted | events.ToolStarted | events.Used | events.TurnFinished,
) -> Session:
    match event:
        case events.TurnStarted():
            return sessions.turn_started(work, session)
        case events.ToolStarted():
            return sessions.tool_started(work, session, event)
        case events.Used():
            return sessions.used(work, session, event)
        case events.TurnFinished():
            return sessions.turn_finished(work, session, event)


def _request(
    work: Work,
    session: Session,
    event: events.PlanRequested | events.QuestionRequested | events.PermissionRequested,
) -> Session:
    if session.state.status in ENDED:
        return session  # its process is being ended: nobody is to be asked for it
    session = sessions.outdate_measure(work, session)
    match event:
        case events.PlanRequested():
            return plans.requested(work, session, event)
        case events.QuestionRequested():
            return questions.asked(work, session, event)
        case events.PermissionRequested():
            return questions.permission_requested(work, session, event)


def _resolved(work: Work, session: Session, event: events.RequestResolved) -> Session:
    plan = work.tx.plans.by_request(session.id, event.request)
    if plan is None:
        return questions.resolved(work, session, event)
    if event.by == "agent":
        return plans.withdrawn(work, session, plan)
    orders.taken(work, orders.plan_id(plan))
    early = bool(plan.tree and event.tree and plan.tree != event.tree)
    if early and plan.state is ApprovalState.APPROVED:
        return plans.mark_early(work, session)
    return session


def _worktree(
    work: Work,
    session: Session,
    event: events.WorktreeCreated | events.WorktreeInspected | events.WorktreeLanded | events.WorktreeRemoved,
) -> Session:
    match event:
        case events.WorktreeCreated():
            return worktrees.created(work, session, event)
        case events.WorktreeInspected():
            return worktrees.inspected(work, session, event)
        case events.WorktreeLanded():
            return worktrees.landed(work, session, event)
        case events.WorktreeRemoved():
            return worktrees.removed(work, session, event)
