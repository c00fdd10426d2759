"""Orders a host could not carry out: what was to be said is said in another way, the rest is told."""

from __future__ import annotations

from core import events
from core.control import orders, sessions, worktrees
from core.control.work import Work
from core.errors import NotRunning
from core.lifecycle import ENDED
from core.model import Session
from core.ports import Command, Verb
from core.states import NoticeKind, Status


def command_failed(work: Work, session: Session, event: events.CommandFailed) -> Session:
    """A host could not carry out an order."""
    match event.verb:
        case Verb.LAUNCH:
            return _launch(work, session, event)
        case Verb.PROMPT | Verb.PLAN | Verb.PERMISSION | Verb.ANSWER:
            return _words(work, session, event)
        case Verb.INSPECT:
            current = event.command == orders.inspect_id(session) and session.state.status not in ENDED
            return _fail(work, session, event) if current else session
        case Verb.LAND:
            return worktrees.not_landed(work, session, event.error, dict(event.fields))
        case Verb.REMOVE:
            return worktrees.not_removed(work, session, event.error, dict(event.fields))
        case _:
            if event.error != NotRunning.key:  # what is gone already need not be ended
                _warn(work, session, event)
            return session


def _fail(work: Work, session: Session, event: events.CommandFailed) -> Session:
    return sessions.fail(work, session, event.error, fields=dict(event.fields))


def _warn(work: Work, session: Session, event: events.CommandFailed) -> None:
    data = {"error": event.error, "fields": dict(event.fields)}
    work.notify(session, NoticeKind.WARNING, event.command, data)


def _launch(work: Work, session: Session, event: events.CommandFailed) -> Session:
    """The agent could not be started; what it was to be told is kept for the next start."""
    if event.command != orders.launch_id(session):
        return session
    if session.alive and event.error == NotRunning.key:
        return session  # it started and died at once: its end tells why
    session = work.change(session, alive=False)
    return session if session.state.status in ENDED else _fail(work, session, event)


def _words(work: Work, session: Session, event: events.CommandFailed) -> Session:
    """Words did not arrive. Where the agent is gone they resume the session, all that wait at once."""
    command = work.tx.commands.get(event.command)
    if command is None or not command.body:
        return session  # taken back, or told to a newer process already
    if event.error != NotRunning.key:
        _warn(work, session, event)
        return session
    if not orders.words(work, command) or session.state.status is Status.KILLED:
        orders.taken(work, command.id)
        return session
    if orders.launch_kept(work, session) is not None:
        return session  # the agent never began; its end is told, and its next start takes the words along
    if session.alive and command.verb in {Verb.PERMISSION, Verb.ANSWER} and session.state.status not in ENDED:
        return _say_again(work, session, command)
    return sessions.start(work, session)


def _say_again(work: Work, session: Session, command: Command) -> Session:
    """The running agent does not know the request any more: tell it the answer as a prompt."""
    text = "\n\n".join(orders.words(work, command))
    orders.taken(work, command.id)
    return sessions.prompt(work, session, text)
