"""Worktrees: what happens to a branch when the work is done. A host carries the decisions out."""

from __future__ import annotations

from dataclasses import asdict, replace

from core import events
from core.control.work import Work
from core.errors import BadInput, DecisionStale, NothingPending
from core.lifecycle import ENDED, Ended
from core.lifecycle import Worktree as WorktreeIs
from core.model import Decision, Session, UserId, Worktree
from core.ports import Verb
from core.states import (
    ApprovalState,
    DecisionKind,
    NoticeKind,
    PermissionMode,
    Status,
    Strategy,
    WorktreeState,
)

SNOOZE_MS = 24 * 3600 * 1000
_ASKING = frozenset({Strategy.ASK, Strategy.DELEGATE, Strategy.AUTO_MERGE, Strategy.AUTO_PR})


def created(work: Work, session: Session, event: events.WorktreeCreated) -> Session:
    """Remember where the session works."""
    old = work.tx.worktrees.get(session.id)
    row = Worktree(session.id, event.path, event.branch, event.base, event.base_sha, event.base_tree)
    work.tx.worktrees.put(replace(row, changes=old.changes) if old else row)
    if session.state.worktree is WorktreeState.NONE:
        session = work.change(session, WorktreeIs(WorktreeState.PROVISIONED))
    return session


def inspected(work: Work, session: Session, event: events.WorktreeInspected) -> Session:
    """The work is done and measured: one ✅ line, then the question about the branch where one is due."""
    worktree = work.tx.worktrees.get(session.id)
    if session.state.status in ENDED:
        return session
    if worktree is not None:
        worktree = replace(worktree, changes=event.changes)
        work.tx.worktrees.put(worktree)
    gated = session.policy.permission_mode is PermissionMode.PLAN
    early = gated and event.changes.files > 0 and session.state.approval is not ApprovalState.APPROVED
    session = work.change(session, Ended(Status.COMPLETED, early=early))
    changes = asdict(event.changes)
    mark = str(session.epoch) + "." + str(session.turn)
    data = {
        "result": session.result,
        "changes": changes,
        "early": early,
        "cost": session.spend.cost_usd,
        "strategy": session.policy.strategy,
        "branch": worktree.branch if worktree else "",
    }
    work.notify(session, NoticeKind.COMPLETED, mark, data)
    work.order(session, Verb.CLOSE, {"epoch": session.epoch})
    if worktree is None or session.policy.strategy is Strategy.OFF:
        return session
    if event.changes.commits == 0:
        return work.change(session, WorktreeIs(WorktreeState.NO_CHANGE))
    if session.policy.strategy not in _ASKING:
        return session
    return ask(work, session, worktree)


def ask(work: Work, session: Session, worktree: Worktree) -> Session:
    """Ask what to do with the branch."""
    session = work.change(session, WorktreeIs(WorktreeState.PENDING_DECISION))
    tip = worktree.changes.tip if worktree.changes else ""
    decision = work.ask(session, DecisionKind.WORKTREE, tip)
    data = {
        "decision": decision.id,
        "branch": worktree.branch,
        "base": worktree.base,
        "changes": asdict(worktree.changes) if worktree.changes else {},
    }
    work.notify(session, NoticeKind.BRANCH, decision.id, data)
    return session


def _pending(work: Work, session: Session) -> tuple[Decision, Worktree]:
    decision = work.pending(session, DecisionKind.WORKTREE)
    worktree = work.tx.worktrees.get(session.id)
    if decision is None or worktree is None:
        raise NothingPending(name=session.name)
    return decision, worktree


def decide(work: Work, session: Session, verb: str, by: UserId) -> Session:
    """Merge, keep for later, or begin to discard."""
    decision, worktree = _pending(work, session)
    match verb:
        case "merge":
            work.take(decision, verb, by)
            work.refresh(session, NoticeKind.BRANCH, decision.id, closed="merging")
            body = {"decision": decision.id, "name": session.name, "task": session.task[:2000]}
            work.order(session, Verb.LAND, body, id=f"land:{decision.id}")
            return session
        case "later":
            work.audit(by, session.id, "worktree.later", worktree.branch)
            work.refresh(session, NoticeKind.BRANCH, decision.id, later=True)
            return session
        case "discard":
            return _confirm_discard(work, session, worktree)
        case _:
            raise BadInput(reason=f"a branch cannot be decided by {verb}")


