"""Sessions: launch, follow-up, stop, and what their process does."""

from __future__ import annotations

import uuid
from dataclasses import replace

from core import events
from core.control import orders
from core.control.names import free_name, slug_of, split_name
from core.control.work import Work
from core.errors import BadInput, NotRunning
from core.lifecycle import ENDED, Ended, InputWanted, Launched, PlanWithdrawn, Suspended, Working, Worktree
from core.model import Json, Launch, Permission, Question, Route, Session, SessionId, State, UserId
from core.ports import Verb
from core.states import (
    ApprovalState,
    DecisionKind,
    ErrorKind,
    Lifecycle,
    NoticeKind,
    PermissionMode,
    Status,
    WorktreeState,
)

LONGEST_TASK = 200_000  # characters; Telegram itself sends at most 4096 at once
LONGEST_DETAIL = 1000
STEPS_SHOWN = 4
_WAITING = {Lifecycle.AWAITING_PLAN_DECISION, Lifecycle.AWAITING_USER_INPUT, Lifecycle.SUSPENDED}


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


def start(work: Work, session: Session, words: str = "") -> Session:
    """Order a process for the session, new or resumed. It begins with what older ones did not take."""
    gated = session.policy.permission_mode is PermissionMode.PLAN
    idle = orders.launch_kept(work, session)  # that agent never began: there is no more to resume now
    resume = session.epoch > 0 if idle is None else bool(idle.body["resume"])
    told = [*session.queued, *orders.collect(work, session), words]
    drop_requests(work, session)  # a new process does not know the requests of an old one
    session = finish_card(work, retire_branch_question(work, session))
    session = work.change(
        session,
        Launched(gated=gated),
        epoch=session.epoch + 1,
        turn=session.turn + 1,
        alive=False,
        activity="",
        error=None,
        queued=(),
    )
    identity = orders.launch_id(session)
    text = "\n\n".join(part for part in told if part)
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
            "resume": resume,
            "agent_session": session.agent_session,
            "prompts": [{"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{identity}:0")), "text": text}],
        },
        id=identity,
    )
    return session


def say(work: Work, session: Session, text: str, by: UserId) -> Session:
    """Continue a session: steer the running agent, or resume it with this prompt."""
    work.audit(by, session.id, "session.say", str(len(text)))
    if takes_prompts(session):
        return prompt(work, session, text)
    return start(work, session, text)


def prompt(work: Work, session: Session, text: str) -> Session:
    """Give a running agent a prompt; it steers the turn that runs, or begins another."""
    session = outdate_measure(work, session)
    body = {"text": text, "id": str(uuid.uuid4())}
    work.order(session, Verb.PROMPT, body, id=orders.prompt_id(body["id"]))
    return session


def takes_prompts(session: Session) -> bool:
    """Tell whether a process runs, or is being started, that a prompt can be given to."""
    state = session.state
    if state.status in ENDED or state.lifecycle is Lifecycle.SUSPENDED:
        return False
    return session.alive or state.status is Status.STARTING


def outdate_measure(work: Work, session: Session) -> Session:
    """The agent goes on: what is being measured is not the end of its work any more."""
    if not orders.measuring(work, session):
        return session
    return work.change(finish_card(work, session), turn=session.turn + 1)


def retire_branch_question(work: Work, session: Session) -> Session:
    """The branch will change: what was asked about it is out of date."""
    work.supersede(session, DecisionKind.WORKTREE, DecisionKind.DISCARD)
    if session.state.worktree is not WorktreeState.PENDING_DECISION:
        return session
    return work.change(session, Worktree(WorktreeState.PROVISIONED))


def stop(work: Work, session: Session, by: UserId) -> Session:
    """End a session's process and keep everything it made."""
    if session.state.status in ENDED:
        raise NotRunning(name=session.name)
    work.audit(by, session.id, "session.stop", "")
    drop_requests(work, session)
    session = drop_plan(work, session)
    orders.take_back(work, session)
    work.order(session, Verb.KILL)
    session = work.change(session, Ended(Status.KILLED), activity="")
    work.notify(session, NoticeKind.STOPPED, str(session.epoch), {"reason": "user"})
    return finish_card(work, session)


def drop_requests(work: Work, session: Session) -> None:
    """The agent does not wait for answers any more: its questions and permission requests die."""
    work.supersede(session, DecisionKind.QUESTION, DecisionKind.PERMISSION)
    for request in work.tx.requests.pending(session.id):
        work.tx.requests.save(cancelled(request))


def cancelled(request: Question | Permission) -> Question | Permission:
    """Return a request nobody waits for; half an answer is forgotten, it may be secret."""
    if isinstance(request, Question):
        return replace(request, state="cancelled", answers={})
    return replace(request, state="cancelled")


