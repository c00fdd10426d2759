"""Sessions: launch, follow-up, stop, and what their process does."""

from __future__ import annotations

import uuid
from dataclasses import replace

from core import events
from core.control.names import free_name, slug_of, split_name
from core.control.work import Work
from core.errors import BadInput, NotRunning
from core.lifecycle import ENDED, Ended, Launched, Suspended, Working
from core.model import Json, Launch, Route, Session, SessionId, State, UserId
from core.ports import Verb
from core.states import (
    ApprovalState,
    DecisionKind,
    ErrorKind,
    Lifecycle,
    NoticeKind,
    PermissionMode,
    Status,
)

LONGEST_TASK = 200_000  # characters; Telegram itself sends at most 4096 at once
STEPS_SHOWN = 4


def launch(work: Work, wish: Launch) -> Session:
    """Create a session and order its agent."""
    name, task = split_name(wish.task)
    if not task:
        raise BadInput(reason="the task is empty")
    if len(task) > LONGEST_TASK:
        raise BadInput(reason=f"the task is longer than {LONGEST_TASK} characters")
    wanted = name or slug_of(task)
    session = work.tx.sessions.add(
        Session(
            id=SessionId(0),
            name=free_name(wanted, work.tx.sessions.names_like(wanted[:20])),
            project=wish.project,
            task=task,
            policy=wish.policy,
            state=State(),
            owner=wish.owner,
            created_at=work.now,
            updated_at=work.now,
            agent_session=str(uuid.uuid4()),
        )
    )
    work.tx.routes.put(Route(session.id, wish.chat, wish.thread, wish.topic_wanted))
    work.audit(wish.owner, session.id, "session.launch", wish.project)
    session = start(work, session, task)
    work.notify(session, NoticeKind.STARTED, "1", {"project": session.project, "agent": session.policy.agent})
    return session


