"""The reducer: legal paths, refused ones, and what random histories can never reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import lifecycle
from core.lifecycle import (
    ChangesRequested,
    Ended,
    Held,
    IllegalChange,
    InputWanted,
    Launched,
    PlanApproved,
    PlanRejected,
    PlanSubmitted,
    PlanWithdrawn,
    Suspended,
    TreeMovedEarly,
    Working,
    Worktree,
    reduce,
)
from core.model import State
from core.states import ApprovalExecution, ApprovalState, Hold, Lifecycle, Status, WorktreeState


def after(*changes: lifecycle.Change) -> State:
    state = State()
    for change in changes:
        state = reduce(state, change)
    return state


def test_a_plan_goes_from_submitted_over_revised_to_approved() -> None:
    state = after(
        Launched(gated=True), Working(), PlanSubmitted(), ChangesRequested(), Working(), PlanSubmitted()
    )
    assert (state.plan_version, state.approval) == (2, ApprovalState.PENDING)
    state = reduce(state, PlanApproved())
    assert state.execution is ApprovalExecution.APPROVED_THEN_IMPLEMENTED
    assert state.lifecycle is Lifecycle.ACTIVE


def test_work_of_the_agent_does_not_open_the_gate_of_a_pending_plan() -> None:
    state = after(Launched(gated=True), PlanSubmitted(), Working())
    assert state.lifecycle is Lifecycle.AWAITING_PLAN_DECISION


@pytest.mark.parametrize("change", [PlanApproved(), ChangesRequested(), PlanRejected(), PlanWithdrawn()])
def test_a_plan_that_is_not_pending_cannot_be_decided(change: lifecycle.Change) -> None:
    with pytest.raises(IllegalChange):
        reduce(after(Launched(gated=True)), change)
    with pytest.raises(IllegalChange):
        reduce(after(Launched(gated=True), PlanSubmitted(), PlanApproved()), change)


def test_a_tree_that_changed_too_early_is_remembered_for_ever() -> None:
    state = after(Launched(gated=True), PlanSubmitted(early=True), PlanApproved())
    assert state.execution is ApprovalExecution.IMPLEMENTED_WITHOUT_REQUIRED_APPROVAL
    assert reduce(state, Ended(Status.COMPLETED)).execution is state.execution


def test_without_a_gate_early_changes_mean_nothing() -> None:
    state = after(Launched(gated=False), Ended(Status.COMPLETED, early=True))
    assert state.execution is ApprovalExecution.NOT_PLAN_GATED


def test_a_decided_branch_ends_the_wait_for_it() -> None:
    state = after(Launched(gated=False), Ended(Status.COMPLETED), Worktree(WorktreeState.PENDING_DECISION))
    assert state.lifecycle is Lifecycle.AWAITING_WORKTREE_DECISION
    assert reduce(state, Worktree(WorktreeState.MERGED)).lifecycle is Lifecycle.TERMINAL


def test_running_is_not_an_end() -> None:
    with pytest.raises(IllegalChange):
        reduce(State(), Ended(Status.RUNNING))


CHANGES: st.SearchStrategy[lifecycle.Change] = st.one_of(
    st.builds(Launched, gated=st.booleans()),
    st.just(Working()),
    st.builds(PlanSubmitted, early=st.booleans()),
    st.sampled_from([PlanApproved(), ChangesRequested(), PlanRejected(), PlanWithdrawn()]),
    st.just(InputWanted()),
    st.builds(Worktree, st.sampled_from(WorktreeState)),
    st.builds(Ended, st.sampled_from(sorted(lifecycle.ENDED))),
    st.just(TreeMovedEarly()),
    st.just(Suspended()),
    st.builds(Held, st.sampled_from(Hold)),
)


@given(st.lists(CHANGES, max_size=40))
def test_no_history_reaches_an_impossible_state(changes: list[lifecycle.Change]) -> None:
    state, submitted = State(), 0
    for change in changes:
        try:
            state = reduce(state, change)
        except IllegalChange:
            continue
        submitted += isinstance(change, PlanSubmitted)
        assert state.plan_version == submitted
        if state.lifecycle is Lifecycle.AWAITING_PLAN_DECISION:
            assert state.approval is ApprovalState.PENDING
        if state.approval is ApprovalState.APPROVED:
            assert submitted > 0
