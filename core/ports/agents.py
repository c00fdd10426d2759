"""The seam to agents: a driver knows one protocol and does no input or output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from core.events import Event
from core.states import PermissionMode


class Cap(StrEnum):
    """What an agent can do by itself; gaps are bridged in its driver."""

    PLAN = "plan"
    EDIT_PLAN = "edit_plan"
    QUESTION = "question"
    PERMISSION = "permission"
    DENY_REASON = "deny_reason"
    STEER = "steer"
    RESUME = "resume"
    COST = "cost"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """How to start one agent process; everything a driver may know."""

    command: tuple[str, ...]  # argv prefix from the configuration
    cwd: str
    marker: str  # value of LEADHAND_RUN, by which its whole tree can be found
    mode: PermissionMode
    agent_session: str  # conversation id to start with, or to resume
    resume: bool = False
    approved: bool = False  # a plan was approved already: start where edits are accepted
    model: str | None = None
    base_url: str | None = None
    key_env: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)  # from the configuration, on top of the allow-list
    trusted: bool = False  # the repository's own agent settings may be obeyed


@dataclass(frozen=True, slots=True)
class Start:
    """What the keeper is to spawn."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    greeting: tuple[bytes, ...] = ()  # frames to write at once


class Driver(Protocol):
    """One agent's protocol, without any input or output: frames in, events out, frames to write.

    `feed` is deterministic and replayable from the first frame of a run. Every encoder returns whole
    frames; `id` arguments make repeated frames recognisable to agents that can tell.
    """

    name: str
    caps: frozenset[Cap]

    def start(self, spec: AgentSpec, environ: Mapping[str, str]) -> Start:
        """Return argv, environment (an allow-list over `environ`) and first frames."""
        ...

    def feed(self, line: bytes) -> Sequence[Event]:
        """Map one line of the agent's output. Never raises for what an agent wrote."""
        ...

    def prompt(self, text: str, id: str) -> Sequence[bytes]:
        """Start a turn, or steer the one that runs."""
        ...

    def plan(
        self, request: str, verdict: Literal["approve", "revise", "reject"], feedback: str
    ) -> Sequence[bytes]:
        """Answer a plan that is held open."""
        ...

    def permission(
        self, request: str, verdict: Literal["allow", "session", "deny"], reason: str
    ) -> Sequence[bytes]:
        """Answer a permission request."""
        ...

    def answer(self, request: str, answers: Mapping[str, Sequence[str]]) -> Sequence[bytes]:
        """Answer a question request: item id → labels or free text."""
        ...

    def interrupt(self, id: str) -> Sequence[bytes]:
        """Stop the running turn."""
        ...

    def pending(self) -> frozenset[str]:
        """Return the requests the agent waits on, as far as fed."""
        ...