def start(work: Work, session: Session, prompt: str) -> Session:
    """Order a process for the session, new or resumed, with a prompt to begin with."""
    gated = session.policy.permission_mode is PermissionMode.PLAN
    prompts = (*session.queued, prompt)
    session = work.change(
        session,
        Launched(gated=gated),
        epoch=session.epoch + 1,
        turn=session.turn + 1,
        activity="",
        error=None,
        queued=(),
    )
    identity = f"launch:{session.id}:{session.epoch}"
    work.order(
        session,
        Verb.LAUNCH,
        {
            "project": session.project,
            "name": session.name,
            "agent": session.policy.agent,
            "mode": session.policy.permission_mode,
            "strategy": session.policy.strategy,
            "base": session.policy.base,
            "approved": session.state.approval is ApprovalState.APPROVED,
            "epoch": session.epoch,
            "resume": session.epoch > 1,
            "agent_session": session.agent_session,
            "prompts": [
                {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{identity}:{i}")), "text": text}
                for i, text in enumerate(prompts)
            ],
        },
        id=identity,
    )
    return session


def say(work: Work, session: Session, text: str, by: UserId) -> Session:
    """Continue a session: steer the running agent, or resume it with this prompt."""
    work.audit(by, session.id, "session.say", str(len(text)))
    busy = session.alive and session.state.status not in ENDED
    if busy or (session.state.status is Status.STARTING and session.epoch > 0):
        work.order(session, Verb.PROMPT, {"text": text, "id": str(uuid.uuid4())})
        return session
    retire_branch_question(work, session)
    return start(work, session, text)


def retire_branch_question(work: Work, session: Session) -> None:
    """The branch will change: what was asked about it is out of date."""
    kinds = [DecisionKind.WORKTREE, DecisionKind.DISCARD]
    for decision in work.tx.decisions.supersede(session.id, kinds):
        work.refresh(session, NoticeKind.BRANCH, decision.id, closed="superseded")
        work.refresh(session, NoticeKind.CONFIRM_DISCARD, decision.id, closed="superseded")


def stop(work: Work, session: Session, by: UserId) -> Session:
    """End a session's process and keep everything it made."""
    if session.state.status in ENDED and not session.alive:
        raise NotRunning(name=session.name)
    work.audit(by, session.id, "session.stop", "")
    drop_requests(work, session)
    work.order(session, Verb.KILL)
    session = work.change(session, Ended(Status.KILLED), activity="")
    work.notify(session, NoticeKind.STOPPED, str(session.epoch), {"reason": "user"})
    return finish_card(work, session)


def drop_requests(work: Work, session: Session) -> None:
    """Nobody waits for an answer any more: let every open card of the session die."""
    kinds = [DecisionKind.PLAN, DecisionKind.QUESTION, DecisionKind.PERMISSION]
    for decision in work.tx.decisions.supersede(session.id, kinds):
        kind = NoticeKind(decision.kind)
        work.refresh(session, kind, decision.subject, closed="superseded")
    for request in work.tx.requests.pending(session.id):
        work.tx.requests.save(replace(request, state="cancelled"))
    work.tx.routes.disarm(session.id)


# ---- what the process does ------------------------------------------------------------------------


def process_started(work: Work, session: Session) -> Session:
    """A process of this session runs now."""
    session = work.change(session, Working(), alive=True)
    return show_progress(work, session)


def turn_started(work: Work, session: Session) -> Session:
    """The agent works on a prompt."""
    if session.state.status in ENDED and session.state.status is not Status.COMPLETED:
        return session
    return show_progress(work, work.change(session, Working()))


def tool_started(work: Work, session: Session, event: events.ToolStarted) -> Session:
    """Show what the agent is doing."""
    session = work.change(session, activity=event.title)
    return show_progress(work, session, step=event.title)


def show_progress(work: Work, session: Session, step: str | None = None) -> Session:
    """Bring the progress card of this turn up to date."""
    mark = str(session.turn)
    notice = work.tx.outbox.by_key(f"{NoticeKind.PROGRESS}:{session.id}:{mark}")
    old: Json = notice.data if notice else {"steps": [], "count": 0}
    steps = [*old["steps"], step][-STEPS_SHOWN:] if step else old["steps"]
    data = {"steps": steps, "count": old["count"] + (1 if step else 0), "final": False}
    if notice is None or data != {k: old.get(k) for k in data}:
        work.notify(session, NoticeKind.PROGRESS, mark, data)
    return session


def finish_card(work: Work, session: Session) -> Session:
    """Close the progress card of this turn."""
    work.refresh(session, NoticeKind.PROGRESS, str(session.turn), final=True)
    return session


def used(work: Work, session: Session, event: events.Used) -> Session:
    """Add up what a turn has used."""
    spend = session.spend
    cost = spend.cost_usd
    if event.cost_usd is not None:
        cost = (cost or 0.0) + event.cost_usd
    total = replace(
        spend,
        input_tokens=spend.input_tokens + event.input_tokens,
        output_tokens=spend.output_tokens + event.output_tokens,
        cached_tokens=spend.cached_tokens + event.cached_tokens,
        cost_usd=cost,
    )
    return work.change(session, spend=total)


def turn_finished(work: Work, session: Session, event: events.TurnFinished) -> Session:
    """A turn is over: measure the branch, tell a failure, or wait after an interrupt."""
    if session.state.status in ENDED:
        return session
    session = finish_card(work, session)
    match event.outcome:
        case "completed":
            session = work.change(session, result=event.text, activity="", error=None)
            if session.state.approval is ApprovalState.PENDING:
                return session  # the agent ended its turn with the plan open; the decision resumes it
            work.order(session, Verb.INSPECT, {"epoch": session.epoch, "title": session.name})
            return session
        case "interrupted":
            return work.change(session, activity="")
        case "failed":
            kind = event.error.kind if event.error else ErrorKind.UNKNOWN
            message = event.error.message if event.error else ""
            return fail(work, session, kind, message)


def fail(work: Work, session: Session, kind: ErrorKind, message: str) -> Session:
    """End a session with an error; its worktree stays, and a message resumes it."""
    drop_requests(work, session)
    if session.alive:
        work.order(session, Verb.CLOSE, {"epoch": session.epoch})
    session = work.change(session, Ended(Status.FAILED), error=kind, activity="")
    work.notify(
        session,
        NoticeKind.FAILED,
        str(session.epoch),
        {"error": kind, "message": message[:1000], "agent": session.policy.agent},
    )
    return finish_card(work, session)


def session_ended(work: Work, session: Session, event: events.SessionEnded) -> Session:
    """The process is gone. What waits for a decision keeps waiting: the decision resumes the session."""
    session = work.change(session, alive=False)
    if event.expected or session.state.status in ENDED:
        return session
    waiting = {Lifecycle.AWAITING_PLAN_DECISION, Lifecycle.AWAITING_USER_INPUT}
    if session.state.lifecycle in waiting and session.state.approval is not ApprovalState.REJECTED:
        return session
    if session.state.lifecycle is Lifecycle.SUSPENDED:
        return session
    if event.exit_code is None and event.signal is None and not event.tail:
        session = work.change(session, Suspended())
        work.notify(session, NoticeKind.SUSPENDED, str(session.epoch), {"reason": "lost"})
        return finish_card(work, session)
    reason = f"signal {event.signal}" if event.signal else f"exit code {event.exit_code}"
    return fail(work, session, ErrorKind.UNKNOWN, f"{reason}\n{event.tail}".strip())


def command_failed(work: Work, session: Session, event: events.CommandFailed) -> Session:
    """A host could not carry out an order."""
    if event.verb == Verb.LAUNCH:
        drop_requests(work, session)
        session = work.change(session, Ended(Status.FAILED), alive=False, activity="")
        data = {"error": event.error, "fields": dict(event.fields), "agent": session.policy.agent}
        work.notify(session, NoticeKind.FAILED, str(session.epoch), data)
        return finish_card(work, session)
    data = {"error": event.error, "fields": dict(event.fields)}
    work.notify(session, NoticeKind.WARNING, event.command, data)
    return session
