"""Closed sets of states and kinds. Adding one makes every `match` that forgets it fail the type check."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """How the work as a whole stands."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    KILLED = "killed"


class Lifecycle(StrEnum):
    """What the session is waiting for."""

    STARTING = "starting"
    ACTIVE = "active"
    AWAITING_PLAN_DECISION = "awaiting_plan_decision"
    AWAITING_USER_INPUT = "awaiting_user_input"
    AWAITING_WORKTREE_DECISION = "awaiting_worktree_decision"
    SUSPENDED = "suspended"
    TERMINAL = "terminal"


class ApprovalState(StrEnum):
    """Where the current plan stands."""

    NOT_REQUIRED = "not_required"
    PENDING = "pending"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"


class WorktreeState(StrEnum):
    """Where the session's branch stands."""

    NONE = "none"
    PROVISIONED = "provisioned"
    PENDING_DECISION = "pending_decision"
    MERGE_CONFLICT_RESOLVING = "merge_conflict_resolving"
    PR_OPEN = "pr_open"
    MERGED = "merged"
    RELEASED = "released"
    DISMISSED = "dismissed"
    NO_CHANGE = "no_change"
    CLEANUP_FAILED = "cleanup_failed"


class ApprovalExecution(StrEnum):
    """Whether the gate held: measured from trees, never guessed from modes."""

    NOT_PLAN_GATED = "not_plan_gated"
    AWAITING_PLAN_OUTPUT = "awaiting_plan_output"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED_THEN_IMPLEMENTED = "approved_then_implemented"
    IMPLEMENTED_WITHOUT_REQUIRED_APPROVAL = "implemented_without_required_approval"


class Hold(StrEnum):
    """Why a session that could go on does not."""

    NONE = "none"
    RATE_LIMIT = "rate_limit"
    BUDGET = "budget"
    CRASH_LOOP = "crash_loop"
    HOST_LOST = "host_lost"
    USER = "user"


class PermissionMode(StrEnum):
    """What an agent may do before somebody is asked."""

    PLAN = "plan"
    DEFAULT = "default"
    BYPASS = "bypass"


class PlanApproval(StrEnum):
    """Who decides a plan."""

    ASK = "ask"
    DELEGATE = "delegate"
    APPROVE = "approve"


class Strategy(StrEnum):
    """What happens to the branch when the work is done."""

    OFF = "off"
    ASK = "ask"
    DELEGATE = "delegate"
    MANUAL = "manual"
    AUTO_MERGE = "auto-merge"
    AUTO_PR = "auto-pr"


class Role(StrEnum):
    """What a paired person may do; see `core.control.roles`."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"


class ErrorKind(StrEnum):
    """Why an agent's turn failed, whichever agent it was."""

    AUTH = "auth"
    USAGE_LIMIT = "usage_limit"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER = "server"
    NETWORK = "network"
    CONTEXT_OVERFLOW = "context_overflow"
    MODEL_NOT_FOUND = "model_not_found"
    BAD_REQUEST = "bad_request"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class DecisionKind(StrEnum):
    """What a person is asked to decide."""

    PLAN = "plan"
    QUESTION = "question"
    PERMISSION = "permission"
    WORKTREE = "worktree"
    DISCARD = "discard"  # the Yes / No that guards a destructive verb


class DecisionState(StrEnum):
    """A decision is taken once, or dies."""

    PENDING = "pending"
    TAKEN = "taken"
    SUPERSEDED = "superseded"


class NoticeKind(StrEnum):
    """Every message control can cause; `bot.cards` renders each of them."""

    STARTED = "started"
    PROGRESS = "progress"
    PLAN = "plan"
    FEEDBACK = "feedback"
    APPROVED = "approved"
    QUESTION = "question"
    PERMISSION = "permission"
    COMPLETED = "completed"
    BRANCH = "branch"
    CONFIRM_DISCARD = "confirm_discard"
    MERGED = "merged"
    FAILED = "failed"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    WARNING = "warning"
    REPLY = "reply"  # the bot's own answer to a command: a text key and its values


class Priority(StrEnum):
    """Who goes first when a chat is slow: decisions and outcomes, then cards, then ornaments."""

    ESSENTIAL = "1-essential"
    CARD = "2-card"
    ORNAMENT = "3-ornament"
