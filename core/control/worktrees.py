"""Worktrees: what happens to a branch when the work is done. A host carries the decisions out."""

from __future__ import annotations

from dataclasses import asdict, replace

from core import events
from core.control import orders, sessions
from core.control.work import Work
from core.errors import BadInput, NothingPending
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

# Nobody decides for a person yet, so every strategy that would ends in the question.
_ASKING = frozenset({Strategy.ASK, Strategy.DELEGATE, Strategy.AUTO_MERGE, Strategy.AUTO_PR})
_OPEN = frozenset(
    {
        WorktreeState.PROVISIONED,
        WorktreeState.PENDING_DECISION,
        WorktreeState.MERGE_CONFLICT_RESOLVING,
        WorktreeState.PR_OPEN,
    }
)
_KEPT = frozenset({WorktreeState.PROVISIONED, WorktreeState.CLEANUP_FAILED})


def created(work: Work, session: Session, event: events.WorktreeCreated) -> Session:
    """Remember where the session works."""
    old = work.tx.worktrees.get(session.id)
    row = Worktree(session.id, event.path, event.branch, event.base, event.base_sha, event.base_tree)
    work.tx.worktrees.put(replace(row, changes=old.changes) if old else row)
    if event.dirty:
        work.refresh(session, NoticeKind.STARTED, "1", dirty=event.dirty, base=event.base)
    if session.state.worktree in _OPEN:
        return session
    return work.change(session, WorktreeIs(WorktreeState.PROVISIONED))  # new, or worked on again


def inspected(work: Work, session: Session, event: events.WorktreeInspected) -> Session:
    """The work is done and measured: one ✅ line, then the question about the branch where one is due."""
    worktree = work.tx.worktrees.get(session.id)
    if session.state.status in ENDED or not orders.measuring(work, session):
        return session  # what was measured is not the end any more: the agent was told to go on
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
    session = sessions.finish_card(work, session)
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
    decision = work.ask(session, DecisionKind.WORKTREE, f"{tip}.{work.fresh_id()}")
    data = {
        "decision": decision.id,
        "branch": worktree.branch,
        "base": worktree.base,
        "changes": asdict(worktree.changes) if worktree.changes else {},
    }
    work.notify(session, NoticeKind.BRANCH, decision.subject, data)
    return session


def _pending(work: Work, session: Session) -> tuple[Session, Decision, Worktree]:
    """Return what waits. A branch that was kept without a question is asked about when somebody decides."""
    worktree = work.tx.worktrees.get(session.id)
    decision = work.pending(session, DecisionKind.WORKTREE)
    if decision is None and worktree is not None and _is_kept(session, worktree):
        session = ask(work, session, worktree)
        decision = work.pending(session, DecisionKind.WORKTREE)
    if decision is None or worktree is None:
        raise NothingPending(name=session.name)
    return session, decision, worktree


def _is_kept(session: Session, worktree: Worktree) -> bool:
    commits = worktree.changes.commits if worktree.changes else 0
    return session.state.status in ENDED and session.state.worktree in _KEPT and commits > 0


def decide(work: Work, session: Session, verb: str, by: UserId) -> Session:
    """Merge, keep for later, or begin to discard."""
    if verb not in {"merge", "later", "discard"}:
        raise BadInput(reason=f"a branch cannot be decided by {verb}")
    session, decision, worktree = _pending(work, session)
    match verb:
        case "merge":
            work.take(decision, verb, by)
            work.supersede(session, DecisionKind.DISCARD)  # it was decided in another way
            work.refresh(session, NoticeKind.BRANCH, decision.subject, closed="merging")
            body = {"decision": decision.id, "name": session.name, "task": session.task[:2000]}
            work.order(session, Verb.LAND, body, id=f"land:{decision.id}")
            return session
        case "later":
            work.audit(by, session.id, "worktree.later", worktree.branch)
            work.refresh(session, NoticeKind.BRANCH, decision.subject, later=True)
            return session
        case _:
            return _confirm_discard(work, session, worktree)


def _confirm_discard(work: Work, session: Session, worktree: Worktree) -> Session:
    """Discarding is confirmed under an id of its own."""
    if work.pending(session, DecisionKind.DISCARD) is None:
        decision = work.ask(session, DecisionKind.DISCARD, work.fresh_id())
        data = {"decision": decision.id, "branch": worktree.branch}
        work.notify(session, NoticeKind.CONFIRM_DISCARD, decision.subject, data)
    return session


