"""What happens to a session, in one shape for every agent: the schema drivers and host speak.

Agent events come from a driver's `feed`; host events are made by the host itself. `encode` and
`decode` are the only way to and from JSON; an unknown kind is refused.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, get_args

from core.model import Changes, Json, Option, QuestionItem
from core.states import ErrorKind

ToolKind = Literal["read", "edit", "execute", "search", "fetch", "agent", "mcp", "todo", "other"]


@dataclass(frozen=True, slots=True)
class AgentError:
    """Why a turn failed."""

    kind: ErrorKind
    message: str
    status: int | None = None
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """The agent named its conversation and can be resumed from now on."""

    kind: ClassVar[str] = "session.started"
    agent_session: str
    model: str = ""
    cwd: str = ""
    mode: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The agent began to work on a prompt."""

    kind: ClassVar[str] = "turn.started"


@dataclass(frozen=True, slots=True)
class MessageDelta:
    """A piece of text while it is written; never stored."""

    kind: ClassVar[str] = "message.delta"
    text: str
    thinking: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A complete text of the agent."""

    kind: ClassVar[str] = "message"
    text: str
    thinking: bool = False


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The agent uses a tool; `title` is one short line."""

    kind: ClassVar[str] = "tool.started"
    call: str
    tool: str
    tool_kind: ToolKind
    title: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """The tool came back; `output` is cut to a few kilobytes."""

    kind: ClassVar[str] = "tool.finished"
    call: str
    ok: bool
    output: str = ""


@dataclass(frozen=True, slots=True)
class Todo:
    """The agent's own list of steps, as (text, status)."""

    kind: ClassVar[str] = "todo"
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ModeChanged:
    """The agent's permission mode is another one now."""

    kind: ClassVar[str] = "mode.changed"
    mode: str


@dataclass(frozen=True, slots=True)
class Compacted:
    """The agent shortened its memory of the conversation."""

    kind: ClassVar[str] = "compacted"


@dataclass(frozen=True, slots=True)
class PermissionRequested:
    """The agent wants to use a tool and waits. `inside`: every path it names is in the worktree."""

    kind: ClassVar[str] = "request.permission"
    request: str
    call: str
    tool: str
    tool_kind: ToolKind
    title: str
    detail: str = ""
    inside: bool = False


@dataclass(frozen=True, slots=True)
class PlanRequested:
    """The agent submitted a plan and waits. The host adds the git `tree` at this moment."""

    kind: ClassVar[str] = "request.plan"
    request: str
    plan: str
    path: str = ""
    editable: bool = False
    tree: str = ""


@dataclass(frozen=True, slots=True)
class QuestionRequested:
    """The agent asks and waits."""

    kind: ClassVar[str] = "request.question"
    request: str
    items: tuple[QuestionItem, ...]


@dataclass(frozen=True, slots=True)
class RequestResolved:
    """A request is closed: its buttons must go. `by` is "agent" when the agent took it back."""

    kind: ClassVar[str] = "request.resolved"
    request: str
    by: Literal["user", "agent"] = "agent"
    tree: str = ""  # git tree at the moment of a plan decision, added by the host


@dataclass(frozen=True, slots=True)
class InputAccepted:
    """The agent took a prompt of ours; one that names none has taken all it was given."""

    kind: ClassVar[str] = "input.accepted"
    input: str


@dataclass(frozen=True, slots=True)
class Used:
    """Tokens and cost of one turn, as differences."""

    kind: ClassVar[str] = "usage"
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Retrying:
    """The agent tries a model call again."""

    kind: ClassVar[str] = "retry"
    attempt: int
    max_attempts: int | None
    delay_ms: int
    error: str


@dataclass(frozen=True, slots=True)
class NoticeGiven:
    """The agent or the host has something to say that is not an answer."""

    kind: ClassVar[str] = "notice"
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The agent is done with a prompt."""

    kind: ClassVar[str] = "turn.finished"
    outcome: Literal["completed", "interrupted", "failed"]
    text: str = ""
    error: AgentError | None = None


@dataclass(frozen=True, slots=True)
class ProcessStarted:
    """Host: the agent's process runs in the keeper."""

    kind: ClassVar[str] = "process.started"
    run: str
    pid: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Host: the agent's process is gone. `tail` is the end of what it wrote to its terminal."""

    kind: ClassVar[str] = "session.ended"
    exit_code: int | None
    signal: int | None
    expected: bool
    tail: str = ""


