"""The one place where a session's state changes: a pure reducer over a closed set of changes.

Every field of `State` is moved only here. A change that makes no sense in the present state raises
`IllegalChange`; callers check first and answer the person, so raising means a defect.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.model import State
from core.states import ApprovalExecution, ApprovalState, Hold, Lifecycle, Status, WorktreeState

ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.KILLED})


class IllegalChange(Exception):
    """A change was applied to a state it does not belong to."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A process is being started; `gated` when a plan must be approved before anything is edited."""

    gated: bool


@dataclass(frozen=True, slots=True)
class Working:
    """The agent is at work on a prompt."""


@dataclass(frozen=True, slots=True)
class PlanSubmitted:
    """A plan arrived; `early` when the tree had changed before anybody approved."""

    early: bool = False


@dataclass(frozen=True, slots=True)
class PlanApproved:
    """The pending plan was approved."""


@dataclass(frozen=True, slots=True)
class ChangesRequested:
    """The pending plan is to be revised; feedback follows or was given."""


@dataclass(frozen=True, slots=True)
class PlanRejected:
    """The pending plan was rejected: the session stops."""


@dataclass(frozen=True, slots=True)
class PlanWithdrawn:
    """The agent took its plan back."""


@dataclass(frozen=True, slots=True)
class InputWanted:
    """The agent asks and waits."""


@dataclass(frozen=True, slots=True)
class Worktree:
    """The branch is in another state now."""

    state: WorktreeState


@dataclass(frozen=True, slots=True)
class Ended:
    """The work is over, for now."""

    status: Status
    early: bool = False


@dataclass(frozen=True, slots=True)
class TreeMovedEarly:
    """The tree was seen to have changed before the approval."""


@dataclass(frozen=True, slots=True)
class Suspended:
    """No process runs; a message or a decision resumes the session."""


@dataclass(frozen=True, slots=True)
class Held:
    """The session could go on and does not, or may again."""

    hold: Hold


Change = (
    Launched
    | Working
    | PlanSubmitted
    | PlanApproved
    | ChangesRequested
    | PlanRejected
    | PlanWithdrawn
    | InputWanted
    | Worktree
    | Ended
    | TreeMovedEarly
    | Suspended
    | Held
)


def reduce(state: State, change: Change) -> State:
    """Return the state after `change`."""
    match change:
        case PlanSubmitted() | PlanApproved() | ChangesRequested() | PlanRejected() | PlanWithdrawn():
            return _plan(state, change)
        case Launched(gated=gated):
            return _launched(state, gated=gated)
        case Working():
            return replace(state, status=Status.RUNNING, lifecycle=_busy(state))
        case InputWanted():
            return replace(state, lifecycle=_waiting(state))
        case Worktree(state=worktree):
            return _worktree(state, worktree)
        case Ended(status=status, early=early):
            return _ended(state, status, early=early)
        case TreeMovedEarly():
            return replace(state, execution=_measured(state, state.execution, early=True))
        case Suspended():
            return replace(state, lifecycle=Lifecycle.SUSPENDED)
        case Held(hold=hold):
            return replace(state, hold=hold)


def _busy(state: State) -> Lifecycle:
    """A pending plan keeps its gate, whatever else the agent does."""
    if state.approval is ApprovalState.PENDING:
        return Lifecycle.AWAITING_PLAN_DECISION
    return Lifecycle.ACTIVE


def _waiting(state: State) -> Lifecycle:
    """A pending plan is the first thing a session waits for, whatever else it asks."""
    if state.approval is ApprovalState.PENDING:
        return Lifecycle.AWAITING_PLAN_DECISION
    return Lifecycle.AWAITING_USER_INPUT


def _launched(state: State, *, gated: bool) -> State:
    """A rejected plan is history: whoever goes on is gated again."""
    execution, approval = state.execution, state.approval
    if execution is ApprovalExecution.NOT_PLAN_GATED and gated:
        execution = ApprovalExecution.AWAITING_PLAN_OUTPUT
    if approval is ApprovalState.REJECTED:
        approval = ApprovalState.NOT_REQUIRED
        execution = _measured(state, ApprovalExecution.AWAITING_PLAN_OUTPUT, early=False)
    return replace(
        state,
        status=Status.STARTING,
        lifecycle=Lifecycle.STARTING,
        hold=Hold.NONE,
        approval=approval,
        execution=execution,
    )


