"""Plans: submitted, approved, revised, rejected. The agent's request is held open until a decision."""

from __future__ import annotations

from dataclasses import replace

from core import events
from core.control import sessions
from core.control.work import Work
from core.errors import BadInput, DecisionStale, NothingPending
from core.lifecycle import (
    ChangesRequested,
    PlanApproved,
    PlanRejected,
    PlanSubmitted,
    PlanWithdrawn,
    TreeMovedEarly,
    Working,
)
from core.model import Expectation, Plan, Session, UserId
from core.ports import Verb
from core.states import ApprovalState, DecisionKind, Lifecycle, NoticeKind, PermissionMode

RESUME_APPROVED = "The plan (version {version}) was approved. Implement it now.\n\n{plan}"
RESUME_REVISE = "The plan (version {version}) needs changes before anything is edited:\n\n{feedback}"


def requested(work: Work, session: Session, event: events.PlanRequested) -> Session:
    """A plan arrived: make a new version and ask."""
    worktree = work.tx.worktrees.get(session.id)
    base_tree = worktree.base_tree if worktree else ""
    early = bool(event.tree and base_tree and event.tree != base_tree and session.turn == 1)
    session = work.change(session, PlanSubmitted(early=early), activity="")
    version = session.state.plan_version
    plan = Plan(session.id, version, event.request, event.plan, ApprovalState.PENDING, event.tree, work.now)
    work.tx.plans.put(plan)
    decision = work.ask(session, DecisionKind.PLAN, str(version))
    data = {
        "version": version,
        "plan": event.plan,
        "decision": decision.id,
        "grants": "bypass" if session.policy.permission_mode is PermissionMode.BYPASS else "edits",
        "early": early,
    }
    work.notify(session, NoticeKind.PLAN, str(version), data)
    return sessions.finish_card(work, session)


def pending_plan(work: Work, session: Session) -> Plan:
    """Return the plan that waits for a decision, or raise `NothingPending`."""
    plan = work.tx.plans.get(session.id, session.state.plan_version)
    if plan is None or plan.state is not ApprovalState.PENDING:
        raise NothingPending(name=session.name)
    return plan


def decide(work: Work, session: Session, verb: str, by: UserId, feedback: str = "") -> Session:
    """Decide the pending plan: approve, revise or reject. The first decision wins."""
    plan = pending_plan(work, session)
    decision = work.pending(session, DecisionKind.PLAN)
    if decision is None or decision.subject != str(plan.version):
        raise DecisionStale
    work.take(decision, verb, by)
    match verb:
        case "approve":
            return _approve(work, session, plan, by)
        case "revise":
            return _revise(work, session, plan, by, feedback)
        case "reject":
            return _reject(work, session, plan, by)
        case _:
            raise BadInput(reason=f"a plan cannot be decided by {verb}")


def _close_card(work: Work, session: Session, plan: Plan, verb: str, by: UserId) -> None:
    person = work.tx.users.get(by)
    work.refresh(
        session, NoticeKind.PLAN, str(plan.version), closed=verb, by=person.name if person else str(by)
    )


def _approve(work: Work, session: Session, plan: Plan, by: UserId) -> Session:
    work.tx.plans.put(replace(plan, state=ApprovalState.APPROVED))
    session = work.change(session, PlanApproved())
    _close_card(work, session, plan, "approve", by)
    work.notify(session, NoticeKind.APPROVED, str(plan.version), {"version": plan.version})
    if session.alive:
        work.order(
            session,
            Verb.PLAN,
            {"request": plan.request, "verdict": "approve", "feedback": "", "epoch": session.epoch},
        )
        return session
    return sessions.start(work, session, RESUME_APPROVED.format(version=plan.version, plan=plan.text))


def _revise(work: Work, session: Session, plan: Plan, by: UserId, feedback: str) -> Session:
    """Kill the buttons at once; without feedback, this person's next message in the place is the feedback."""
    work.tx.plans.put(replace(plan, state=ApprovalState.CHANGES_REQUESTED))
    session = work.change(session, ChangesRequested())
    _close_card(work, session, plan, "revise", by)
    if feedback:
        return give_feedback(work, session, feedback, by)
    route = work.tx.routes.get(session.id)
    if route is not None:
        work.tx.routes.expect(Expectation(route.chat, route.thread, by, session.id, plan.version))
    work.notify(session, NoticeKind.FEEDBACK, str(plan.version), {"version": plan.version})
    return session


def awaits_feedback(session: Session) -> bool:
    """Tell whether a plan was sent back and nobody has said yet what should change."""
    changes = session.state.approval is ApprovalState.CHANGES_REQUESTED
    return changes and session.state.lifecycle is Lifecycle.AWAITING_USER_INPUT


def give_feedback(work: Work, session: Session, feedback: str, by: UserId) -> Session:
    """Send what should change to the agent; its next plan is the next version."""
    plan = work.tx.plans.get(session.id, session.state.plan_version)
    if plan is None or not awaits_feedback(session):
        raise NothingPending(name=session.name)
    if not feedback.strip():
        raise BadInput(reason="the feedback is empty")
    work.tx.routes.disarm(session.id)
    work.refresh(session, NoticeKind.FEEDBACK, str(plan.version), closed="given")
    work.audit(by, session.id, "plan.feedback", str(plan.version))
    if not session.alive:
        text = RESUME_REVISE.format(version=plan.version, feedback=feedback)
        return sessions.start(work, session, text)
    work.order(
        session,
        Verb.PLAN,
        {"request": plan.request, "verdict": "revise", "feedback": feedback, "epoch": session.epoch},
    )
    session = work.change(session, Working(), turn=session.turn + 1)
    return sessions.show_progress(work, session)


def _reject(work: Work, session: Session, plan: Plan, by: UserId) -> Session:
    """Stop the session; a worktree without any change is removed."""
    work.tx.plans.put(replace(plan, state=ApprovalState.REJECTED))
    session = work.change(session, PlanRejected(), activity="")
    _close_card(work, session, plan, "reject", by)
    if session.alive:
        order = {"request": plan.request, "verdict": "reject", "feedback": "", "epoch": session.epoch}
        work.order(session, Verb.PLAN, order)
        work.order(session, Verb.KILL)
    work.order(session, Verb.REMOVE, {"only_clean": True, "name": session.name})
    work.notify(
        session, NoticeKind.STOPPED, str(session.epoch), {"reason": "rejected", "version": plan.version}
    )
    return sessions.finish_card(work, session)


def mark_early(work: Work, session: Session) -> Session:
    """The tree changed between the submission of the plan and its approval: remember that as measured."""
    return work.change(session, TreeMovedEarly())


def withdrawn(work: Work, session: Session, plan: Plan) -> Session:
    """The agent took its plan back before anybody decided."""
    if plan.state is not ApprovalState.PENDING or session.state.plan_version != plan.version:
        return session
    work.tx.plans.put(replace(plan, state=ApprovalState.NOT_REQUIRED))
    for decision in work.tx.decisions.supersede(session.id, [DecisionKind.PLAN]):
        work.refresh(session, NoticeKind.PLAN, decision.subject, closed="superseded")
    return work.change(session, PlanWithdrawn())
