"""Decisions by command: /approve /revise /reject, /answer, /allow /deny, /merge /later /discard, /yes /no."""

from __future__ import annotations

from bot.commands.desk import Desk, Incoming
from core.model import Session
from core.states import ApprovalState, Lifecycle, WorktreeState


async def plan(desk: Desk, message: Incoming) -> None:
    """`/approve|/reject [name]`, `/revise [name] [feedback]`."""
    revise = message.command == "revise"
    session, rest = await desk.target(message, _plan_waits, text=revise)
    feedback = rest if revise else ""
    await desk.engine.decide_plan(session, message.command, message.user, feedback, update=message.update)


async def answer(desk: Desk, message: Incoming) -> None:
    """`/answer [name] text`."""
    session, text = await desk.target(message, _answer_waits, text=True)
    if not text:
        await desk.say(message, "command-usage-answer")
        return
    await desk.engine.answer(session, text, message.user, update=message.update)


async def permission(desk: Desk, message: Incoming) -> None:
    """`/allow [name]`, `/deny [name]`."""
    session, _ = await desk.target(message, _answer_waits)
    await desk.engine.decide_permission(session, message.command, message.user, update=message.update)


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
    session, _ = await desk.target(message, _branch_waits)
    await desk.engine.decide_branch(session, message.command, message.user, update=message.update)


async def confirm(desk: Desk, message: Incoming) -> None:
    """`/yes [name]`, `/no [name]`: the question whether to discard."""
    session, _ = await desk.target(message, _branch_waits)
    await desk.engine.confirm_discard(session, message.command, message.user, update=message.update)


def _plan_waits(session: Session) -> bool:
    return session.state.approval is ApprovalState.PENDING


def _answer_waits(session: Session) -> bool:
    return session.state.lifecycle is Lifecycle.AWAITING_USER_INPUT


def _branch_waits(session: Session) -> bool:
    return session.state.worktree is WorktreeState.PENDING_DECISION
