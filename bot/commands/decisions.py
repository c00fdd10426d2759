"""Decisions by command: /approve /revise /reject, /answer, /allow /deny, /merge /later /discard, /yes /no."""

from __future__ import annotations

from collections.abc import Callable

from bot.commands.desk import Desk, Incoming
from core.errors import BadInput, UnknownSession
from core.model import Session, SessionId
from core.states import ApprovalState, Lifecycle, WorktreeState


async def plan(desk: Desk, message: Incoming) -> None:
    """`/approve|/revise|/reject [name] [feedback]`."""
    verb = _verb(message)
    session, rest = await _target(desk, message, lambda s: s.state.approval is ApprovalState.PENDING)
    feedback = rest if verb == "revise" else ""
    await desk.engine.decide_plan(session, verb, message.user, feedback, update=message.update)


async def answer(desk: Desk, message: Incoming) -> None:
    """`/answer [name] text`."""
    session, text = await _target(desk, message, lambda s: s.state.lifecycle is Lifecycle.AWAITING_USER_INPUT)
    if not text:
        raise BadInput(reason="/answer name your answer")
    await desk.engine.answer(session, text, message.user, update=message.update)


async def permission(desk: Desk, message: Incoming) -> None:
    """`/allow [name]`, `/deny [name]`."""
    session, _ = await _target(desk, message, lambda s: s.state.lifecycle is Lifecycle.AWAITING_USER_INPUT)
    await desk.engine.decide_permission(session, _verb(message), message.user, update=message.update)


async def allow(desk: Desk, message: Incoming) -> None:
    """`/allow`: in a group that is not connected yet, connect it; elsewhere as `permission`."""
    people = desk.engine.people
    if not message.private and not await people.chat_allowed(message.chat):
        await people.allow_chat(message.chat, message.user)
        await desk.say(message, "access-group-allowed")
        return
    await permission(desk, message)


async def branch(desk: Desk, message: Incoming) -> None:
    """`/merge [name]`, `/later [name]`, `/discard [name]`."""
    session, _ = await _target(desk, message, lambda s: s.state.worktree is WorktreeState.PENDING_DECISION)
    await desk.engine.decide_branch(session, _verb(message), message.user, update=message.update)


async def confirm(desk: Desk, message: Incoming) -> None:
    """`/yes [name]`, `/no [name]`: the question whether to discard."""
    session, _ = await _target(desk, message, lambda s: s.state.worktree is WorktreeState.PENDING_DECISION)
    await desk.engine.confirm_discard(session, _verb(message), message.user, update=message.update)


def _verb(message: Incoming) -> str:
    return message.text.split()[0].removeprefix("/").partition("@")[0]


async def _target(desk: Desk, message: Incoming, waits: Callable[[Session], bool]) -> tuple[SessionId, str]:
    """Find the session: named, by reply or topic, or the only one that waits for this."""
    words = message.text.split()[1:]
    try:
        return await desk.target(message, words)
    except UnknownSession:
        waiting = await desk.waiting(waits)
        if len(waiting) == 1:
            return waiting[0].id, message.text.partition(" ")[2].strip()
        raise