def _plan(
    state: State, change: PlanSubmitted | PlanApproved | ChangesRequested | PlanRejected | PlanWithdrawn
) -> State:
    if not isinstance(change, PlanSubmitted) and state.approval not in _DECIDABLE[type(change)]:
        raise IllegalChange(f"{type(change).__name__} while the plan is {state.approval}")
    match change:
        case PlanSubmitted(early=early):
            return replace(
                state,
                approval=ApprovalState.PENDING,
                lifecycle=Lifecycle.AWAITING_PLAN_DECISION,
                plan_version=state.plan_version + 1,
                execution=_measured(state, ApprovalExecution.AWAITING_APPROVAL, early=early),
            )
        case PlanApproved():
            return replace(
                state,
                approval=ApprovalState.APPROVED,
                lifecycle=Lifecycle.ACTIVE,
                execution=_measured(state, ApprovalExecution.APPROVED_THEN_IMPLEMENTED, early=False),
            )
        case ChangesRequested():
            return replace(
                state,
                approval=ApprovalState.CHANGES_REQUESTED,
                lifecycle=Lifecycle.AWAITING_USER_INPUT,
                execution=_measured(state, ApprovalExecution.AWAITING_PLAN_OUTPUT, early=False),
            )
        case PlanRejected():
            return replace(
                state, approval=ApprovalState.REJECTED, status=Status.KILLED, lifecycle=Lifecycle.TERMINAL
            )
        case PlanWithdrawn():
            return replace(
                state,
                approval=ApprovalState.NOT_REQUIRED,
                lifecycle=Lifecycle.ACTIVE,
                execution=_measured(state, ApprovalExecution.AWAITING_PLAN_OUTPUT, early=False),
            )


_DECIDABLE = {
    PlanApproved: {ApprovalState.PENDING},
    ChangesRequested: {ApprovalState.PENDING},
    PlanRejected: {ApprovalState.PENDING, ApprovalState.CHANGES_REQUESTED},
    PlanWithdrawn: {ApprovalState.PENDING, ApprovalState.CHANGES_REQUESTED},
}


def _measured(state: State, otherwise: ApprovalExecution, *, early: bool) -> ApprovalExecution:
    """Once the tree changed before an approval, that fact stays."""
    broken = ApprovalExecution.IMPLEMENTED_WITHOUT_REQUIRED_APPROVAL
    return broken if early or state.execution is broken else otherwise


def _worktree(state: State, worktree: WorktreeState) -> State:
    match worktree:
        case WorktreeState.PENDING_DECISION:
            return replace(state, worktree=worktree, lifecycle=Lifecycle.AWAITING_WORKTREE_DECISION)
        case WorktreeState.NONE | WorktreeState.PROVISIONED | WorktreeState.MERGE_CONFLICT_RESOLVING:
            return replace(state, worktree=worktree)
        case (
            WorktreeState.PR_OPEN
            | WorktreeState.MERGED
            | WorktreeState.RELEASED
            | WorktreeState.DISMISSED
            | WorktreeState.NO_CHANGE
            | WorktreeState.CLEANUP_FAILED
        ):
            waiting = state.lifecycle is Lifecycle.AWAITING_WORKTREE_DECISION
            lifecycle = Lifecycle.TERMINAL if waiting else state.lifecycle
            return replace(state, worktree=worktree, lifecycle=lifecycle)


def _ended(state: State, status: Status, *, early: bool) -> State:
    if status not in ENDED:
        raise IllegalChange(f"{status} is not an end")
    execution = state.execution
    if early and execution is not ApprovalExecution.NOT_PLAN_GATED:
        execution = _measured(state, execution, early=True)
    return replace(state, status=status, lifecycle=Lifecycle.TERMINAL, execution=execution)
