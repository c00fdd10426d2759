"""Questions and permissions: asked one item at a time, answered exactly as the person chose."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from core import events
from core.control import orders, sessions
from core.control.work import Work
from core.errors import BadInput, DecisionStale, NotAnOption, NothingChosen, NothingPending
from core.lifecycle import InputWanted, Working
from core.model import Decision, Json, Permission, Question, QuestionItem, Session, UserId
from core.ports import Verb
from core.states import ApprovalState, DecisionKind, DecisionState, NoticeKind, PermissionMode

HIDDEN = "•••"
_READING = frozenset({"read", "search"})


# ---- questions ------------------------------------------------------------------------------------


def asked(work: Work, session: Session, event: events.QuestionRequested) -> Session:
    """The agent asks: store the question and show its first item."""
    items = tuple({item.id: item for item in event.items}.values())
    question = work.tx.requests.add_question(
        Question(0, session.id, event.request, items, {}, "pending" if items else "answered", work.now)
    )
    if not items:
        return _deliver(work, session, question)  # it waits for an answer to nothing
    session = work.change(session, InputWanted(), activity="")
    _show_next(work, session)
    return sessions.finish_card(work, session)


def _show_next(work: Work, session: Session) -> None:
    """Show the oldest question there is, one at a time."""
    if work.pending(session, DecisionKind.QUESTION) is not None:
        return
    for request in work.tx.requests.pending(session.id):
        if isinstance(request, Question):
            _show_item(work, session, request)
            return


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
        "free_text": _free(item),
        "position": question.index + 1,
        "of": len(question.items),
        "chosen": [],
    }
    work.notify(session, NoticeKind.QUESTION, _subject(question), data)


def _free(item: QuestionItem) -> bool:
    """Without options there is nothing but one's own words."""
    return item.free_text or not item.options


def of_decision(work: Work, decision: Decision) -> Question | Permission:
    """Return the request a decision belongs to, or raise `DecisionStale`."""
    number = int(decision.subject[1:].partition(".")[0])
    find = work.tx.requests.question if decision.subject[0] == "q" else work.tx.requests.permission
    request = find(number)
    if request is None or request.state != "pending":
        raise DecisionStale
    return request


def press(work: Work, session: Session, decision: Decision, verb: str, by: UserId) -> Session:
    """Answer with an option (`o<n>`); where several are allowed, switch one (`t<n>`) or send all (`done`)."""
    question = of_decision(work, decision)
    if not isinstance(question, Question) or decision.subject != _subject(question):
        raise DecisionStale
    item = question.items[question.index]
    if item.multi and verb == "done":
        return _answer_with(work, session, question, decision, decision.draft, by)
    option = _option(item, verb)
    if option is None:
        raise BadInput(reason=f"a question cannot be answered by {verb}")
    if item.multi:
        chosen = tuple(sorted(set(decision.draft) ^ {option}))
        work.tx.decisions.save(replace(decision, draft=chosen))
        work.refresh(session, NoticeKind.QUESTION, decision.subject, chosen=list(chosen))
        return session
    return _answer_with(work, session, question, decision, (option,), by)


def _option(item: QuestionItem, verb: str) -> int | None:
    """Return the option a button stands for; None for a button the card never had."""
    letter = "t" if item.multi else "o"
    return next((n for n in range(len(item.options)) if verb == f"{letter}{n}"), None)


def _answer_with(
    work: Work,
    session: Session,
    question: Question,
    decision: Decision,
    picked: tuple[int, ...],
    by: UserId,
) -> Session:
    if not picked:
        raise NothingChosen
    options = question.items[question.index].options
    return _answer(work, session, question, decision, [options[n].label for n in picked], by)


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
    if exact is None and not text.strip():
        raise BadInput(reason="the answer is empty")
    if exact is None and not _free(item):
        raise NotAnOption
    return _answer(work, session, question, decision, [text if exact is None else exact], by)


def _answer(
    work: Work, session: Session, question: Question, decision: Decision, labels: list[str], by: UserId
) -> Session:
    item = question.items[question.index]
    work.take(decision, "answer", by)
    shown = HIDDEN if item.secret else ", ".join(labels)
    work.refresh(session, NoticeKind.QUESTION, decision.subject, closed="answer", answer=shown)
    question = replace(question, answers={**question.answers, item.id: labels})
    if question.index < len(question.items):
        work.tx.requests.save(question)
        _show_item(work, session, question)
        return session
    return _deliver(work, session, question)


def _deliver(work: Work, session: Session, question: Question) -> Session:
    """Give all answers to the agent. What is secret goes with the order and stays nowhere else."""
    secret = {item.id for item in question.items if item.secret}
    stored = {key: [HIDDEN] if key in secret else labels for key, labels in question.answers.items()}
    work.tx.requests.save(replace(question, answers=stored, state="answered"))
    if not session.alive:
        return sessions.start(work, session, orders.answered(question, question.answers))
    body = {"request": question.request, "answers": question.answers, "epoch": session.epoch}
    work.order(session, Verb.ANSWER, body, id=orders.reply_id(question))
    return _resume_work(work, session)


def _resume_work(work: Work, session: Session) -> Session:
    """Back to work under a fresh progress card, unless something else is still asked."""
    _show_next(work, session)
    if work.tx.requests.pending(session.id):
        return session
    session = sessions.finish_card(work, session)  # what follows stands under the answer
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
        _order(work, session, permission, "allow", auto=True)
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
    work.refresh(session, NoticeKind.PERMISSION, decision.subject, closed=verb, by=work.person(by))
    if not session.alive:
        return sessions.start(work, session, orders.permitted(permission, state))
    _order(work, session, permission, verb, reason="The user said no." if verb == "deny" else "")
    if work.tx.requests.pending(session.id):
        return session
    return work.change(session, Working())


def _order(
    work: Work,
    session: Session,
    permission: Permission,
    verdict: str,
    *,
    reason: str = "",
    auto: bool = False,
) -> None:
    body = {"request": permission.request, "verdict": verdict, "reason": reason, "epoch": session.epoch}
    work.order(session, Verb.PERMISSION, {**body, "auto": auto}, id=orders.reply_id(permission))


def resolved(work: Work, session: Session, event: events.RequestResolved) -> Session:
    """The agent has its answer; or it took a question or permission back, and the card dies."""
    row = work.tx.requests.by_request(session.id, event.request)
    if row is None:
        return session
    if event.by == "user":
        orders.taken(work, orders.reply_id(row))
        return session
    if row.state != "pending":
        return session
    work.tx.requests.save(sessions.cancelled(row))
    prefix = f"q{row.id}." if isinstance(row, Question) else f"p{row.id}"
    for decision in work.tx.decisions.pending(session.id):
        if decision.subject.startswith(prefix):
            work.tx.decisions.save(replace(decision, state=DecisionState.SUPERSEDED))
            work.refresh(session, NoticeKind(decision.kind), decision.subject, closed="superseded")
    _show_next(work, session)
    waits = bool(work.tx.requests.pending(session.id))
    return session if waits or not session.alive else work.change(session, Working())
