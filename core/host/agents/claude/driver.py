"""The driver of Claude Code: how it is started, what it is told; `feed` reads what it says.

Speaks the stream-json control protocol, one JSON object a line. Measured with 2.1.329: an answer or a
prompt that is written twice is taken once, by its id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from core.events import Event
from core.host.agents.claude.feed import INTERRUPT, ClaudeFeed
from core.host.agents.claude.frames import CanUseTool
from core.host.agents.claude.questions import with_answers
from core.ports.agents import AgentSpec, Cap, Start
from core.states import PermissionMode

ALLOWED = ("HOME", "PATH", "LANG", "LC_ALL", "TERM", "SHELL", "USER", "LOGNAME", "TMPDIR")
PROXY = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")
OTHER = ("CLAUDE_CONFIG_DIR", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
FIXED = {
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
KEYS = frozenset({"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"})
FLAGS = (
    "-p",
    *("--output-format", "stream-json"),
    *("--input-format", "stream-json"),
    "--verbose",
    "--include-partial-messages",
    *("--permission-prompt-tool", "stdio"),
)
# A repository's own settings, hooks and servers would run before anybody was asked.
UNTRUSTED = ("--setting-sources", "user", "--strict-mcp-config")
SETTINGS = json.dumps({"attribution": {"commit": "", "pr": ""}}, separators=(",", ":"))
OWN_WORKTREES = "EnterWorktree,ExitWorktree"  # the session has its worktree already
MODES = {
    PermissionMode.PLAN: "plan",
    PermissionMode.DEFAULT: "default",
    PermissionMode.BYPASS: "bypassPermissions",
}
ACCEPT_EDITS = {"type": "setMode", "mode": "acceptEdits", "destination": "session"}
REVISE = "The plan is not approved yet. Revise it and submit it again. The user says:\n\n"
REJECTED = "The user rejected the plan. Stop."
DENIED = "The user denied this."


class ClaudeDriver:
    """One run of the Claude Code CLI."""

    name = "claude"
    caps = frozenset(set(Cap) - {Cap.SHARED})

    def __init__(self) -> None:
        self._feed = ClaudeFeed()
        self._sent: set[str] = set()

    # ---- start --------------------------------------------------------------------------------------

    def start(self, spec: AgentSpec, environ: Mapping[str, str]) -> Start:
        """Return argv, environment and the first frame."""
        self._feed = ClaudeFeed(spec.cwd)
        return Start(_argv(spec), _env(spec, environ), (_control("initialize", hooks=None, id="initialize"),))

    # ---- what the agent says --------------------------------------------------------------------------

    def feed(self, line: bytes) -> Sequence[Event]:
        """Map one line of the agent's output."""
        return self._feed.feed(line)

    def pending(self) -> frozenset[str]:
        """Return the requests the agent waits on and this driver has not answered."""
        return frozenset(self._feed.open) - self._sent

    @property
    def unknown(self) -> Mapping[str, int]:
        """How many lines of which type nobody could read."""
        return self._feed.unknown

    # ---- what the agent is told -----------------------------------------------------------------------

    def prompt(self, text: str, id: str) -> Sequence[bytes]:
        """Start a turn, or steer the one that runs. The agent drops an id it has finished."""
        # A command of the CLI is not a prompt: `/clear` would begin another conversation.
        message = {"role": "user", "content": f" {text}" if text.startswith("/") else text}
        return (_line(type="user", message=message, parent_tool_use_id=None, session_id="", uuid=id),)

    def plan(
        self, request: str, verdict: Literal["approve", "revise", "reject"], feedback: str
    ) -> Sequence[bytes]:
        """Answer a plan: approval grants edits in the worktree, rejection ends the turn."""
        match verdict:
            case "approve":
                return self._allow(request, grants=[ACCEPT_EDITS])
            case "revise":
                return self._deny(request, REVISE + feedback)
            case "reject":
                return self._deny(request, feedback or REJECTED, interrupt=True)

    def permission(
        self, request: str, verdict: Literal["allow", "session", "deny"], reason: str
    ) -> Sequence[bytes]:
        """Answer a permission request; "session" also grants what the agent suggested, for this session."""
        match verdict:
            case "allow":
                return self._allow(request)
            case "session":
                asked = self._feed.asked.get(request)
                return self._allow(request, grants=_grants(asked) if asked else [])
            case "deny":
                return self._deny(request, reason or DENIED)

    def answer(self, request: str, answers: Mapping[str, Sequence[str]]) -> Sequence[bytes]:
        """Answer a question request."""
        asked = self._feed.asked.get(request)
        if asked is None:
            return ()
        return self._allow(request, with_answers(asked.input, answers))

    def interrupt(self, id: str) -> Sequence[bytes]:
        """Stop the running turn; prompts that wait stay and run next."""
        return (_control("interrupt", id=INTERRUPT + id),)

    def _allow(
        self, request: str, given: Mapping[str, Any] | None = None, grants: Sequence[Mapping[str, Any]] = ()
    ) -> Sequence[bytes]:
        asked = self._feed.asked.get(request)
        if asked is None:
            return ()
        answer = {"behavior": "allow", "updatedInput": asked.input if given is None else given}
        return self._respond(request, {**answer, "updatedPermissions": list(grants)} if grants else answer)

    def _deny(self, request: str, message: str, *, interrupt: bool = False) -> Sequence[bytes]:
        if request not in self._feed.asked:
            return ()
        answer: dict[str, Any] = {"behavior": "deny", "message": message}
        return self._respond(request, {**answer, "interrupt": True} if interrupt else answer)

    def _respond(self, request: str, answer: Mapping[str, Any]) -> Sequence[bytes]:
        self._sent.add(request)
        response = {"subtype": "success", "request_id": request, "response": answer}
        return (_line(type="control_response", response=response),)


