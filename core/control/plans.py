"""Plans: submitted, approved, revised, rejected. The agent's request is held open until a decision."""

from __future__ import annotations

from dataclasses import replace

from core import events
from core.control import orders, sessions
from core.control.orders import RESUME_REVISE
from core.control.work import Work
from core.errors import BadInput, DecisionStale, NothingPending
from core.lifecycle import (
    ChangesRequested,
    PlanApproved,
    PlanRejected,
    PlanSubmitted,
    TreeMovedEarly,
    Working,
)
from core.model import Expectation, Plan, Session, UserId
from core.ports import Verb
from core.states import ApprovalState, DecisionKind, NoticeKind, PermissionMode

_VERBS = frozenset({"approve", "revise", "reject"})


def requested(work: Work, session: Session, event: events.PlanRequested) -> Session:
    """A plan arrived: make a new version and ask."""
    before = _tree_before(work, session)
    early = bool(event.tree and before and event.tree != before)
    session = sessions.drop_plan(work, session)
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


def _tree_before(work: Work, session: Session) -> str:
    """Return the tree nobody may have changed since: of the plan sent back, at first the base's."""
    worktree = work.tx.worktrees.get(session.id)
    previous = work.tx.plans.get(session.id, session.state.plan_version)
    if session.state.approval is ApprovalState.CHANGES_REQUESTED and previous is not None:
        return previous.tree
    return worktree.base_tree if worktree is not None and session.turn == 1 else ""


def pending_plan(work: Work, session: Session) -> Plan:
    """Return the plan that waits for a decision, or raise `NothingPending`."""
    plan = work.tx.plans.get(session.id, session.state.plan_version)
    if plan is None or plan.state is not ApprovalState.PENDING:
        raise NothingPending(name=session.name)
    return plan


def decide(work: Work, session: Session, verb: str, by: UserId, feedback: str = "") -> Session:
    """Decide the pending plan: approve, revise or reject. The first decision wins."""
    if verb not in _VERBS:
        raise BadInput(reason=f"a plan cannot be decided by {verb}")
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
        case _:
            return _reject(work, session, plan, by)


def _close_card(work: Work, session: Session, plan: Plan, verb: str, by: UserId) -> None:
    work.refresh(session, NoticeKind.PLAN, str(plan.version), closed=verb, by=work.person(by))


def _order(work: Work, session: Session, plan: Plan, verdict: str, feedback: str = "") -> None:
    """Answer the agent's request, which is held open; one order a version."""
    body = {"request": plan.request, "verdict": verdict, "feedback": feedback, "epoch": session.epoch}
    work.order(session, Verb.PLAN, {**body, "version": plan.version}, id=orders.plan_id(plan))


def _go_on(work: Work, session: Session) -> Session:
    """Back to work under a fresh progress card."""
    return sessions.show_progress(work, work.change(session, Working(), turn=session.turn + 1))


def _approve(work: Work, session: Session, plan: Plan, by: UserId) -> Session:
    work.tx.plans.put(replace(plan, state=ApprovalState.APPROVED))
    session = work.change(session, PlanApproved())
    _close_card(work, session, plan, "approve", by)
    work.notify(session, NoticeKind.APPROVED, str(plan.version), {"version": plan.version})
    if session.alive:
        _order(work, session, plan, "approve")
        return _go_on(work, session)
    return sessions.start(work, session, orders.approved(plan))


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


def awaits_feedback(work: Work, session: Session) -> bool:
    """Tell whether a plan was sent back and nobody has said yet what should change."""
    plan = work.tx.plans.get(session.id, session.state.plan_version)
    return plan is not None and plan.state is ApprovalState.CHANGES_REQUESTED


def give_feedback(work: Work, session: Session, feedback: str, by: UserId) -> Session:
    """Send what should change to the agent; its next plan is the next version."""
    plan = work.tx.plans.get(session.id, session.state.plan_version)
    if plan is None or not awaits_feedback(work, session):
        raise NothingPending(name=session.name)
    if not feedback.strip():
        raise BadInput(reason="the feedback is empty")
    work.tx.plans.put(replace(plan, state=ApprovalState.NOT_REQUIRED))  # nothing waits for this version now
    work.tx.routes.disarm(session.id)
    work.refresh(session, NoticeKind.FEEDBACK, str(plan.version), closed="given")
    work.audit(by, session.id, "plan.feedback", str(plan.version))
    if not session.alive:
        text = RESUME_REVISE.format(version=plan.version, feedback=feedback)
        return sessions.start(work, session, text)
    _order(work, session, plan, "revise", feedback)
    return _go_on(work, session)


def _reject(work: Work, session: Session, plan: Plan, by: UserId) -> Session:
    """Stop the session; a worktree without any change is removed."""
    work.tx.plans.put(replace(plan, state=ApprovalState.REJECTED))
    session = work.change(session, PlanRejected(), activity="")
    _close_card(work, session, plan, "reject", by)
    sessions.drop_requests(work, session)
    orders.take_back(work, session)
    if session.alive:
        _order(work, session, plan, "reject")
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
    return sessions.drop_plan(work, session)
