"""Permissions: what policy allows without anybody, and what waits for a person."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from core import events
from core.control import decisions, questions
from core.events import PermissionRequested, ToolKind
from core.model import Millis, Policy, Session, SessionId, State
from core.ports import Verb
from core.states import (
    ApprovalState,
    DecisionKind,
    Lifecycle,
    NoticeKind,
    PermissionMode,
    PlanApproval,
    Strategy,
)
from tests.core.control.scene import ANN, BOB, scene

APPROVED = ApprovalState.APPROVED
# Everything else is asked: mode × approval × tool × inside.
ALLOWED = {
    *((PermissionMode.BYPASS, *rest) for rest in product(ApprovalState, get_args(ToolKind), (True, False))),
    *((mode, approval, "read", True) for mode, approval in product(PermissionMode, ApprovalState)),
    *((mode, approval, "search", True) for mode, approval in product(PermissionMode, ApprovalState)),
    *((mode, APPROVED, "edit", True) for mode in PermissionMode),
}


def session(mode: PermissionMode, approval: ApprovalState) -> Session:
    policy = Policy("demo", mode, PlanApproval.ASK, Strategy.ASK)
    state = State(approval=approval)
    return Session(SessionId(1), "fix", "app", "task", policy, state, ANN, Millis(0), Millis(0))


@pytest.mark.parametrize("mode", list(PermissionMode))
@pytest.mark.parametrize("approval", list(ApprovalState))
@pytest.mark.parametrize("kind", get_args(ToolKind))
@pytest.mark.parametrize("inside", [True, False])
def test_the_table_of_what_needs_nobody(
    mode: PermissionMode, approval: ApprovalState, kind: ToolKind, inside: bool
) -> None:
    wanted = PermissionRequested("p", "c", "Tool", kind, "title", inside=inside)
    allowed = questions.allowed_by_policy(session(mode, approval), wanted)
    assert allowed == ((mode, approval, kind, inside) in ALLOWED)


RUN = PermissionRequested("p1", "c1", "Bash", "execute", "make test", inside=True)
READ = PermissionRequested("p2", "c2", "Read", "read", "a.py", inside=True)
FETCH = PermissionRequested("p3", "c3", "WebFetch", "fetch", "a page")


async def test_a_read_in_the_worktree_is_allowed_without_a_card(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(READ)
        assert (await play.order(Verb.PERMISSION)).body["verdict"] == "allow"
        assert await play.notices(NoticeKind.PERMISSION) == []
        assert (await play.session()).state.lifecycle is Lifecycle.ACTIVE


@pytest.mark.parametrize("verb", ["allow", "session", "deny"])
async def test_a_command_waits_for_a_person(tmp_path: Path, verb: str) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(RUN)
        assert await play.orders(Verb.PERMISSION) == []
        await play.press(await play.decision(DecisionKind.PERMISSION), verb)
        assert (await play.order(Verb.PERMISSION)).body["verdict"] == verb
        assert ((await play.data(NoticeKind.PERMISSION))["closed"]) == verb
        assert (await play.session()).state.lifecycle is Lifecycle.ACTIVE


async def test_requests_side_by_side_have_a_card_each_and_work_goes_on_after_the_last(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(RUN, FETCH)
        assert len(await play.pending(DecisionKind.PERMISSION)) == 2
        await play.on(lambda w, s: decisions.permission(w, s, "allow", BOB))
        assert [o.body["request"] for o in await play.orders(Verb.PERMISSION)] == ["p1"]
        assert (await play.session()).state.lifecycle is Lifecycle.AWAITING_USER_INPUT
        await play.tell(events.RequestResolved("p3", "agent"))
        assert (await play.session()).state.lifecycle is Lifecycle.ACTIVE
        assert await play.pending() == []


async def test_a_request_the_agent_took_back_loses_its_card(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.begin()
        await play.tell(RUN, events.RequestResolved("p1", "agent"))
        assert (await play.data(NoticeKind.PERMISSION))["closed"] == "superseded"
        assert await play.pending() == []


async def test_a_request_under_a_pending_plan_does_not_open_the_gate(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.plan()
        await play.tell(RUN)
        assert (await play.session()).state.lifecycle is Lifecycle.AWAITING_PLAN_DECISION
        await play.press(await play.decision(DecisionKind.PERMISSION), "allow")
        assert (await play.session()).state.lifecycle is Lifecycle.AWAITING_PLAN_DECISION