def drop_plan(work: Work, session: Session) -> Session:
    """The plan that waits for a decision or for feedback is withdrawn; without one nothing changes."""
    plan = work.tx.plans.get(session.id, session.state.plan_version)
    if plan is None or plan.state not in {ApprovalState.PENDING, ApprovalState.CHANGES_REQUESTED}:
        return session
    work.tx.plans.put(replace(plan, state=ApprovalState.NOT_REQUIRED))
    work.supersede(session, DecisionKind.PLAN)
    work.refresh(session, NoticeKind.FEEDBACK, str(plan.version), closed="superseded")
    work.tx.routes.disarm(session.id)
    return work.change(session, PlanWithdrawn())


# ---- what the process does ------------------------------------------------------------------------


def process_started(work: Work, session: Session) -> Session:
    """A process of this session runs now."""
    session = work.change(session, alive=True)
    if session.state.status in ENDED:
        return session  # it was stopped while it started; the order to end it is on its way
    return show_progress(work, work.change(session, Working()))


def turn_started(work: Work, session: Session) -> Session:
    """The agent works on a prompt."""
    orders.taken(work, orders.launch_id(session))
    if session.state.status in {Status.FAILED, Status.KILLED}:
        return session
    session = outdate_measure(work, retire_branch_question(work, session))
    return show_progress(work, work.change(session, Working()))


def tool_started(work: Work, session: Session, event: events.ToolStarted) -> Session:
    """Show what the agent is doing."""
    if session.state.status in ENDED:
        return session
    session = work.change(session, activity=event.title)
    if session.state.lifecycle is not Lifecycle.ACTIVE:
        return session  # the card that waits for a decision stays the last one
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
    drop_requests(work, session)  # the agent asked them in this turn, and does not wait any more
    if plan_waits(work, session):
        # The turn is over and its request is dead: the decision resumes the session.
        work.order(session, Verb.CLOSE, {"epoch": session.epoch})
        return work.change(session, activity="", alive=False)
    match event.outcome:
        case "completed":
            session = work.change(session, result=event.text, activity="", error=None)
            body = {"epoch": session.epoch, "title": session.name}
            work.order(session, Verb.INSPECT, body, id=orders.inspect_id(session))
            return session
        case "interrupted":
            return work.change(session, InputWanted(), activity="")
        case "failed":
            kind = event.error.kind if event.error else ErrorKind.UNKNOWN
            message = event.error.message if event.error else ""
            return fail(work, session, kind, message=message[:LONGEST_DETAIL])


def plan_waits(work: Work, session: Session) -> bool:
    """Tell whether a plan waits for a decision, or for what should change in it."""
    plan = work.tx.plans.get(session.id, session.state.plan_version)
    return plan is not None and plan.state in {ApprovalState.PENDING, ApprovalState.CHANGES_REQUESTED}


def fail(work: Work, session: Session, error: str, **more: object) -> Session:
    """End a session with an error; its worktree stays, and a message resumes it."""
    drop_requests(work, session)
    if session.alive:
        work.order(session, Verb.CLOSE, {"epoch": session.epoch})
    kind = ErrorKind(error) if error in set(ErrorKind) else None
    session = work.change(session, Ended(Status.FAILED), error=kind, activity="")
    data = {"error": error, **more, "agent": session.policy.agent}
    work.notify(session, NoticeKind.FAILED, str(session.epoch), data)
    return finish_card(work, session)


def session_ended(work: Work, session: Session, event: events.SessionEnded) -> Session:
    """The process is gone. What waits for a decision keeps waiting: the decision resumes the session."""
    session = work.change(session, alive=False)
    status, lifecycle = session.state.status, session.state.lifecycle
    if status in {Status.FAILED, Status.KILLED}:
        return session
    if status is not Status.COMPLETED and (lifecycle in _WAITING or plan_waits(work, session)):
        return session
    if orders.undelivered(work, session):
        return start(work, session)
    if status is Status.COMPLETED or orders.measuring(work, session):
        return session
    unknown = event.exit_code is None and event.signal is None and not event.tail
    if unknown or event.expected:
        session = work.change(session, Suspended(), activity="")
        work.notify(session, NoticeKind.SUSPENDED, str(session.epoch), {"reason": "lost"})
        return finish_card(work, session)
    reason = f"signal {event.signal}" if event.signal else f"exit code {event.exit_code}"
    return fail(work, session, ErrorKind.UNKNOWN, message=f"{reason}\n{event.tail}".strip()[:LONGEST_DETAIL])
