"""Questions and permissions: asked one item at a time, answered exactly as the person chose."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from core import events
from core.control import sessions
from core.control.work import Work
from core.errors import BadInput, DecisionStale, NothingPending
from core.lifecycle import InputWanted, Working
from core.model import Decision, Json, Permission, Question, QuestionItem, Session, UserId
from core.ports import Verb
from core.states import ApprovalState, DecisionKind, DecisionState, NoticeKind, PermissionMode

RESUME_ANSWER = "You asked before you were interrupted. The answers are:\n\n{answers}"
RESUME_PERMISSION = "The permission you asked for ({title}) was {verdict}. Go on."
_READING = frozenset({"read", "search"})


# ---- questions ------------------------------------------------------------------------------------


def asked(work: Work, session: Session, event: events.QuestionRequested) -> Session:
    """The agent asks: store the question and show its first item."""
    session = work.change(session, InputWanted(), activity="")
    question = work.tx.requests.add_question(
        Question(0, session.id, event.request, event.items, {}, "pending", work.now)
    )
    _show_item(work, session, question)
    return session


def _subject(question: Question) -> str:
    return f"q{question.id}.{question.index}"


def _show_item(work: Work, session: Session, question: Question) -> None:
    decision = work.ask(session, DecisionKind.QUESTION, _subject(question))
    item = question.items[question.index]
    data: Json = {
        "decision": decision.id,
        "header": item.header,
        "text": item.text,
        "options": [[o.label, o.description] for o in item.options],
        "multi": item.multi,
        "free_text": item.free_text,
        "position": question.index + 1,
        "of": len(question.items),
        "chosen": [],
    }
    work.notify(session, NoticeKind.QUESTION, _subject(question), data)


def of_decision(work: Work, decision: Decision) -> Question | Permission:
    """Return the request a decision belongs to, or raise `DecisionStale`."""
    number = int(decision.subject[1:].partition(".")[0])
    find = work.tx.requests.question if decision.subject[0] == "q" else work.tx.requests.permission
    request = find(number)
    if request is None or request.state != "pending":
        raise DecisionStale
    return request


def toggle(work: Work, session: Session, decision: Decision, option: int) -> None:
    """Switch one of several options on or off."""
    question = of_decision(work, decision)
    if not isinstance(question, Question) or decision.state is not DecisionState.PENDING:
        raise DecisionStale
    chosen = tuple(sorted(set(decision.draft) ^ {option}))
    work.tx.decisions.save(replace(decision, draft=chosen))
    work.refresh(session, NoticeKind.QUESTION, decision.subject, chosen=list(chosen))


def answer_by_button(work: Work, session: Session, decision: Decision, verb: str, by: UserId) -> Session:
    """Answer with an option (`o<n>`), or with all that are switched on (`done`)."""
    question = of_decision(work, decision)
    if not isinstance(question, Question):
        raise DecisionStale
    item = question.items[question.index]
    picked = decision.draft if verb == "done" else (int(verb[1:]),)
    if not picked or max(picked) >= len(item.options):
        raise BadInput(reason="choose at least one option")
    labels = [item.options[n].label for n in picked]
    return _answer(work, session, question, decision, labels, by)


def answer_by_text(work: Work, session: Session, text: str, by: UserId) -> Session:
    """Answer the open question in a person's own words; an option's exact label counts as that option."""
    decision = work.pending(session, DecisionKind.QUESTION)
    if decision is None:
        raise NothingPending(name=session.name)
    question = of_decision(work, decision)
    if not isinstance(question, Question):
        raise NothingPending(name=session.name)
    item = question.items[question.index]
    labels = {o.label.casefold(): o.label for o in item.options}
    exact = labels.get(text.strip().casefold())
    if exact is None and not item.free_text:
        raise BadInput(reason="choose one of the options")
    return _answer(work, session, question, decision, [exact or text], by)


def _answer(
    work: Work, session: Session, question: Question, decision: Decision, labels: list[str], by: UserId
) -> Session:
    item = question.items[question.index]
    work.take(decision, "answer", by)
    shown = "•••" if item.secret else ", ".join(labels)
    work.refresh(session, NoticeKind.QUESTION, decision.subject, closed="answer", answer=shown)
    question = replace(question, answers={**question.answers, item.id: labels})
    if question.index < len(question.items):
        work.tx.requests.save(question)
        _show_item(work, session, question)
        return session
    work.tx.requests.save(replace(question, state="answered"))
    if not session.alive:
        pairs = [f"{i.text}\n→ {', '.join(question.answers[i.id])}" for i in question.items]
        return sessions.start(work, session, RESUME_ANSWER.format(answers="\n\n".join(pairs)))
    body = {"request": question.request, "answers": question.answers, "epoch": session.epoch}
    work.order(session, Verb.ANSWER, body)
    return _resume_work(work, session)


def _resume_work(work: Work, session: Session) -> Session:
    """Back to work under a fresh progress card, unless something else is still asked."""
    if work.tx.requests.pending(session.id):
        return session
    session = work.change(session, Working(), turn=session.turn + 1)
    return sessions.show_progress(work, session)


def secret_item(question: Question) -> QuestionItem | None:
    """Return the item asked now when its answer must be deleted from the chat."""
    item = question.items[question.index] if question.index < len(question.items) else None
    return item if item is not None and item.secret else None


# ---- permissions ----------------------------------------------------------------------------------


def permission_requested(work: Work, session: Session, event: events.PermissionRequested) -> Session:
    """The agent wants to use a tool: allow what policy allows, else ask."""
    permission = work.tx.requests.add_permission(
        Permission(
            0,
            session.id,
            event.request,
            event.tool,
            event.tool_kind,
            event.title,
            event.detail,
            "pending",
            work.now,
        )
    )
    if allowed_by_policy(session, event):
        work.tx.requests.save(replace(permission, state="allowed"))
        body = {"request": event.request, "verdict": "allow", "reason": "", "epoch": session.epoch}
        work.order(session, Verb.PERMISSION, body)
        return session
    session = work.change(session, InputWanted())
    subject = f"p{permission.id}"
    decision = work.ask(session, DecisionKind.PERMISSION, subject)
    data = {
        "decision": decision.id,
        "tool": event.tool,
        "title": event.title,
        "detail": event.detail,
        "inside": event.inside,
    }
    work.notify(session, NoticeKind.PERMISSION, subject, data)
    return session


def allowed_by_policy(session: Session, event: events.PermissionRequested) -> bool:
    """Tell whether a request needs nobody: reads in the worktree, edits there once a plan was approved."""
    if session.policy.permission_mode is PermissionMode.BYPASS:
        return True
    if not event.inside:
        return False
    approved = session.state.approval is ApprovalState.APPROVED
    return event.tool_kind in _READING or (event.tool_kind == "edit" and approved)


def decide_permission(work: Work, session: Session, decision: Decision, verb: str, by: UserId) -> Session:
    """Allow once, allow for the session, or deny."""
    if verb not in {"allow", "session", "deny"}:
        raise BadInput(reason=f"a permission cannot be decided by {verb}")
    permission = of_decision(work, decision)
    if not isinstance(permission, Permission):
        raise DecisionStale
    work.take(decision, verb, by)
    state: Literal["denied", "allowed"] = "denied" if verb == "deny" else "allowed"
    work.tx.requests.save(replace(permission, state=state))
    person = work.tx.users.get(by)
    work.refresh(
        session, NoticeKind.PERMISSION, decision.subject, closed=verb, by=person.name if person else str(by)
    )
    if not session.alive:
        return sessions.start(work, session, RESUME_PERMISSION.format(title=permission.title, verdict=state))
    reason = "The user said no." if verb == "deny" else ""
    body = {"request": permission.request, "verdict": verb, "reason": reason, "epoch": session.epoch}
    work.order(session, Verb.PERMISSION, body)
    if work.tx.requests.pending(session.id):
        return session
    return work.change(session, Working())


def resolved(work: Work, session: Session, request: str) -> Session:
    """The agent took a question or permission back: its card dies."""
    row = work.tx.requests.by_request(session.id, request)
    if row is None or row.state != "pending":
        return session
    work.tx.requests.save(replace(row, state="cancelled"))
    prefix = f"q{row.id}." if isinstance(row, Question) else f"p{row.id}"
    for decision in work.tx.decisions.pending(session.id):
        if decision.subject.startswith(prefix):
            work.tx.decisions.save(replace(decision, state=DecisionState.SUPERSEDED))
            work.refresh(session, NoticeKind(decision.kind), decision.subject, closed="superseded")
    return work.change(session, Working()) if session.alive else session
