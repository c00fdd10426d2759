"""Start, list, show and stop sessions, and take plain messages to them."""

from __future__ import annotations

from bot.commands.desk import Desk, Incoming
from bot.text.safe import inline
from core.config import NAME
from core.errors import UnknownProject
from core.model import Launch, Session
from core.states import Lifecycle, Status

ROWS = 20
TASK = 60


async def new(desk: Desk, message: Incoming) -> None:
    """`/new [project] [name:] task`."""
    text, projects = message.rest, desk.config.settings.projects
    if not text:
        await desk.say(message, "command-usage-new", projects=", ".join(projects) or "–")
        return
    project, rest = _project_of(text, list(projects))
    if project is None and len(projects) == 1:
        project, rest = next(iter(projects)), text
    if project is None:
        raise UnknownProject(name=text.split(maxsplit=1)[0], known=", ".join(projects) or "–")
    if not rest:
        await desk.say(message, "command-usage-new", projects=", ".join(projects))
        return
    topics = message.forum or (message.private and desk.private_topics)
    wish = Launch(
        project=project,
        task=rest,
        policy=desk.config.policy(project),
        owner=message.user,
        chat=message.chat,
        thread=None if topics else message.thread,
        topic_wanted=topics,
    )
    session = await desk.engine.launch(wish, update=message.update)
    if session is not None:
        here = (message.chat, message.thread, message.user)
        desk.pieces.went(here, message.text, message.sent_at, session.id)
        if topics:
            await desk.say(message, "session-started.own-topic", name=session.name)


def _project_of(text: str, projects: list[str]) -> tuple[str | None, str]:
    """Take a known project's name off the front."""
    first, *rest = text.split(maxsplit=1)
    if NAME.fullmatch(first) and first in projects:
        return first, rest[0].strip() if rest else ""
    return None, text


async def plain(desk: Desk, message: Incoming) -> None:
    """A message that is no command: awaited feedback, a session's reply or topic, else a new task."""
    if not inline(message.text):
        return
    engine, here = desk.engine, (message.chat, message.thread, message.user)
    before = desk.pieces.continued(here, message.sent_at)
    place = await desk.place(message)
    session = before or place.session
    if place.expectation is not None:
        session = place.expectation.session
        await engine.give_feedback(session, message.text, message.user, update=message.update)
    elif session is not None:
        await engine.say(session, message.text, message.user, update=message.update)
    elif message.private and len(desk.config.settings.projects) == 1:
        await new(desk, message)
        return
    elif message.private:
        await desk.say(message, "not-routed")
    if session is not None:
        desk.pieces.went(here, message.text, message.sent_at, session)


async def stop(desk: Desk, message: Incoming) -> None:
    """`/stop [name]`."""
    session, _ = await desk.target(message, _runs)
    await desk.engine.stop(session, message.user, update=message.update)


async def listing(desk: Desk, message: Incoming) -> None:
    """`/sessions`."""
    sessions = await desk.engine.recent_sessions(ROWS)
    if not sessions:
        await desk.say(message, "sessions-empty")
        return
    data = {
        "title": True,
        "lines": [{"key": "sessions-title", "values": {"count": len(sessions)}}],
        "rows": [row(session) for session in sessions],
    }
    await desk.engine.people.reply(f"reply:{message.update}", message.chat, message.thread, data)


def row(session: Session) -> dict[str, str]:
    """Return what a list shows of a session."""
    return {
        "name": session.name,
        "state": state_key(session),
        "project": session.project,
        "task": inline(session.task, TASK),
    }


STATUS_KEYS = {
    Status.QUEUED: "state-queued",
    Status.STARTING: "state-starting",
    Status.RUNNING: "state-running",
    Status.COMPLETED: "state-completed",
    Status.FAILED: "state-failed",
    Status.KILLED: "state-killed",
}
WAITING_KEYS = {
    Lifecycle.AWAITING_PLAN_DECISION: "state-awaiting-plan-decision",
    Lifecycle.AWAITING_USER_INPUT: "state-awaiting-user-input",
    Lifecycle.AWAITING_WORKTREE_DECISION: "state-awaiting-worktree-decision",
    Lifecycle.SUSPENDED: "state-suspended",
}


def state_key(session: Session) -> str:
    """Return the text key of how a session stands, the most telling field first."""
    return WAITING_KEYS.get(session.state.lifecycle) or STATUS_KEYS[session.state.status]


async def status(desk: Desk, message: Incoming) -> None:
    """`/status [name]`: one session, or everything that waits for a decision."""
    place = await desk.place(message)
    if not message.rest and place.session is None:
        await _all_waiting(desk, message)
        return
    id_, _ = await desk.target(message, _awaits)
    session = await desk.engine.session(id_)
    lines: list[tuple[str, dict[str, str | int]]] = [
        ("status-title", {"name": session.name, "state": state_key(session)}),
        ("status-title.task", {"task": inline(session.task, 300)}),
    ]
    if session.activity:
        lines.append(("status-title.activity", {"activity": inline(session.activity)}))
    await desk.answer(message, *lines, title=True)


async def _all_waiting(desk: Desk, message: Incoming) -> None:
    waiting = await desk.waiting(_awaits)
    if not waiting:
        await desk.say(message, "status-nothing-waits")
        return
    data = {
        "title": True,
        "lines": [{"key": "status-waiting", "values": {"count": len(waiting)}}],
        "rows": [row(session) for session in waiting],
    }
    await desk.engine.people.reply(f"reply:{message.update}", message.chat, message.thread, data)


def _runs(session: Session) -> bool:
    return session.state.status not in {Status.COMPLETED, Status.FAILED, Status.KILLED}


def _awaits(session: Session) -> bool:
    return session.state.lifecycle.value.startswith("awaiting")