def _argv(spec: AgentSpec) -> tuple[str, ...]:
    mode = MODES[spec.mode]
    if spec.approved and spec.mode is not PermissionMode.BYPASS:
        mode = "acceptEdits"
    return (
        *spec.command,
        *FLAGS,
        *("--permission-mode", mode),
        *("--resume" if spec.resume else "--session-id", spec.agent_session),
        *(("--model", spec.model) if spec.model else ()),
        *(() if spec.trusted else UNTRUSTED),
        *("--settings", SETTINGS),
        *("--disallowed-tools", OWN_WORKTREES),
    )


def _env(spec: AgentSpec, environ: Mapping[str, str]) -> dict[str, str]:
    """An allow-list: nothing of ours reaches the agent but its marker."""
    env = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
    env |= {name: environ[name] for name in (*ALLOWED, *PROXY, *OTHER) if environ.get(name)}
    if spec.key_env and (key := environ.get(spec.key_env)):
        env[spec.key_env if spec.key_env in KEYS else "ANTHROPIC_API_KEY"] = key
    if spec.base_url:
        env["ANTHROPIC_BASE_URL"] = spec.base_url
    if spec.mode is PermissionMode.BYPASS:
        env["IS_SANDBOX"] = "1"  # as root the CLI refuses the mode without it
    env |= FIXED
    env |= {name: value for name, value in spec.env.items() if not name.startswith("LEADHAND_TELEGRAM")}
    return {**env, "LEADHAND_RUN": spec.marker}


def _grants(asked: CanUseTool) -> list[dict[str, Any]]:
    """What the agent suggests to allow from now on, for this session only and never a wider mode."""
    return [
        {**suggestion, "destination": "session"}
        for suggestion in asked.permission_suggestions
        if suggestion.get("type") != "setMode" or suggestion.get("mode") == "acceptEdits"
    ]


def _control(subtype: str, *, id: str, **fields: Any) -> bytes:
    return _line(type="control_request", request_id=id, request={"subtype": subtype, **fields})


def _line(**frame: Any) -> bytes:
    """Encode a frame; ASCII only, so no byte of it can be taken for the end of a line."""
    return json.dumps(frame).encode() + b"\n"