def _confirm_discard(work: Work, session: Session, worktree: Worktree) -> Session:
    """Discarding is confirmed under an id of its own."""
    if work.pending(session, DecisionKind.DISCARD) is None:
        decision = work.ask(session, DecisionKind.DISCARD, worktree.branch)
        data = {"decision": decision.id, "branch": worktree.branch}
        work.notify(session, NoticeKind.CONFIRM_DISCARD, decision.id, data)
    return session


def decide_discard(work: Work, session: Session, decision: Decision, verb: str, by: UserId) -> Session:
    """Carry the discard out, or drop the question about it."""
    work.take(decision, verb, by)
    work.refresh(session, NoticeKind.CONFIRM_DISCARD, decision.id, closed=verb)
    if verb != "yes":
        return session
    asked, worktree = _pending(work, session)
    work.take(asked, "discard", by)
    work.refresh(session, NoticeKind.BRANCH, asked.id, closed="discard")
    work.order(session, Verb.REMOVE, {"only_clean": False, "branch": worktree.branch, "name": session.name})
    return session


def landed(work: Work, session: Session, event: events.WorktreeLanded) -> Session:
    """A merge was tried: say how it went, and ask again where it did not land."""
    worktree = work.tx.worktrees.get(session.id)
    if worktree is None:
        raise DecisionStale
    if event.outcome in {"merged", "already"}:
        work.tx.worktrees.put(replace(worktree, merged=event.new))
        state = WorktreeState.MERGED if event.outcome == "merged" else WorktreeState.RELEASED
        session = work.change(session, WorktreeIs(state))
        changes = asdict(worktree.changes) if worktree.changes else {}
        data = {"branch": worktree.branch, "base": event.base, "commit": event.new, "changes": changes}
        _close_branch_card(work, session, "merge")
        work.notify(session, NoticeKind.MERGED, event.new, data)
        work.order(session, Verb.REMOVE, {"only_clean": True, "name": session.name})
        return session
    if event.outcome == "nothing":
        _close_branch_card(work, session, "nothing")
        return work.change(session, WorktreeIs(WorktreeState.NO_CHANGE))
    _close_branch_card(work, session, "failed")
    data = {
        "error": f"merge-{event.outcome}",
        "fields": {"base": event.base, "files": "\n".join(event.files), "reason": event.reason},
    }
    work.notify(session, NoticeKind.WARNING, f"land:{work.fresh_id()}", data)
    return ask(work, session, worktree)


def _close_branch_card(work: Work, session: Session, how: str) -> None:
    """Write the outcome on the card whose Merge was pressed."""
    notice = work.tx.outbox.newest(session.id, NoticeKind.BRANCH)
    if notice is not None:
        work.refresh(session, NoticeKind.BRANCH, notice.data["decision"], closed=how)


def removed(work: Work, session: Session, event: events.WorktreeRemoved) -> Session:
    """The worktree is gone, or kept with reasons."""
    worktree = work.tx.worktrees.get(session.id)
    if worktree is not None and event.backup:
        work.tx.worktrees.put(replace(worktree, backup=event.backup))
    if session.state.worktree is WorktreeState.PENDING_DECISION:
        if not event.removed:
            data = {"error": "discard-failed", "fields": {"reasons": "\n".join(event.reasons)}}
            work.notify(session, NoticeKind.WARNING, f"remove:{work.fresh_id()}", data)
            return work.change(session, WorktreeIs(WorktreeState.CLEANUP_FAILED))
        data = {"reason": "discarded", "backup": event.backup}
        work.notify(session, NoticeKind.STOPPED, f"discard.{session.epoch}", data)
        return work.change(session, WorktreeIs(WorktreeState.DISMISSED))
    return session