@dataclass(frozen=True, slots=True)
class WorktreeCreated:
    """Host: the session's worktree stands. `dirty`: files in the checkout whose changes it does not have."""

    kind: ClassVar[str] = "worktree.created"
    path: str
    branch: str
    base: str
    base_sha: str
    base_tree: str = ""
    dirty: int = 0


@dataclass(frozen=True, slots=True)
class WorktreeInspected:
    """Host: forgotten changes were committed and the branch was measured against its base."""

    kind: ClassVar[str] = "worktree.inspected"
    changes: Changes
    committed: str = ""  # the commit made for forgotten changes, if any


@dataclass(frozen=True, slots=True)
class WorktreeLanded:
    """Host: how a merge went. Only `merged` and `already` changed or found the base changed."""

    kind: ClassVar[str] = "worktree.landed"
    outcome: Literal["merged", "already", "nothing", "conflict", "blocked", "moved"]
    base: str
    old: str = ""
    new: str = ""
    files: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WorktreeRemoved:
    """Host: the worktree is gone, or kept for these reasons. `backup` is the ref that keeps its content."""

    kind: ClassVar[str] = "worktree.removed"
    removed: bool
    backup: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """Host: a command could not be carried out. `error` is an error class of `core.errors` by its key."""

    kind: ClassVar[str] = "command.failed"
    command: str
    verb: str
    error: str
    fields: tuple[tuple[str, str], ...] = ()


Event = (
    SessionStarted
    | TurnStarted
    | MessageDelta
    | Message
    | ToolStarted
    | ToolFinished
    | Todo
    | ModeChanged
    | Compacted
    | PermissionRequested
    | PlanRequested
    | QuestionRequested
    | RequestResolved
    | InputAccepted
    | Used
    | Retrying
    | NoticeGiven
    | TurnFinished
    | ProcessStarted
    | SessionEnded
    | WorktreeCreated
    | WorktreeInspected
    | WorktreeLanded
    | WorktreeRemoved
    | CommandFailed
)
KINDS: dict[str, type[Any]] = {cls.kind: cls for cls in get_args(Event)}


def encode(event: Event) -> Json:
    """Return the event as plain JSON data with its kind."""
    return {"kind": event.kind, **asdict(event)}


def decode(data: Json) -> Event:
    """Build the event `encode` wrote. Unknown kinds and fields raise `ValueError`: nothing is guessed."""
    cls = KINDS.get(data.get("kind", ""))
    if cls is None:
        raise ValueError(f"unknown event kind {data.get('kind')!r}")
    values = {key: value for key, value in data.items() if key != "kind"}
    known = {f.name for f in fields(cls)}
    if unknown := values.keys() - known:
        raise ValueError(f"event {cls.kind} has unknown fields {sorted(unknown)}")
    event: Event = cls(**{key: _revive(key, value) for key, value in values.items()})
    return event


def _revive(key: str, value: Any) -> Any:
    """Turn JSON's lists and objects back into the records events carry."""
    match key, value:
        case "error", dict():
            return AgentError(**{**value, "kind": ErrorKind(value["kind"])})
        case "changes", dict():
            return revive_changes(value)
        case "items", list() | tuple() if value and isinstance(value[0], dict):
            return tuple(revive_item(item) for item in value)
        case _, list() | tuple():
            return tuple(tuple(v) if isinstance(v, list) else v for v in value)
        case _:
            return value


def revive_changes(value: Json) -> Changes:
    """Build `Changes` from its JSON data."""
    return Changes(**{k: _revive("", v) for k, v in value.items()})


def revive_item(value: Json) -> QuestionItem:
    """Build a `QuestionItem` from its JSON data."""
    options = tuple(Option(**option) for option in value.get("options", ()))
    return QuestionItem(**{**value, "options": options})