def decide_discard(work: Work, session: Session, decision: Decision, verb: str, by: UserId) -> Session:
    """Carry the discard out, or drop the question about it."""
    if verb not in {"yes", "no"}:
        raise BadInput(reason=f"a discard cannot be decided by {verb}")
    work.take(decision, verb, by)
    work.refresh(session, NoticeKind.CONFIRM_DISCARD, decision.subject, closed=verb)
    if verb == "no":
        return session
    session, asked, worktree = _pending(work, session)
    work.take(asked, "discard", by)
    work.refresh(session, NoticeKind.BRANCH, asked.subject, closed="discard")
    work.order(session, Verb.REMOVE, {"only_clean": False, "branch": worktree.branch, "name": session.name})
    return session


def landed(work: Work, session: Session, event: events.WorktreeLanded) -> Session:
    """A merge was tried: say how it went, and ask again where it did not land."""
    worktree = work.tx.worktrees.get(session.id)
    if worktree is None or work.pending(session, DecisionKind.WORKTREE) is not None:
        return session  # nobody asked for it, or the answer came twice
    match event.outcome:
        case "merged" | "already":
            return _merged(work, session, worktree, event)
        case "nothing":
            _close_branch_card(work, session, "nothing")
            return _settle(work, session, WorktreeState.NO_CHANGE)
        case "conflict" | "blocked" | "moved":
            fields = {"base": event.base, "files": "\n".join(event.files), "reason": event.reason}
            return not_landed(work, session, f"merge-{event.outcome}", fields)


def _merged(work: Work, session: Session, worktree: Worktree, event: events.WorktreeLanded) -> Session:
    work.tx.worktrees.put(replace(worktree, merged=event.new))
    mark = _close_branch_card(work, session, "merge")
    changes = asdict(worktree.changes) if worktree.changes else {}
    data = {"branch": worktree.branch, "base": event.base, "commit": event.new, "changes": changes}
    work.notify(session, NoticeKind.MERGED, mark or event.new, data)
    if session.state.status in ENDED:  # else its agent works there again
        work.order(session, Verb.REMOVE, {"only_clean": True, "name": session.name})
    state = WorktreeState.MERGED if event.outcome == "merged" else WorktreeState.RELEASED
    return _settle(work, session, state)


def _settle(work: Work, session: Session, state: WorktreeState) -> Session:
    """The branch is in a final state, unless its agent works on it again."""
    return work.change(session, WorktreeIs(state)) if session.state.status in ENDED else session


def not_landed(work: Work, session: Session, error: str, fields: dict[str, str]) -> Session:
    """A merge did not happen: say why, and ask again."""
    mark = _close_branch_card(work, session, "failed")
    data = {"error": error, "fields": fields}
    work.notify(session, NoticeKind.WARNING, f"land:{mark or work.fresh_id()}", data)
    worktree = work.tx.worktrees.get(session.id)
    if worktree is None or session.state.status not in ENDED:
        return session  # the branch is asked about when the agent is done
    return ask(work, session, worktree)


def _close_branch_card(work: Work, session: Session, how: str) -> str:
    """Write the outcome on the card whose Merge was pressed, and return its mark."""
    notice = work.tx.outbox.newest(session.id, NoticeKind.BRANCH)
    if notice is None:
        return ""
    mark = notice.key.split(":", 2)[2]
    if notice.data.get("closed") == "merging":
        work.refresh(session, NoticeKind.BRANCH, mark, closed=how)
    return mark


def removed(work: Work, session: Session, event: events.WorktreeRemoved) -> Session:
    """The worktree is gone, or kept with reasons."""
    worktree = work.tx.worktrees.get(session.id)
    if worktree is not None and event.backup:
        work.tx.worktrees.put(replace(worktree, backup=event.backup))
    if not event.removed:
        return not_removed(work, session, "discard-failed", {"reasons": "\n".join(event.reasons)})
    if _decided(work, session):
        data = {"reason": "discarded", "backup": event.backup}
        work.notify(session, NoticeKind.STOPPED, f"discard.{session.epoch}", data)
        return work.change(session, WorktreeIs(WorktreeState.DISMISSED))
    if session.state.worktree is WorktreeState.PROVISIONED and session.state.status in ENDED:
        return work.change(session, WorktreeIs(WorktreeState.NONE))  # of a rejected plan: nothing was in it
    return session


def _decided(work: Work, session: Session) -> bool:
    """Tell whether the branch's question was answered and what came of it is still awaited."""
    waiting = session.state.worktree is WorktreeState.PENDING_DECISION
    return waiting and work.pending(session, DecisionKind.WORKTREE) is None


def not_removed(work: Work, session: Session, error: str, fields: dict[str, str]) -> Session:
    """The worktree is kept. Only who wanted it discarded is told: elsewhere keeping is what was asked for."""
    work.audit(None, session.id, "worktree.kept", "; ".join(fields.values())[:500])
    if not _decided(work, session):
        return session
    data = {"error": error, "fields": fields}
    work.notify(session, NoticeKind.WARNING, f"remove:{work.fresh_id()}", data)
    return work.change(session, WorktreeIs(WorktreeState.CLEANUP_FAILED))
