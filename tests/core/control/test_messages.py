"""A message to a session, in every state it can be in: it is never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import events
from core.control import sessions
from core.control.work import Work
from core.errors import BadInput
from core.model import Session
from core.ports import Verb
from core.states import (
    ApprovalExecution,
    ApprovalState,
    DecisionKind,
    Lifecycle,
    NoticeKind,
    PermissionMode,
    Status,
    WorktreeState,
)
from tests.core.control.scene import (
    ANN,
    AUTH,
    BEGUN,
    CLOSED,
    CRASH,
    LOST,
    PERMISSION,
    scene,
)


def stop(work: Work, session: Session) -> Session:
    return sessions.stop(work, session, ANN)


async def test_a_message_to_a_starting_session_follows_its_launch(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.say("and tests")
        assert [o.verb for o in await play.orders()] == [Verb.LAUNCH, Verb.PROMPT]


async def test_a_message_to_a_running_session_steers_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("and tests")
        assert (await play.order(Verb.PROMPT)).body["text"] == "and tests"
        assert (await play.session()).epoch == 1


async def test_the_same_message_twice_is_two_prompts(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.say("go on")
        await play.say("go on")
        assert len({o.body["id"] for o in await play.orders(Verb.PROMPT)}) == 2


async def test_a_message_under_a_permission_card_steers_and_leaves_the_card(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(PERMISSION)
        await play.say("allow")
        assert (await play.order(Verb.PROMPT)).body["text"] == "allow"
        assert await play.orders(Verb.PERMISSION) == []
        assert len(await play.pending(DecisionKind.PERMISSION)) == 1


@pytest.mark.parametrize("end", [CRASH, LOST])
async def test_a_message_after_a_death_under_a_permission_card_resumes(
    tmp_path: Path, end: events.SessionEnded
) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(PERMISSION, end)
        assert await play.outcomes() == []
        await play.say("go on without it")
        assert await play.prompt() == "go on without it"
        assert (await play.data(NoticeKind.PERMISSION))["closed"] == "superseded"


@pytest.mark.parametrize("end", [CRASH, LOST])
async def test_a_permission_decided_after_a_death_resumes(tmp_path: Path, end: events.SessionEnded) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(PERMISSION, end)
        await play.press(await play.decision(DecisionKind.PERMISSION), "allow")
        assert "(make test) was allowed" in await play.prompt()


async def test_a_message_to_a_completed_session_resumes_it_and_its_branch_buttons_die(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.complete()
        branch = await play.decision(DecisionKind.WORKTREE)
        await play.press(branch, "discard")
        await play.say("and tests")
        assert await play.pending() == []
        assert (await play.data(NoticeKind.BRANCH))["closed"] == "superseded"
        assert (await play.data(NoticeKind.CONFIRM_DISCARD))["closed"] == "superseded"
        session = await play.session()
        assert (session.state.worktree, session.epoch) == (WorktreeState.PROVISIONED, 2)
        await play.tell(CLOSED, epoch=1)
        await play.tell(*BEGUN)
        await play.complete()
        assert await play.decision(DecisionKind.WORKTREE) != branch
        assert len(await play.notices(NoticeKind.COMPLETED)) == 2


@pytest.mark.parametrize("told", [[AUTH, CLOSED], [CRASH], [LOST]])
async def test_a_message_to_a_dead_session_resumes_it(tmp_path: Path, told: list[events.Event]) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(*told)
        await play.say("try again")
        launch = await play.order(Verb.LAUNCH)
        assert (launch.body["epoch"], launch.body["resume"]) == (2, True)
        assert await play.prompt() == "try again"
        session = await play.session()
        assert (session.state.status, session.error, session.alive) == (Status.STARTING, None, False)


async def test_a_message_to_a_stopped_session_resumes_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.plan()
        await play.on(stop)
        await play.tell(CLOSED)
        await play.say("approve")  # nothing is pending any more: these are ordinary words
        assert await play.prompt() == "approve"
        assert not (await play.order(Verb.LAUNCH)).body["approved"]


async def test_a_session_that_a_reboot_took_while_it_started_is_resumed(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        await play.tell(LOST)
        assert (await play.session()).state.lifecycle is Lifecycle.SUSPENDED
        await play.say("go on")
        assert (await play.order(Verb.LAUNCH)).body["epoch"] == 2


async def test_after_a_rejected_plan_a_message_resumes_in_plan_mode(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "reject")
        await play.tell(CLOSED, events.WorktreeRemoved(removed=True))
        await play.say("do it in another way")
        launch = await play.order(Verb.LAUNCH)
        assert (launch.body["approved"], launch.body["mode"]) == (False, PermissionMode.PLAN)
        state = (await play.session()).state
        assert state.approval is ApprovalState.NOT_REQUIRED
        assert state.execution is ApprovalExecution.AWAITING_PLAN_OUTPUT
        await play.tell(*BEGUN, events.PlanRequested("r2", "# v2"))
        state = (await play.session()).state
        assert (state.plan_version, state.worktree) == (2, WorktreeState.PROVISIONED)


async def test_an_approved_plan_stays_approved_for_follow_ups(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.press(await play.plan(), "approve")
        await play.complete()
        await play.say("and tests")
        assert (await play.order(Verb.LAUNCH)).body["approved"]


async def test_an_empty_message_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.launch()
        with pytest.raises(BadInput):
            await play.say(" \n")
        assert await play.orders(Verb.PROMPT) == []
