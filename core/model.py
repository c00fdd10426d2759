"""What Leadhand remembers: the nouns of the design as frozen records.

Pure data. Times are UTC milliseconds, amounts of money US dollars, texts exactly as they came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NewType

from core.states import (
    ApprovalExecution,
    ApprovalState,
    DecisionKind,
    DecisionState,
    ErrorKind,
    Hold,
    Lifecycle,
    NoticeKind,
    PermissionMode,
    PlanApproval,
    Priority,
    Role,
    Status,
    Strategy,
    WorktreeState,
)

SessionId = NewType("SessionId", int)
UserId = NewType("UserId", int)
ChatId = NewType("ChatId", int)
Millis = NewType("Millis", int)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """The orthogonal fields of a session; only `core.lifecycle.reduce` makes new ones."""

    status: Status = Status.STARTING
    lifecycle: Lifecycle = Lifecycle.STARTING
    approval: ApprovalState = ApprovalState.NOT_REQUIRED
    worktree: WorktreeState = WorktreeState.NONE
    execution: ApprovalExecution = ApprovalExecution.NOT_PLAN_GATED
    hold: Hold = Hold.NONE
    plan_version: int = 0


@dataclass(frozen=True, slots=True)
class Spend:
    """Tokens and money a session has used so far; cost is None where the agent does not tell."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How a session is run; fixed at launch from defaults, project and command."""

    agent: str
    permission_mode: PermissionMode
    plan_approval: PlanApproval
    strategy: Strategy
    base: str | None = None  # branch to start from and to land on; None: the project's default branch


@dataclass(frozen=True, slots=True)
class Session:
    """One agent conversation on one task."""

    id: SessionId
    name: str
    project: str
    task: str
    policy: Policy
    state: State
    owner: UserId
    created_at: Millis
    updated_at: Millis
    host: str = "local"
    epoch: int = 0  # number of launches; a record of an older epoch is refused
    applied_seq: int = 0  # last record applied
    applied_offset: int = 0  # where the agent's log has been applied up to
    agent_session: str | None = None  # the agent's own conversation id, for resume
    alive: bool = False  # a process of this session is running
    turn: int = 0
    activity: str = ""  # headline of what the agent is doing
    result: str = ""  # the agent's own final words of the last turn
    error: ErrorKind | None = None
    spend: Spend = field(default_factory=Spend)
    queued: tuple[str, ...] = ()  # prompts that wait for a process to start with


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan, as the agent wrote it."""

    session: SessionId
    version: int
    request: str  # the agent's request id, held open until the decision
    text: str
    state: ApprovalState
    tree: str = ""  # git tree when the plan was submitted
    created_at: Millis = Millis(0)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer an agent offers."""

    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class QuestionItem:
    """One question of a request; an agent may ask several at once."""

    id: str
    text: str
    header: str = ""
    options: tuple[Option, ...] = ()
    multi: bool = False
    free_text: bool = True
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A request of an agent for answers, asked one item at a time."""

    id: int
    session: SessionId
    request: str
    items: tuple[QuestionItem, ...]
    answers: dict[str, list[str]]
    state: Literal["pending", "answered", "cancelled"]
    created_at: Millis = Millis(0)

    @property
    def index(self) -> int:
        """Position of the item that is asked now."""
        return len(self.answers)


@dataclass(frozen=True, slots=True)
class Permission:
    """A request of an agent to use a tool."""

    id: int
    session: SessionId
    request: str
    tool: str
    kind: str
    title: str
    detail: str
    state: Literal["pending", "allowed", "denied", "cancelled"]
    created_at: Millis = Millis(0)


@dataclass(frozen=True, slots=True)
class Decision:
    """A choice shown to people. The row exists before its buttons do; the first press wins.

    `subject` is the plan version, the question's or permission's row id with its item index, or the
    branch tip with a random part: the same tip may be asked about again.
    """

    id: str
    session: SessionId
    kind: DecisionKind
    subject: str
    chat: ChatId
    state: DecisionState
    expires_at: Millis
    message: int | None = None  # set when the card was sent
    verb: str | None = None
    by: UserId | None = None
    draft: tuple[int, ...] = ()  # options switched on so far, where several may be chosen
    created_at: Millis = Millis(0)
    taken_at: Millis | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a branch holds beyond its base."""

    commits: int = 0
    files: int = 0
    added: int = 0
    deleted: int = 0
    tip: str = ""
    top: tuple[tuple[str, int, int], ...] = ()  # path, added, deleted
    subjects: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()  # files that would conflict with the base as it is now


@dataclass(frozen=True, slots=True)
class Worktree:
    """A session's own checkout and branch."""

    session: SessionId
    path: str
    branch: str
    base: str
    base_sha: str
    base_tree: str = ""  # git tree of the base commit: what an untouched worktree has
    changes: Changes | None = None
    merged: str = ""  # the base's commit after the merge
    backup: str = ""  # ref that keeps what was removed


@dataclass(frozen=True, slots=True)
class Route:
    """The chat and topic a session talks in."""

    session: SessionId
    chat: ChatId
    thread: int | None = None
    topic_wanted: bool = False  # a topic is to be made before the first message


@dataclass(frozen=True, slots=True)
class User:
    """A paired person."""

    id: UserId
    name: str
    role: Role
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One message of ours: what it shows, where, and how far it has been delivered.

    A notice is a slot: its first sending makes the message, every later revision edits it.
    `rev` counts what should be shown, `shown` what is.
    """

    id: int
    key: str  # unique: one outcome, one notice
    chat: ChatId
    thread: int | None
    session: SessionId | None
    kind: NoticeKind
    data: Json
    priority: Priority
    rev: int
    shown: int
    state: Literal["pending", "sending", "sent", "failed", "doubtful"]
    parts: tuple[int, ...] = ()  # message ids, the one with the buttons last
    attempts: int = 0
    not_before: Millis = Millis(0)
    created_at: Millis = Millis(0)


@dataclass(frozen=True, slots=True)
class Expectation:
    """This person's next message there is the feedback on that plan, before any other routing."""

    chat: ChatId
    thread: int | None
    user: UserId
    session: SessionId
    version: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a message belongs to, in the order it is to be looked at."""

    expectation: Expectation | None = None
    session: SessionId | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who decided what, and when."""

    at: Millis
    user: UserId | None
    session: SessionId | None
    verb: str
    detail: str


@dataclass(frozen=True, slots=True)
class Launch:
    """What somebody wants done, and where to talk about it; `task` may begin with `name: `."""

    project: str
    task: str
    policy: Policy
    owner: UserId
    chat: ChatId
    thread: int | None = None
    topic_wanted: bool = False
