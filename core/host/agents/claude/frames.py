"""The frames of Claude Code's stream-json protocol, as far as we read them.

Models keep what the mapper needs and ignore the rest, so a newer CLI does not break the reading.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Frame(BaseModel):
    """One line of the agent's output."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Block(Frame):
    """One piece of a message: text, thinking, a tool call or a tool's result."""

    type: str
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: dict[str, Any] = Field(default_factory=dict)
    tool_use_id: str = ""
    content: Any = None
    is_error: bool | None = None


class Content(Frame):
    """The message inside an assistant or user frame."""

    content: str | list[Block] = Field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        """The pieces; a plain string has none of interest."""
        return self.content if isinstance(self.content, list) else []


class System(Frame):
    """Start of a turn, changes of mode, retries."""

    subtype: str = ""
    session_id: str = ""
    model: str = ""
    cwd: str = ""
    permission_mode: str | None = Field(default=None, alias="permissionMode")
    version: str = Field(default="", alias="claude_code_version")
    attempt: int = 0
    max_retries: int | None = None
    retry_delay_ms: float = 0
    error_status: int | None = None
    error: str | None = None


class Delta(Frame):
    """The growth of a message while it is written."""

    type: str = ""
    text: str = ""
    thinking: str = ""


class StreamEvent(Frame):
    """One event of the model's stream."""

    type: str = ""
    delta: Delta | None = None


class Stream(Frame):
    """A partial message."""

    event: StreamEvent
    parent_tool_use_id: str | None = None


class Assistant(Frame):
    """A complete message of the model, or one the CLI made up to report an API error."""

    message: Content
    parent_tool_use_id: str | None = None
    error: str | None = None
    api_error_status: int | None = None
    is_api_error: bool = Field(default=False, alias="is_api_error_message")


class User(Frame):
    """Results of tools on their way to the model."""

    message: Content
    parent_tool_use_id: str | None = None
    tool_use_result: Any = None


class CanUseTool(Frame):
    """The agent asks before it uses a tool; plans and questions come this way too."""

    tool_name: str
    tool_use_id: str = ""
    input: dict[str, Any] = Field(default_factory=dict)
    permission_suggestions: list[dict[str, Any]] = Field(default_factory=list)
    decision_reason_type: str | None = None
    blocked_path: str | None = None


class ControlRequest(Frame):
    """The agent waits for an answer with this id."""

    request_id: str
    request: dict[str, Any]


class ControlCancel(Frame):
    """The agent no longer waits."""

    request_id: str


class ControlAnswer(Frame):
    """What became of a request of ours."""

    subtype: str = ""
    request_id: str = ""
    error: str = ""


class ControlResponse(Frame):
    """The envelope of a `ControlAnswer`."""

    response: ControlAnswer


class Lifecycle(Frame):
    """What became of a prompt: queued, started, completed, cancelled."""

    command_uuid: str
    state: str


class ModelUsage(Frame):
    """Tokens and money of one model."""

    input: int = Field(default=0, alias="inputTokens")
    output: int = Field(default=0, alias="outputTokens")
    cache_read: int = Field(default=0, alias="cacheReadInputTokens")
    cache_write: int = Field(default=0, alias="cacheCreationInputTokens")
    cost: float = Field(default=0, alias="costUSD")


class Usage(Frame):
    """Tokens of a turn."""

    input: int = Field(default=0, alias="input_tokens")
    output: int = Field(default=0, alias="output_tokens")
    cache_read: int = Field(default=0, alias="cache_read_input_tokens")
    cache_write: int = Field(default=0, alias="cache_creation_input_tokens")


class Result(Frame):
    """The end of a turn. `subtype` says little: `is_error` and `terminal_reason` decide."""

    is_error: bool = False
    terminal_reason: str | None = None
    result: str | None = None
    errors: list[str] | None = None
    api_error_status: int | None = None
    usage: Usage = Field(default_factory=Usage)
    total_cost_usd: float | None = None
    since_last: dict[str, ModelUsage] | None = Field(default=None, alias="model_usage_since_last_result")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A line that could not be read; `what` is its type, never its content."""

    what: str


MODELS: dict[str, type[Frame]] = {
    "system": System,
    "stream_event": Stream,
    "assistant": Assistant,
    "user": User,
    "control_request": ControlRequest,
    "control_cancel_request": ControlCancel,
    "control_response": ControlResponse,
    "command_lifecycle": Lifecycle,
    "result": Result,
}
QUIET = frozenset({"keep_alive", "rate_limit_event", "tool_progress", "auth_status", "prompt_suggestion"})


def read(line: bytes) -> Frame | Unknown | None:
    """Parse one line: a frame, `Unknown`, or None for what needs no attention. Never raises."""
    if not line.strip():
        return None
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return Unknown("text")
    kind = data.get("type") if isinstance(data, dict) else None
    if not isinstance(kind, str):
        return Unknown("json")
    if kind in QUIET:
        return None
    model = MODELS.get(kind)
    if model is None:
        return Unknown(kind)
    try:
        return model.model_validate(data)
    except (ValidationError, RecursionError):
        return Unknown(f"{kind}?")


def request_of(frame: ControlRequest) -> CanUseTool | Unknown:
    """Return what the agent asks for."""
    subtype = str(frame.request.get("subtype"))
    if subtype != "can_use_tool":
        return Unknown(f"control_request/{subtype}")
    try:
        return CanUseTool.model_validate(frame.request)
    except ValidationError:
        return Unknown("control_request/can_use_tool?")
